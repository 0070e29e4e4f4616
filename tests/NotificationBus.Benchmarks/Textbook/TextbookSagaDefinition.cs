using MassTransit;
using NotificationBus.Contracts;

namespace NotificationBus.Benchmarks.Textbook;

/// <summary>How the documentation's guidance on sagas sets up their endpoint: limit, retry, in-memory outbox, partitioner.</summary>
sealed class TextbookSagaDefinition : SagaDefinition<TextbookState>
{
    const int ConcurrencyLimit = 20;

    public TextbookSagaDefinition() => Endpoint(endpoint => endpoint.PrefetchCount = ConcurrencyLimit);

    protected override void ConfigureSaga(
        IReceiveEndpointConfigurator endpointConfigurator,
        ISagaConfigurator<TextbookState> sagaConfigurator,
        IRegistrationContext context
    )
    {
        endpointConfigurator.UseMessageRetry(retry => retry.Interval(5, 1000));
        endpointConfigurator.UseInMemoryOutbox(context);

        var partition = endpointConfigurator.CreatePartitioner(ConcurrencyLimit);
        sagaConfigurator.Message<OrderPlaced>(message => message.UsePartitioner(partition, placed => Guid.Parse(placed.Message.EventId!)));
        sagaConfigurator.Message<EmailSent>(message => message.UsePartitioner(partition, sent => sent.Message.NotificationId));
        sagaConfigurator.Message<PushSent>(message => message.UsePartitioner(partition, sent => sent.Message.NotificationId));
    }
}
