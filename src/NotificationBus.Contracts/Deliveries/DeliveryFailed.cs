namespace NotificationBus.Contracts;

/// <summary>No provider of the channel takes the delivery.</summary>
public sealed record DeliveryFailed
{
    /// <summary>The notification the delivery belongs to.</summary>
    public required Guid NotificationId { get; init; }

    /// <summary>The delivery.</summary>
    public required Guid DeliveryId { get; init; }

    /// <summary>The provider that said so last, when one was asked.</summary>
    public string? Provider { get; init; }

    /// <summary>The reason, for a person to read. Names no address.</summary>
    public required string Reason { get; init; }
}
