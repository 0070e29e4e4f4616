namespace NotificationBus.Receipts;

/// <summary>One report of a vendor, in our words.</summary>
public sealed record Receipt
{
    /// <summary>The kind of report.</summary>
    public required ReceiptKind Kind { get; init; }

    /// <summary>
    /// The vendor's id of this report, or one made of what it says: the same report twice has the same. At most 200 characters.
    /// </summary>
    public required string Id { get; init; }

    /// <summary>The time at which it happened, by the vendor's clock.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Our id of the delivery, where the vendor carries what we gave it along.</summary>
    public Guid? DeliveryId { get; init; }

    /// <summary>The id for the delivery that the provider answered; used when <see cref="DeliveryId"/> is not there.</summary>
    public string? ProviderMessageId { get; init; }

    /// <summary>
    /// The addresses it is about, as the vendor writes them; empty when it does not say, and an empty one when it should have. Never
    /// logged.
    /// </summary>
    public IReadOnlyList<string> Addresses { get; init; } = [];

    /// <summary>The link that was followed, when it says that it was read because one was; otherwise null.</summary>
    public ReceiptClick? Click { get; init; }

    /// <summary>The reason, in the vendor's words. Names no address.</summary>
    public string? Reason { get; init; }
}
