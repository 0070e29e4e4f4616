using MassTransit;
using Microsoft.Extensions.Options;
using NotificationBus.Contracts;
using Polly;
using RabbitMQ.Client.Exceptions;

namespace NotificationBus.Client;

/// <summary>Notifications over the bus: mandatory, and confirmed by the broker.</summary>
sealed class BusNotifications(IBus bus, IOptions<NotificationBusClientOptions> options, TimeProvider clock) : INotifications
{
    readonly ResiliencePipeline _tries = Persistence.Of(options.Value.Patience, clock);

    /// <inheritdoc />
    public async Task<IReadOnlyList<SentNotification>> Send<TEvent>(TEvent happened, CancellationToken cancellationToken = default)
        where TEvent : class
    {
        await Publish(happened, cancellationToken);
        return [];
    }

    /// <inheritdoc />
    public async Task<Cancellation> Cancel(Guid notificationId, string by, string why, CancellationToken cancellationToken = default)
    {
        var command = new CancelNotification
        {
            NotificationId = notificationId,
            By = by,
            Why = why,
        };
        await Publish(command, cancellationToken);
        return Cancellation.Asked;
    }

    /// <inheritdoc />
    public async Task<Withdrawal?> Withdraw(WithdrawNotifications withdrawal, CancellationToken cancellationToken = default)
    {
        await Publish(withdrawal, cancellationToken);
        return null;
    }

    Task<bool> Publish(object message, CancellationToken cancellationToken)
    {
        // One for all tries of this call: without an event id it is what names the event.
        var id = NewId.NextGuid();
        return _tries.Call(
            async cancellation =>
            {
                try
                {
                    await bus.Publish(
                        message,
                        message.GetType(),
                        Pipe.Execute<PublishContext>(publish => Prepare(publish, id)),
                        cancellation
                    );
                    return true;
                }
                catch (MessageReturnedException exception)
                {
                    throw new NotificationRefusedException(
                        $"no queue takes {message.GetType().Name}: has a worker of NotificationBus ever started on this virtual host, "
                            + "and does it know this event?",
                        exception
                    );
                }
                catch (Exception exception) when (IsPassing(exception))
                {
                    throw new PassingException(exception);
                }
            },
            cancellationToken
        );
    }

    static void Prepare(PublishContext publish, Guid id)
    {
        publish.MessageId = id;
        publish.Durable = true;
        // Without it the broker confirms what no queue takes, and drops it.
        if (publish.TryGetPayload(out RabbitMqSendContext? rabbit))
            rabbit.Mandatory = true;
    }

    static bool IsPassing(Exception exception) =>
        exception is TransportException or ConnectionException or ProduceException or RabbitMQClientException or IOException;
}
