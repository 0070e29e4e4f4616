namespace NotificationBus.Receipts;

/// <summary>The request posted to <c>/v1/receipts/{provider}</c>, as it came.</summary>
public sealed record ReceiptRequest
{
    /// <summary>The address it was posted to as the vendor knows it, with the query: some vendors sign it.</summary>
    public required Uri Url { get; init; }

    /// <summary>The header fields; names compare without regard to case, repeated ones are joined by commas.</summary>
    public required IReadOnlyDictionary<string, string> Headers { get; init; }

    /// <summary>The body, byte for byte: signatures cover it.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }
}
