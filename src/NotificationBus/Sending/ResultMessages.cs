using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Providers;

namespace NotificationBus.Sending;

/// <summary>The messages in which the saga is told what became of a delivery.</summary>
static class ResultMessages
{
    /// <summary>Translates an outcome that settles the delivery, or leaves it to an operator.</summary>
    /// <exception cref="NotSupportedException">It is another one: the delivery is still to be sent.</exception>
    public static Disposition.Report Of(SendDelivery command, ChainOutcome outcome) =>
        outcome switch
        {
            ChainOutcome.Sent sent => new(Sent(command, sent.Attempt), sent.Attempt.Number),
            ChainOutcome.Refused refused => new(Failed(command, refused.Provider, refused.Reason, refused.Code), refused.Attempts),
            // It may have been held at this call before it was cancelled; then this is another result.
            ChainOutcome.Held held => new(Held(command, held), held.IsCancelled ? held.Attempts + 1 : held.Attempts),
            ChainOutcome.Cancelled { Cancellation: var cancellation } => new(Cancelled(command, cancellation), cancellation.Number),
            _ => throw new NotSupportedException($"Unknown outcome {outcome.GetType().Name}"),
        };

    /// <summary>A provider took it.</summary>
    public static DeliverySent Sent(SendDelivery command, DeliveryAttempt attempt) =>
        new()
        {
            NotificationId = command.NotificationId,
            DeliveryId = command.DeliveryId,
            Provider = attempt.Provider,
            ProviderMessageId = attempt.ProviderMessageId,
            Decisions = command.Decisions,
        };

    /// <summary>No provider takes it.</summary>
    public static DeliveryFailed Failed(SendDelivery command, string? provider, string reason, string code) =>
        new()
        {
            NotificationId = command.NotificationId,
            DeliveryId = command.DeliveryId,
            Provider = provider,
            Reason = reason,
            Code = code,
            Decisions = command.Decisions,
        };

    /// <summary>It was not sent while it was of use.</summary>
    public static DeliveryExpired Expired(SendDelivery command, string? provider, string reason) =>
        new()
        {
            NotificationId = command.NotificationId,
            DeliveryId = command.DeliveryId,
            Provider = provider,
            Reason = reason,
            Decisions = command.Decisions,
        };

    static DeliveryHeld Held(SendDelivery command, ChainOutcome.Held held) =>
        new()
        {
            NotificationId = command.NotificationId,
            DeliveryId = command.DeliveryId,
            Provider = held.Attempt.Provider,
            Reason = held.Attempt.Reason ?? "in doubt",
            Attempts = held.Attempts,
            Decisions = command.Decisions,
        };

    static DeliveryCancelled Cancelled(SendDelivery command, DeliveryAttempt cancellation) =>
        new()
        {
            NotificationId = command.NotificationId,
            DeliveryId = command.DeliveryId,
            Reason = cancellation.Reason ?? "cancelled",
            Decisions = command.Decisions,
        };
}
