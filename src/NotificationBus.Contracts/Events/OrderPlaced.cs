namespace NotificationBus.Contracts;

/// <summary>A buyer purchased a product. The seller is told.</summary>
public sealed record OrderPlaced
{
    /// <summary>
    /// The producer's name for this occurrence, at most 255 characters. Publishing it again is harmless; without it the message id takes
    /// its place.
    /// </summary>
    public string? EventId { get; init; }

    /// <summary>The order's number as people read it.</summary>
    public required string OrderId { get; init; }

    /// <summary>The product that was bought.</summary>
    public required string Product { get; init; }

    /// <summary>The amount the buyer pays.</summary>
    public required Money Total { get; init; }

    /// <summary>The buyer. Only the name is used.</summary>
    [Decoration]
    public required Contact Buyer { get; init; }

    /// <summary>The seller, who is told.</summary>
    public required Contact Seller { get; init; }
}
