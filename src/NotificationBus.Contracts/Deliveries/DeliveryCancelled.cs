namespace NotificationBus.Contracts;

/// <summary>The delivery was cancelled before a provider took it, and none will get it.</summary>
public sealed record DeliveryCancelled
{
    /// <summary>The notification the delivery belongs to.</summary>
    public required Guid NotificationId { get; init; }

    /// <summary>The delivery.</summary>
    public required Guid DeliveryId { get; init; }

    /// <summary>The reason, and who cancelled it, for a person to read.</summary>
    public required string Reason { get; init; }

    /// <summary>The decisions of the sender about it, oldest first; null when it went straight out.</summary>
    public IReadOnlyList<DeliveryDecision>? Decisions { get; init; }
}
