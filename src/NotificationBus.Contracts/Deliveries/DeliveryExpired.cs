namespace NotificationBus.Contracts;

/// <summary>The delivery was not sent while it was of use.</summary>
public sealed record DeliveryExpired
{
    /// <summary>The notification the delivery belongs to.</summary>
    public required Guid NotificationId { get; init; }

    /// <summary>The delivery.</summary>
    public required Guid DeliveryId { get; init; }

    /// <summary>The provider that was not available last, when one was asked.</summary>
    public string? Provider { get; init; }

    /// <summary>The reason why it was not sent before, for a person to read. Names no address.</summary>
    public required string Reason { get; init; }

    /// <summary>The decisions of the sender about it, oldest first; null when it went straight out.</summary>
    public IReadOnlyList<DeliveryDecision>? Decisions { get; init; }
}
