namespace NotificationBus.Receipts;

/// <summary>The result of reading what a vendor has posted.</summary>
public abstract record ReceiptReading
{
    ReceiptReading() { }

    /// <summary>The vendor has sent it.</summary>
    /// <param name="Receipts">What it reports; empty when it is nothing we use, such as a test or "processed".</param>
    public sealed record Genuine(IReadOnlyList<Receipt> Receipts) : ReceiptReading;

    /// <summary>It is the vendor's, and it is no report: the vendor asks for something, such as that a subscription be confirmed.</summary>
    /// <param name="Url">What must be fetched to confirm it; the reader has checked that it is the vendor's.</param>
    public sealed record Confirm(Uri Url) : ReceiptReading;

    /// <summary>Nobody can tell that the vendor has sent it: no signature, a wrong one, or one of another time.</summary>
    /// <param name="Reason">For a person to read; says what to check. Names no secret.</param>
    public sealed record Refused(string Reason) : ReceiptReading;

    /// <summary>Nobody can tell now whether the vendor has sent it; the vendor is asked to send it again.</summary>
    /// <param name="Reason">For a person to read.</param>
    public sealed record NotNow(string Reason) : ReceiptReading;

    /// <summary>The vendor has sent it, and it cannot be read.</summary>
    /// <param name="Reason">For a person to read. Names no address.</param>
    public sealed record Unreadable(string Reason) : ReceiptReading;
}
