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

    /// <summary>The reason in one word: see <see cref="ReasonCode"/>. Null from a host of an earlier version.</summary>
    public string? Code { get; init; }

    /// <summary>The decisions of the sender about it, oldest first; null when it went straight out.</summary>
    public IReadOnlyList<DeliveryDecision>? Decisions { get; init; }
}
