using NotificationBus.Model;

namespace NotificationBus.Saga;

/// <summary>Goes to the saga's queue: a notification is cancelled, and no other call to a provider begins for its deliveries.</summary>
public sealed record DeliveriesStopped
{
    /// <summary>The notification.</summary>
    public required Guid NotificationId { get; init; }

    /// <summary>The reason, and who cancelled it, for a person to read.</summary>
    public required string Reason { get; init; }

    /// <summary>Those that were not sent or given up.</summary>
    public required IReadOnlyList<StoppedDelivery> Deliveries { get; init; }
}

/// <summary>One of them, and what is known of its calls.</summary>
public sealed record StoppedDelivery
{
    /// <summary>The delivery.</summary>
    public required Guid DeliveryId { get; init; }

    /// <summary>The state in which the cancellation found it: whether a provider has it.</summary>
    public required StoppedAt At { get; init; }

    /// <summary>The provider that may have it.</summary>
    public string? Provider { get; init; }

    /// <summary>The reason why it may have it.</summary>
    public string? Reason { get; init; }

    /// <summary>The number of calls in the ledger. Another command would meet the cancellation next.</summary>
    public required int Attempts { get; init; }

    /// <summary>Reads it off the ledger.</summary>
    /// <param name="deliveryId">The delivery.</param>
    /// <param name="attempts">Its attempts since it was cancelled there.</param>
    /// <param name="now">A call whose claim has run out by then has no result: whoever made it died.</param>
    public static StoppedDelivery Read(Guid deliveryId, IReadOnlyList<DeliveryAttempt> attempts, DateTimeOffset now)
    {
        var calls = attempts.Where(attempt => attempt.Status != AttemptStatus.Cancelled).ToList();
        // The call's own result settles it.
        if (calls.Exists(call => call.Status == AttemptStatus.Accepted || (call.Status == AttemptStatus.Started && call.LeaseUntil > now)))
            return new StoppedDelivery
            {
                DeliveryId = deliveryId,
                At = StoppedAt.Call,
                Attempts = calls.Count,
            };

        var inDoubt = calls.FindLast(call => call.MayHaveBeenSent || call.Status == AttemptStatus.Started);
        return new StoppedDelivery
        {
            DeliveryId = deliveryId,
            At = inDoubt is null ? StoppedAt.Rest : StoppedAt.Doubt,
            Provider = inDoubt?.Provider,
            Reason = inDoubt?.Reason,
            Attempts = calls.Count,
        };
    }
}

/// <summary>The state in which a cancellation found a delivery.</summary>
public enum StoppedAt
{
    /// <summary>Certainly no provider has it.</summary>
    Rest,

    /// <summary>A provider is being called for it, or has taken it: its result is under way.</summary>
    Call,

    /// <summary>Nobody can know whether a provider has it.</summary>
    Doubt,
}
