namespace NotificationBus.Contracts;

/// <summary>No channel took the notification while it was of use.</summary>
public sealed record NotificationExpired
{
    /// <summary>The notification.</summary>
    public required Guid NotificationId { get; init; }

    /// <summary>The event that caused it, such as <c>order-placed</c>.</summary>
    public required string EventName { get; init; }

    /// <summary>The producer's name for the occurrence, when it gave one.</summary>
    public string? EventId { get; init; }

    /// <summary>The recipient's id in the publishing system.</summary>
    public required string RecipientId { get; init; }

    /// <summary>The reason why it was not sent before, for a person to read. Names no address.</summary>
    public required string Reason { get; init; }

    /// <summary>The outcome on each channel, those that the plan could not use among them.</summary>
    public IReadOnlyList<ChannelResult> Results { get; init; } = [];

    /// <summary>
    /// The reason in one word: that of its deliveries, <c>unreachable</c> when there was no address or only suppressed ones, or
    /// <c>several</c> when they differ. See <see cref="ReasonCode"/>; null from a host of an earlier version.
    /// </summary>
    public string? Code { get; init; }

    /// <summary>The metadata its request gave; null when there is none.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}
