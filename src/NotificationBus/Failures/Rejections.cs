using MassTransit;
using Microsoft.Extensions.Logging;
using NotificationBus.Contracts;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Outgoing;
using NotificationBus.Telemetry;

namespace NotificationBus.Failures;

/// <summary>
/// Counts what was set aside, and tells producers of events that were. What is told leaves through the outgoing messages, so that no outage
/// keeps it from being told.
/// </summary>
/// <param name="outgoing">The outgoing messages.</param>
/// <param name="publisher">Writes messages. It publishes by the bus, which is built after those who set aside.</param>
/// <param name="bus">The bus.</param>
/// <param name="metrics">Counts.</param>
/// <param name="log">Told what could not be announced.</param>
sealed partial class Rejections(
    IOutgoingMessages outgoing,
    Lazy<OutgoingPublisher> publisher,
    Lazy<IBus> bus,
    FlowMetrics metrics,
    ILogger<Rejections> log
)
{
    /// <summary>
    /// Counts a message that is on record, and has it announced when it is an event. In an outage neither is done, and it is to be called
    /// again.
    /// </summary>
    public async Task Announce(Failure failure, CancellationToken cancellationToken)
    {
        try
        {
            await AnnounceEvent(failure, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException && !Outages.IsOutage(exception))
        {
            // It is on record, and nobody must wait behind it.
            NotAnnounced(exception, failure.Id);
        }

        metrics.SetAside(Label<FailureKind>.Of(failure.Explanation.Kind));
    }

    /// <summary>Nothing for any other message. Under the same id whenever the same message is.</summary>
    async Task AnnounceEvent(Failure failure, CancellationToken cancellationToken)
    {
        if (failure.EventName is not { } name || !bus.Value.Topology.TryGetPublishAddress<NotificationRejected>(out var address))
            return;

        var (eventId, category) = RejectedEvent.Read(failure.Body);
        var rejected = new NotificationRejected
        {
            EventName = name,
            EventId = eventId,
            Category = category,
            MessageId = failure.MessageId,
            Reason = failure.Explanation.Reason,
            Queue = failure.Queue,
            FailedMessageId = failure.ReplayOf ?? failure.Id,
        };
        var id = DeterministicId.From("notification-rejected", $"{rejected.FailedMessageId:N}");
        await outgoing.Schedule([await publisher.Value.Write(address, rejected, id, conversationId: null)], cancellationToken);
    }

    [LoggerMessage(LogLevel.Error, "That {Id} was set aside could not be announced")]
    partial void NotAnnounced(Exception exception, Guid id);
}
