namespace NotificationBus.Contracts;

/// <summary>What other services are told with each attempt of a delivery, by which they know their notification.</summary>
public sealed record ToldWith
{
    /// <summary>The event that caused it, such as <c>order-placed</c>.</summary>
    public required string EventName { get; init; }

    /// <summary>The producer's name for the occurrence, when it gave one.</summary>
    public string? EventId { get; init; }

    /// <summary>The business keys; null for none.</summary>
    public IReadOnlyDictionary<string, string>? Keys { get; init; }
}
