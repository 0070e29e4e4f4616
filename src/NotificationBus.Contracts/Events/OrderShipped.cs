namespace NotificationBus.Contracts;

/// <summary>Purchased items were shipped. The buyer is told.</summary>
public sealed record OrderShipped
{
    /// <summary>
    /// The producer's name for this occurrence, at most 255 characters. Publishing it again is harmless; without it the message id takes
    /// its place.
    /// </summary>
    public string? EventId { get; init; }

    /// <summary>The order's number as people read it.</summary>
    public required string OrderId { get; init; }

    /// <summary>The product that was shipped.</summary>
    public required string Product { get; init; }

    /// <summary>The carrier of the parcel.</summary>
    [Decoration]
    public string? Carrier { get; init; }

    /// <summary>The carrier's number for the parcel.</summary>
    [Decoration]
    public string? TrackingNumber { get; init; }

    /// <summary>The buyer, who is told.</summary>
    public required Contact Buyer { get; init; }
}
