namespace NotificationBus.Contracts;

/// <summary>An operator's decision about a delivery that is held.</summary>
public sealed record DecideDelivery
{
    /// <summary>The notification the delivery belongs to.</summary>
    public required Guid NotificationId { get; init; }

    /// <summary>The delivery.</summary>
    public required Guid DeliveryId { get; init; }

    /// <summary>The decision.</summary>
    public required HeldDecision Decision { get; init; }

    /// <summary>The reason, for a person to read.</summary>
    public required string Why { get; init; }
}

/// <summary>The decision about a delivery that may or may not have been sent.</summary>
public enum HeldDecision
{
    /// <summary>Send it again, at the risk that the recipient gets it twice.</summary>
    Resend,

    /// <summary>It did arrive.</summary>
    Sent,

    /// <summary>Give it up.</summary>
    Failed,
}
