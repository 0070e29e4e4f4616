using NotificationBus.Receipts;

namespace NotificationBus.Tests.Channels.Vendors;

/// <summary>What a vendor's tests tell <see cref="Any_reader_of_receipts{TVendor}"/>.</summary>
public interface IReceiptSituation
{
    /// <summary>Reports, a row each, of the delivery <see cref="Mail.Id"/>. The first one is that of a mail that arrived.</summary>
    static abstract IEnumerable<Report> Reports { get; }

    /// <summary>An account that can tell what is the vendor's.</summary>
    static abstract IReceiptReader Reader(TimeProvider clock);

    /// <summary>An account whose operator has set no secret.</summary>
    static abstract IReceiptReader ReaderWithoutSecret(TimeProvider clock);

    /// <summary>What the vendor posts, proven as the vendor does it.</summary>
    static abstract ReceiptRequest Post(string body, DateTimeOffset at);

    /// <summary>The same, proven by somebody else.</summary>
    static abstract ReceiptRequest Forge(string body, DateTimeOffset at);

    /// <summary>How old a signature may be.</summary>
    static virtual TimeSpan Oldest => TimeSpan.FromMinutes(5);
}
