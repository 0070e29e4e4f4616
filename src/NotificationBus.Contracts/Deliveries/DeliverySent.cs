namespace NotificationBus.Contracts;

/// <summary>A provider took the delivery and answers for it from now on. It does not mean that a person has seen it.</summary>
public sealed record DeliverySent
{
    /// <summary>The notification the delivery belongs to.</summary>
    public required Guid NotificationId { get; init; }

    /// <summary>The delivery.</summary>
    public required Guid DeliveryId { get; init; }

    /// <summary>The provider that took it.</summary>
    public required string Provider { get; init; }

    /// <summary>The provider's own id for it, when it gave one. Receipts refer to it.</summary>
    public string? ProviderMessageId { get; init; }

    /// <summary>The decisions of the sender about it, oldest first; null when it went straight out.</summary>
    public IReadOnlyList<DeliveryDecision>? Decisions { get; init; }
}
