namespace NotificationBus.Contracts;

/// <summary>The notification reached its recipient as far as its plan asks: a provider took every delivery that was needed.</summary>
public sealed record NotificationDelivered
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

    /// <summary>The outcome on each channel, those that the plan could not use among them.</summary>
    public IReadOnlyList<ChannelResult> Results { get; init; } = [];

    /// <summary>The metadata its request gave; null when there is none.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}
