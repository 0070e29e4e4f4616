using Microsoft.Extensions.Options;

namespace NotificationBus.Receipts;

/// <summary>When a receipt is looked at again.</summary>
public sealed class ReceiptTiming(IOptions<ReceiptsOptions> options, TimeProvider clock)
{
    /// <summary>The time at which others that belong to a click of now would have come.</summary>
    public DateTimeOffset ClickIsSettledAt() => After(options.Value.ClickSettles);

    /// <summary>So long from now.</summary>
    public DateTimeOffset After(TimeSpan delay) => clock.GetUtcNow() + delay;
}
