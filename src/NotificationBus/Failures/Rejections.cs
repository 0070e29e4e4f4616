using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Outgoing;

namespace NotificationBus.Failures;

/// <summary>
/// Tells producers of events that were set aside. What is told leaves through the outgoing messages, so that no outage keeps it from being
/// told.
/// </summary>
/// <param name="outgoing">The outgoing messages.</param>
/// <param name="publisher">Writes messages. It publishes by the bus, which is built after those who set aside.</param>
/// <param name="bus">The bus.</param>
sealed class Rejections(IOutgoingMessages outgoing, Lazy<OutgoingPublisher> publisher, Lazy<IBus> bus)
{
    /// <summary>
    /// Has it announced that an event was set aside; nothing for any other message. Under the same id whenever the same message is.
    /// </summary>
    public async Task Announce(Failure failure, CancellationToken cancellationToken)
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
}
