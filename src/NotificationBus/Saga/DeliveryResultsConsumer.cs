using MassTransit;

using NotificationBus.Messaging;
using NotificationBus.Sending;

namespace NotificationBus.Saga;

/// <summary>
/// Takes results that came together to their notifications, all at the same time. A bad one fails alone: it is sent once more as a
/// message of its own, and goes the way of every message that fails. In an outage all of them are taken again; those the record
/// has, it takes once.
/// </summary>
public sealed class DeliveryResultsConsumer(SagaDispatch saga, ResultReporter reporter) : IConsumer<DeliveryResults>
{
    /// <inheritdoc />
    public Task Consume(ConsumeContext<DeliveryResults> context) =>
        Task.WhenAll(context.Message.Results.Select(result => Take(context, result)));

    async Task Take(ConsumeContext<DeliveryResults> context, DeliveryResult result)
    {
        try
        {
            await saga.Take(context, result);
        }
        catch (Exception exception) when (exception is not OperationCanceledException && !Outages.IsOutage(exception))
        {
            await reporter.ReportAlone(SagaEndpoint.LaneOf(context.ReceiveContext.InputAddress), result);
        }
    }
}
