namespace NotificationBus.Contracts;

/// <summary>
/// An event that should have begun a notification was set aside: nobody is told. When the same message is set aside once more, this comes
/// again under the same message id.
/// </summary>
public sealed record NotificationRejected
{
    /// <summary>The event, such as <c>order-placed</c>.</summary>
    public required string EventName { get; init; }

    /// <summary>The producer's name for the occurrence, when it gave one that can be read.</summary>
    public string? EventId { get; init; }

    /// <summary>The category the event asks for, when it names one that can be read.</summary>
    public string? Category { get; init; }

    /// <summary>The id of the message, as its producer wrote it; null when it has none.</summary>
    public string? MessageId { get; init; }

    /// <summary>The reason, for a person to read.</summary>
    public required string Reason { get; init; }

    /// <summary>The queue it was set aside from.</summary>
    public required string Queue { get; init; }

    /// <summary>The id of the failed message, which is kept at <c>GET /v1/failed-messages/{id}</c>.</summary>
    public required Guid FailedMessageId { get; init; }
}
