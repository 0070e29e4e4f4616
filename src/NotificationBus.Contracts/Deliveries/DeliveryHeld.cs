namespace NotificationBus.Contracts;

/// <summary>Nobody can know whether the delivery went out, and it is not sent again until an operator has decided.</summary>
public sealed record DeliveryHeld
{
    /// <summary>The notification the delivery belongs to.</summary>
    public required Guid NotificationId { get; init; }

    /// <summary>The delivery.</summary>
    public required Guid DeliveryId { get; init; }

    /// <summary>The provider that may have sent it.</summary>
    public required string Provider { get; init; }

    /// <summary>The reason why it is in doubt, for a person to read. Names no address.</summary>
    public required string Reason { get; init; }

    /// <summary>The number of calls made to providers so far.</summary>
    public required int Attempts { get; init; }

    /// <summary>The decisions of the sender about it, oldest first; null when it went straight out.</summary>
    public IReadOnlyList<DeliveryDecision>? Decisions { get; init; }
}
