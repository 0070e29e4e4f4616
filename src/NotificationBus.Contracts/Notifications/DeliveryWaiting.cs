namespace NotificationBus.Contracts;

/// <summary>
/// A delivery was put off: it waits for a provider, a rate, a paused channel or the like, and comes again by itself. It is told each time.
/// Published for categories with <c>PublishAttempts</c> only. What is told once more comes under the same message id.
/// </summary>
public sealed record DeliveryWaiting
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

    /// <summary>
    /// What it waits for, in one word: see <see cref="ReasonCode"/>, such as <c>circuit-open</c>, <c>paced</c> or <c>channel-paused</c>.
    /// </summary>
    public required string Code { get; init; }

    /// <summary>The account that it waits for; null when it waits for none or for any.</summary>
    public string? Provider { get; init; }

    /// <summary>The number of calls that were made for it so far.</summary>
    public required int Attempts { get; init; }

    /// <summary>The time at which it comes again, unless something brings it back earlier.</summary>
    public required DateTimeOffset Until { get; init; }

    /// <summary>The time at which it was put off.</summary>
    public required DateTimeOffset At { get; init; }
}
