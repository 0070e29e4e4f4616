using NotificationBus.Contracts;
using NotificationBus.Model;

namespace NotificationBus.Saga;

/// <summary>The outcome of a notification, as other services are told.</summary>
/// <param name="MessageId">
/// The same whenever the same end is announced, and another one when a late result or receipt has changed it.
/// </param>
/// <param name="Message">What is published.</param>
public sealed record Outcome(Guid MessageId, object Message)
{
    /// <summary>The outcome of a notification that has one.</summary>
    public static Outcome Of(NotificationState notification) =>
        new(
            DeterministicId.From(
                "outcome",
                notification.CorrelationId.ToString("N"),
                notification.CurrentState,
                $"{notification.CompletedAt?.UtcTicks / TimeSpan.TicksPerMillisecond}"
            ),
            MessageOf(notification)
        );

    static object MessageOf(NotificationState notification) =>
        notification.CurrentState switch
        {
            nameof(NotificationStateMachine.Delivered) => new NotificationDelivered
            {
                NotificationId = notification.CorrelationId,
                EventName = notification.EventName,
                EventId = notification.EventId,
                RecipientId = notification.Recipient.Id,
                Results = notification.Results(),
                Metadata = Metadata.OrNull(notification.Metadata),
                Channels = notification.SentChannels(),
            },
            nameof(NotificationStateMachine.PartlyDelivered) => new NotificationPartlyDelivered
            {
                NotificationId = notification.CorrelationId,
                EventName = notification.EventName,
                EventId = notification.EventId,
                RecipientId = notification.Recipient.Id,
                Results = notification.Results(),
                Metadata = Metadata.OrNull(notification.Metadata),
                Channels = notification.SentChannels(),
                FailedChannels = notification.FailedChannels(),
                Reason = notification.FailureReason(),
                Code = notification.FailureCode(),
            },
            nameof(NotificationStateMachine.Cancelled) => new NotificationCancelled
            {
                NotificationId = notification.CorrelationId,
                EventName = notification.EventName,
                EventId = notification.EventId,
                RecipientId = notification.Recipient.Id,
                Results = notification.Results(),
                Metadata = Metadata.OrNull(notification.Metadata),
                Reason = notification.FailureReason(),
                Code = notification.FailureCode(),
            },
            nameof(NotificationStateMachine.Expired) => new NotificationExpired
            {
                NotificationId = notification.CorrelationId,
                EventName = notification.EventName,
                EventId = notification.EventId,
                RecipientId = notification.Recipient.Id,
                Results = notification.Results(),
                Metadata = Metadata.OrNull(notification.Metadata),
                Reason = notification.FailureReason(),
                Code = notification.FailureCode(),
            },
            nameof(NotificationStateMachine.Failed) => new NotificationFailed
            {
                NotificationId = notification.CorrelationId,
                EventName = notification.EventName,
                EventId = notification.EventId,
                RecipientId = notification.Recipient.Id,
                Results = notification.Results(),
                Metadata = Metadata.OrNull(notification.Metadata),
                Reason = notification.FailureReason(),
                Code = notification.FailureCode(),
            },
            var state => throw new NotSupportedException($"A notification that is {state} has no outcome"),
        };
}
