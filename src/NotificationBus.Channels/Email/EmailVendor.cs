using System.Globalization;
using System.Text.Json;

using NotificationBus.Channels.Http;
using NotificationBus.Receipts;
using NotificationBus.Sending;

namespace NotificationBus.Channels.Email;

/// <summary>A vendor that takes e-mails over HTTP and reports what became of them.</summary>
public abstract class EmailVendor : HttpVendor, IReceiptReader
{
    /// <summary>Under which name the vendor carries our id of the delivery along.</summary>
    protected const string DeliveryTag = "delivery_id";

    readonly EmailVendorOptions _options;

    /// <summary>Opens no connection yet.</summary>
    /// <param name="name">The account's name.</param>
    /// <param name="options">The account; validated by whoever bound it.</param>
    /// <param name="clock">Ends what takes too long, and tells new receipts from old ones.</param>
    protected EmailVendor(string name, EmailVendorOptions options, TimeProvider clock)
        : base(name, "email", options, clock) => _options = options;

    /// <inheritdoc />
    public ReceiptReading Read(ReceiptRequest request) =>
        Prove(request) is { } refused ? new ReceiptReading.Refused(refused)
        : JsonPath.Parse(request.Body) is { } body ? ReadProven(request, body)
        : new ReceiptReading.Unreadable("the receipt is no JSON");

    /// <summary>Why nobody can tell that the vendor has sent this, now; null when it has.</summary>
    protected abstract string? Prove(ReceiptRequest request);

    /// <summary>One report in our words; null when it is nothing we use.</summary>
    protected abstract Receipt? Understand(ReceiptRequest request, JsonElement report);

    /// <summary>What the vendor has posted, one report or a list of them.</summary>
    protected virtual ReceiptReading ReadProven(ReceiptRequest request, JsonElement body)
    {
        var reports = body.ValueKind == JsonValueKind.Array ? body.EnumerateArray().ToList() : [body];
        return new ReceiptReading.Genuine([.. reports.Select(report => Understand(request, report)).OfType<Receipt>()]);
    }

    /// <inheritdoc />
    protected override ProviderResult.Rejected? Refuse(Delivery delivery) =>
        EmailRules.Refuse(delivery, (EmailContent)delivery.Content, _options.From, _options.FromName);

    /// <summary>The same on every try, so that whoever gets the mail twice can tell.</summary>
    protected string MessageIdOf(Delivery delivery) => $"<{delivery.Id:N}@{_options.From[(_options.From.LastIndexOf('@') + 1)..]}>";

    /// <summary>The header fields of the mail: the vendor's, and those that every mail of ours has.</summary>
    protected static IReadOnlyDictionary<string, string> HeadersOf(Delivery delivery, params IEnumerable<(string Name, string Value)> ofTheVendor) =>
        ofTheVendor.Concat(MailHeaders.Of(delivery).Select(header => (header.Key, header.Value))).ToDictionary(StringComparer.Ordinal);

    /// <summary>Our id, as the vendor has carried it along.</summary>
    protected static Guid? IdOf(string? carried) => Guid.TryParse(carried, out var id) ? id : null;

    /// <summary>A moment in seconds since 1970, or in the form of ISO 8601; now, when it is neither.</summary>
    protected DateTimeOffset TimeOf(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds < 253_402_300_800 ? DateTimeOffset.FromUnixTimeSeconds(seconds)
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.ToUniversalTime()
        : Clock.GetUtcNow();

    /// <summary>The vendor's words for why, without mailboxes, on one line.</summary>
    protected static string? ReasonOf(string? words) => string.IsNullOrWhiteSpace(words) ? null : Masking.Of().Excerpt(words);
}
