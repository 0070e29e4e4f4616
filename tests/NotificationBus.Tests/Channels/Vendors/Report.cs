using NotificationBus.Receipts;

namespace NotificationBus.Tests.Channels.Vendors;

/// <summary>A recorded report of a vendor, and what it means.</summary>
/// <param name="Row">What it is, as the vendor's documentation calls it.</param>
/// <param name="Body">What is posted.</param>
/// <param name="Kind">What it means; null when it is nothing we use.</param>
public sealed record Report(string Row, string Body, ReceiptKind? Kind)
{
    public string? ProviderMessageId { get; init; }

    public override string ToString() => Row;
}
