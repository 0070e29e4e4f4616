namespace NotificationBus.Contracts;

/// <summary>
/// The command to end a notification that is not sent yet. Publish it as you publish events. What a provider has taken by then stays sent,
/// and what a provider may have taken is held for an operator; the outcome says which. Sending it again is harmless.
/// </summary>
public sealed record CancelNotification
{
    /// <summary>The notification. It may be one whose event was published a moment ago.</summary>
    public required Guid NotificationId { get; init; }

    /// <summary>The person or service that wants it.</summary>
    public required string By { get; init; }

    /// <summary>The reason, for a person to read.</summary>
    public required string Why { get; init; }

    /// <summary>The time at which it came first. Set here, while it waits for its notification's event; leave it out.</summary>
    public DateTimeOffset? WaitingSince { get; init; }
}
