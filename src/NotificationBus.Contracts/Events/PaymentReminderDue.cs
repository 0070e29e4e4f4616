namespace NotificationBus.Contracts;

/// <summary>An order is still unpaid. The buyer is told.</summary>
public sealed record PaymentReminderDue
{
    /// <summary>
    /// The producer's name for this occurrence, at most 255 characters. Publishing it again is harmless; without it the message id takes
    /// its place.
    /// </summary>
    public string? EventId { get; init; }

    /// <summary>The order's number as people read it.</summary>
    public required string OrderId { get; init; }

    /// <summary>The product that was ordered.</summary>
    public required string Product { get; init; }

    /// <summary>The amount still to be paid.</summary>
    public required Money Total { get; init; }

    /// <summary>The buyer, who is told.</summary>
    public required Contact Buyer { get; init; }
}
