namespace NotificationBus.Contracts;

/// <summary>
/// A call to a provider did not take a delivery, or left it in doubt. It is no outcome: <see cref="Next"/> says what follows. Published for
/// categories with <c>PublishAttempts</c> only. When the same call is told once more, this comes again under the same message id.
/// </summary>
public sealed record DeliveryAttemptFailed
{
    /// <summary>The notification the delivery belongs to.</summary>
    public required Guid NotificationId { get; init; }

    /// <summary>The delivery.</summary>
    public required Guid DeliveryId { get; init; }

    /// <summary>The application the notification belongs to.</summary>
    public required string Application { get; init; }

    /// <summary>The category, such as <c>order-placed</c>.</summary>
    public required string Category { get; init; }

    /// <summary>The event that caused it, such as <c>order-placed</c>.</summary>
    public required string EventName { get; init; }

    /// <summary>The producer's name for the occurrence, when it gave one.</summary>
    public string? EventId { get; init; }

    /// <summary>The recipient's id in the publishing system.</summary>
    public required string RecipientId { get; init; }

    /// <summary>The business keys of the notification, such as <c>order</c>; empty when it has none.</summary>
    public required IReadOnlyDictionary<string, string> Keys { get; init; }

    /// <summary>The channel, such as <c>email</c>.</summary>
    public required string Channel { get; init; }

    /// <summary>The account that was called.</summary>
    public required string Provider { get; init; }

    /// <summary>The number of the call among those of the delivery, from 1.</summary>
    public required int Attempt { get; init; }

    /// <summary>The reason in one word: see <see cref="ReasonCode"/>. <c>in-doubt</c> when nobody knows whether it was sent.</summary>
    public required string Code { get; init; }

    /// <summary>What follows, as far as it is known when the call has failed: one of <see cref="NextAttempt"/>.</summary>
    public required string Next { get; init; }

    /// <summary>The account that is to be called next at once; null when none is.</summary>
    public string? NextProvider { get; init; }

    /// <summary>The time at which the call was known to have failed.</summary>
    public required DateTimeOffset At { get; init; }
}
