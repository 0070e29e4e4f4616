namespace NotificationBus.Receipts;

/// <summary>
/// A provider whose vendor reports what became of deliveries. Implemented beside <see cref="Providers.IProvider"/>, in the vendor's file.
/// </summary>
public interface IReceiptReader
{
    /// <summary>The most bytes of one call. Default 1 MiB: vendors gather hundreds of receipts into one.</summary>
    int LongestReceipt => 1024 * 1024;

    /// <summary>
    /// Returns the reason why nobody could tell that the vendor has sent this, whatever its body may be: then the body is not read. Null
    /// when the body decides.
    /// </summary>
    /// <param name="head">The call without its body.</param>
    string? RefuseUnread(ReceiptRequest head) => null;

    /// <summary>
    /// Checks that the vendor has sent this, now, and reads it. Does not throw, whatever it is given, and takes a few seconds at most.
    /// </summary>
    Task<ReceiptReading> Read(ReceiptRequest request);
}
