namespace NotificationBus.Receipts;

/// <summary>
/// The command to find the delivery a receipt is about. Goes to the queue of receipts, where a receipt is durable before its vendor hears
/// so.
/// </summary>
public sealed record LocateReceipt
{
    /// <summary>The account whose vendor reports.</summary>
    public required string Provider { get; init; }

    /// <summary>The receipt to be matched.</summary>
    public required Receipt Receipt { get; init; }

    /// <summary>True when it was reported once, and others that belong to the same click of a program would have come since.</summary>
    public bool ClickIsSettled { get; init; }

    /// <summary>The number of times it was looked for in vain.</summary>
    public int Tries { get; init; }
}
