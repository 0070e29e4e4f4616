using System.Globalization;
using System.Text.Json;
using NotificationBus.Providers;
using NotificationBus.Receipts;

namespace NotificationBus.Channels.Http;

/// <summary>
/// A vendor that reports what became of deliveries. First it is proven that the vendor has sent a report, and only then it is read.
/// </summary>
public abstract class ReportingVendor : HttpVendor, IReceiptReader
{
    /// <summary>The name under which the vendor carries our id of the delivery along.</summary>
    protected const string DeliveryTag = "delivery_id";

    /// <summary>Opens no connection yet.</summary>
    /// <param name="name">The account's name.</param>
    /// <param name="channel">The channel it carries.</param>
    /// <param name="options">The account; validated by whoever bound it.</param>
    /// <param name="clock">Ends what takes too long, and tells new receipts from old ones.</param>
    protected ReportingVendor(string name, string channel, HttpVendorOptions options, TimeProvider clock)
        : base(name, channel, options, clock) { }

    /// <summary>
    /// The longest receipt of a vendor that reports one thing at a time, in bytes. No call of such a vendor comes near it.
    /// </summary>
    protected const int OneReceipt = 64 * 1024;

    /// <inheritdoc />
    public virtual int LongestReceipt => 1024 * 1024;

    /// <inheritdoc />
    public virtual string? RefuseUnread(ReceiptRequest head) => null;

    /// <inheritdoc />
    public async Task<ReceiptReading> Read(ReceiptRequest request) => await WhyNot(request) ?? ReadProven(request);

    /// <summary>Checks that the vendor has sent this, now: null when it has, else why nobody can tell.</summary>
    protected abstract string? Prove(ReceiptRequest request);

    /// <summary>One report in our words; null when it is nothing we use. For vendors that report in JSON.</summary>
    protected virtual Receipt? Understand(ReceiptRequest request, JsonElement report) => null;

    /// <summary>
    /// Checks that the vendor has sent this: null when it has, else why it is not read. For vendors of which that cannot always be told at
    /// once.
    /// </summary>
    protected virtual Task<ReceiptReading?> WhyNot(ReceiptRequest request) =>
        Task.FromResult<ReceiptReading?>(Prove(request) is { } refused ? new ReceiptReading.Refused(refused) : null);

    /// <summary>Reads what the vendor has posted.</summary>
    protected virtual ReceiptReading ReadProven(ReceiptRequest request) =>
        JsonPath.Parse(request.Body) is { } body ? ReadProven(request, body) : new ReceiptReading.Unreadable("the receipt is no JSON");

    /// <summary>Reads what the vendor has posted, one report or a list of them.</summary>
    protected virtual ReceiptReading ReadProven(ReceiptRequest request, JsonElement body)
    {
        var reports = body.ValueKind == JsonValueKind.Array ? body.EnumerateArray().ToList() : [body];
        return new ReceiptReading.Genuine([.. reports.Select(report => Understand(request, report)).OfType<Receipt>()]);
    }

    /// <summary>Our id, as the vendor has carried it along.</summary>
    protected static Guid? IdOf(string? carried) => Guid.TryParse(carried, out var id) ? id : null;

    /// <summary>
    /// Those of the addresses that are there, each without a name before it. Where there are only empty ones the report is about nobody:
    /// one that is empty, and no address of ours, so that no address is suppressed for it.
    /// </summary>
    protected static IReadOnlyList<string> AddressesOf(params IEnumerable<string?> named)
    {
        var there = named.OfType<string>().Select(one => one.Trim()).ToList();
        List<string> addresses =
        [
            .. there.Where(one => one.Length > 0).Select(one => one.EndsWith('>') ? one[(one.LastIndexOf('<') + 1)..^1] : one),
        ];
        return there.Count > 0 && addresses.Count == 0 ? [""] : addresses;
    }

    /// <summary>The same of a vendor whose reports always name somebody: where one does not, it is about nobody, too.</summary>
    protected static IReadOnlyList<string> AlwaysNamed(params IEnumerable<string?> named) =>
        AddressesOf(named) is { Count: > 0 } addresses ? addresses : [""];

    /// <summary>A moment in seconds since 1970, or in the form of ISO 8601; now, when it is neither.</summary>
    protected DateTimeOffset TimeOf(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds < 253_402_300_800
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.ToUniversalTime()
        : Clock.GetUtcNow();

    // What the delivery said is hidden when it is found. Cut shorter here, half of a code could not be told from anything else.
    const int LongestReason = 2000;

    /// <summary>The vendor's words for why, without mailboxes, on one line.</summary>
    protected static string? ReasonOf(string? words) =>
        string.IsNullOrWhiteSpace(words) ? null : Masking.Of().Excerpt(words, LongestReason);
}
