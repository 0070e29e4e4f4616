namespace NotificationBus.Contracts;

/// <summary>A decision of the sender about one delivery: it waits, and for what, or takes a route of its own.</summary>
public sealed record DeliveryDecision
{
    /// <summary>The time of the decision. Of several that say the same one after the other, the first.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The reason in one word: see <see cref="ReasonCode"/>.</summary>
    public required string Code { get; init; }

    /// <summary>The account it is about; null when it is about none.</summary>
    public string? Provider { get; init; }

    /// <summary>The time at which it is tried again, unless something brings it back earlier; null when it does not wait.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>The number of times that was decided, one after the other.</summary>
    public int Times { get; init; } = 1;

    /// <summary>The reason, for a person to read; of several the last. Names no address.</summary>
    public required string Text { get; init; }
}
