using NotificationBus.Channels.Http;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Sms;

/// <summary>A vendor that takes text messages over HTTP and reports what became of them.</summary>
public abstract class SmsVendor : ReportingVendor
{
    readonly SmsVendorOptions _options;

    /// <summary>Opens no connection yet.</summary>
    /// <param name="name">The account's name.</param>
    /// <param name="options">The account; validated by whoever bound it.</param>
    /// <param name="clock">Ends what takes too long, and tells new receipts from old ones.</param>
    protected SmsVendor(string name, SmsVendorOptions options, TimeProvider clock)
        : base(name, "sms", options, clock) => _options = options;

    /// <summary>The longest text the vendor takes, in characters.</summary>
    protected abstract int LongestText { get; }

    /// <summary>The number or the name that a message goes out from: its application's own, else the account's.</summary>
    protected string From(Delivery delivery) => delivery.Sender?.Address ?? _options.From;

    /// <inheritdoc />
    protected override ProviderResult? Refuse(Delivery delivery)
    {
        var content = (SmsContent)delivery.Content;
        return !PhoneNumber.IsE164(delivery.Address) ? new ProviderResult.Rejected(PhoneNumber.NoE164, AddressIsWrong: true)
            : content.Segments > _options.MostSegments
                ? new ProviderResult.Declined(
                    $"the text has {content.Segments} parts ({content.Encoding}), and MostSegments is {_options.MostSegments}"
                )
            : content.Text.Length > LongestText
                ? new ProviderResult.Declined($"the text is longer than the {LongestText} characters the vendor takes")
            : null;
    }
}
