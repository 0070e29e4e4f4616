namespace NotificationBus.Receipts;

/// <summary>A vendor has reported what became of a delivery. Goes to the saga's queue.</summary>
public sealed record DeliveryReceiptReceived
{
    /// <summary>The notification the delivery belongs to.</summary>
    public required Guid NotificationId { get; init; }

    /// <summary>The delivery.</summary>
    public required Guid DeliveryId { get; init; }

    /// <summary>The account whose vendor reports.</summary>
    public required string Provider { get; init; }

    /// <summary>The provider's own id for the delivery, when the receipt names it.</summary>
    public string? ProviderMessageId { get; init; }

    /// <summary>The kind of report.</summary>
    public required ReceiptKind Kind { get; init; }

    /// <summary>The time at which it happened, by the vendor's clock.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The link that was followed, when it says that it was read because one was; otherwise null.</summary>
    public ReceiptClick? Click { get; init; }

    /// <summary>True when it comes a second time, after others that belong to the same click of a program would have come.</summary>
    public bool ClickIsSettled { get; init; }

    /// <summary>The reason, in the vendor's words. Names no address.</summary>
    public string? Reason { get; init; }
}
