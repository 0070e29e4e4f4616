namespace NotificationBus.Contracts;

/// <summary>A buyer wrote to a seller. The seller is told.</summary>
public sealed record ChatMessageSent
{
    /// <summary>
    /// The producer's name for this occurrence, at most 255 characters. Publishing it again is harmless; without it the message id takes
    /// its place.
    /// </summary>
    public string? EventId { get; init; }

    /// <summary>The conversation the message belongs to.</summary>
    public required string ConversationId { get; init; }

    /// <summary>The buyer's message, as plain text.</summary>
    public required string Text { get; init; }

    /// <summary>The product the conversation is about, when it is about one.</summary>
    [Decoration]
    public string? Product { get; init; }

    /// <summary>The buyer, who wrote it. Only the name is used.</summary>
    [Decoration]
    public required Contact Buyer { get; init; }

    /// <summary>The seller, who is told.</summary>
    public required Contact Seller { get; init; }
}
