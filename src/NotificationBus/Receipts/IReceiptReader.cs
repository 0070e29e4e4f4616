namespace NotificationBus.Receipts;

/// <summary>A provider whose vendor reports what became of deliveries. Implemented beside <see cref="Sending.IProvider"/>, in the vendor's file.</summary>
public interface IReceiptReader
{
    /// <summary>Checks that the vendor has sent this, now, and reads it. Does not throw, whatever it is given, and takes a few seconds at most.</summary>
    Task<ReceiptReading> Read(ReceiptRequest request);
}
