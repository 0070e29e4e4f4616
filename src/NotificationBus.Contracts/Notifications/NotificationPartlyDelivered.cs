namespace NotificationBus.Contracts;

/// <summary>
/// The plan asked for several channels at once, and some of them took the notification and some did not, or were cancelled.
/// </summary>
public sealed record NotificationPartlyDelivered
{
    /// <summary>The notification.</summary>
    public required Guid NotificationId { get; init; }

    /// <summary>The event that caused it, such as <c>order-placed</c>.</summary>
    public required string EventName { get; init; }

    /// <summary>The producer's name for the occurrence, when it gave one.</summary>
    public string? EventId { get; init; }

    /// <summary>The recipient's id in the publishing system.</summary>
    public required string RecipientId { get; init; }

    /// <summary>The channels it went out on.</summary>
    public required IReadOnlyList<string> Channels { get; init; }

    /// <summary>The channels it did not go out on.</summary>
    public required IReadOnlyList<string> FailedChannels { get; init; }

    /// <summary>The reason, for a person to read. Names no address.</summary>
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
