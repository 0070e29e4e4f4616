namespace NotificationBus.Messaging;

/// <summary>The queue in which receipts wait to be matched with their deliveries.</summary>
public static class ReceiptEndpoint
{
    /// <summary>The queue.</summary>
    public const string Queue = "receipts";

    /// <summary>The address receipts are sent to.</summary>
    public static Uri Address { get; } = new($"exchange:{Queue}");
}
