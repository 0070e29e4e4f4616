using MassTransit;
using NotificationBus.InProcess;
using NotificationBus.Messaging;
using NotificationBus.Sending;

namespace NotificationBus.Saga;

/// <summary>
/// Takes results that came together to their notifications, all at the same time. In an outage all of them are taken again; those the
/// record has, it takes once. A bad one fails alone, and one that takes long keeps nobody waiting: each is sent once more as a message
/// of its own, and goes the way of every other.
/// </summary>
public sealed class DeliveryResultsConsumer(IResultHandler saga, ResultReporter reporter, TimeProvider clock) : IConsumer<DeliveryResults>
{
    // The whole message is acknowledged when the last of them is done.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <inheritdoc />
    public async Task Consume(ConsumeContext<DeliveryResults> context)
    {
        var lane = SagaEndpoint.LaneOf(context.ReceiveContext.InputAddress);
        var results = context.Message.Results;
        foreach (var (result, failure) in await Parts.TakeEach(results, result => saga.Take(context, lane, result), Patience, clock))
        {
            // What says nothing that is known here has no message of its own to be: alone in this one it is set aside.
            if (results.Count == 1 && !result.IsKnown)
                throw failure;

            await reporter.ReportAlone(lane, result);
        }
    }
}
