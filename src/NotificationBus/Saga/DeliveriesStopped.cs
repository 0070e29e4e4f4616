using NotificationBus.Sending;

namespace NotificationBus.Saga;

/// <summary>Goes to the saga's queue: a notification is cancelled, and no other call to a provider begins for its deliveries.</summary>
public sealed record DeliveriesStopped
{
    /// <summary>The notification.</summary>
    public required Guid NotificationId { get; init; }

    /// <summary>Who cancelled it and why, for a person to read.</summary>
    public required string Reason { get; init; }

    /// <summary>Those that were not sent or given up.</summary>
    public required IReadOnlyList<StoppedDelivery> Deliveries { get; init; }
}

/// <summary>One of them, and what is known of its calls.</summary>
public sealed record StoppedDelivery
{
    /// <summary>The delivery.</summary>
    public required Guid DeliveryId { get; init; }

    /// <summary>Whether a provider has it.</summary>
    public required StoppedAt At { get; init; }

    /// <summary>The provider that may have it.</summary>
    public string? Provider { get; init; }

    /// <summary>Why it may.</summary>
    public string? Reason { get; init; }

    /// <summary>How many attempts are in the ledger, its cancellation included.</summary>
    public required int Attempts { get; init; }

    /// <summary>Reads it off the ledger.</summary>
    /// <param name="deliveryId">The delivery.</param>
    /// <param name="attempts">Its attempts since it was cancelled there.</param>
    public static StoppedDelivery Read(Guid deliveryId, IReadOnlyList<DeliveryAttempt> attempts)
    {
        // The call's own result settles it.
        if (attempts.Any(attempt => attempt.Status is AttemptStatus.Accepted or AttemptStatus.Started))
            return new StoppedDelivery { DeliveryId = deliveryId, At = StoppedAt.Call, Attempts = attempts.Count };

        var inDoubt = attempts.LastOrDefault(attempt => attempt.MayHaveBeenSent);
        return new StoppedDelivery
        {
            DeliveryId = deliveryId,
            At = inDoubt is null ? StoppedAt.Rest : StoppedAt.Doubt,
            Provider = inDoubt?.Provider,
            Reason = inDoubt?.Reason,
            Attempts = attempts.Count,
        };
    }
}

/// <summary>Where a cancellation found a delivery.</summary>
public enum StoppedAt
{
    /// <summary>Certainly no provider has it.</summary>
    Rest,

    /// <summary>A provider is being called for it, or has taken it: its result is under way.</summary>
    Call,

    /// <summary>Nobody can know whether a provider has it.</summary>
    Doubt,
}
