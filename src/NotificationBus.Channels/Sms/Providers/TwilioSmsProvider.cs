using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using NotificationBus.Channels.Http;
using NotificationBus.Providers;
using NotificationBus.Receipts;

namespace NotificationBus.Channels.Sms.Providers;

/// <summary>An account at Twilio: <c>Providers:{account}</c>.</summary>
public sealed class TwilioOptions : SmsVendorOptions
{
    /// <summary>The account, <c>AC…</c>. Required.</summary>
    public string AccountSid { get; set; } = "";

    /// <summary>
    /// The auth token of the account, which also signs receipts; never logged. Required, unless <see cref="ApiKey"/> is set.
    /// </summary>
    public string AuthToken { get; set; } = "";

    /// <summary>An API key, <c>SK…</c>, to send with in the place of the auth token. Default: none.</summary>
    public string? ApiKey { get; set; }

    /// <summary>The secret of <see cref="ApiKey"/>; never logged. Default: none.</summary>
    public string? ApiKeySecret { get; set; }

    /// <summary>
    /// The messaging service, <c>MG…</c>, that chooses the sender in the place of <see cref="SmsVendorOptions.From"/>. Default: none.
    /// </summary>
    public string? MessagingServiceSid { get; set; }

    /// <summary>
    /// The auth token that signs receipts; several, separated by spaces, while it is changed. Default: <see cref="AuthToken"/>; without
    /// both, no receipt is believed.
    /// </summary>
    public string? ReceiptToken { get; set; }

    /// <inheritdoc />
    protected override string DefaultUrl => "https://api.twilio.com";

    internal bool UsesApiKey => !string.IsNullOrEmpty(ApiKey);

    /// <inheritdoc />
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var wrong in base.Validate(validationContext))
            yield return wrong;

        if (!IsSid(AccountSid, "AC"))
            yield return new ValidationResult("must be AC and 32 hexadecimal digits", [nameof(AccountSid)]);

        if (UsesApiKey && !IsSid(ApiKey!, "SK"))
            yield return new ValidationResult("must be SK and 32 hexadecimal digits", [nameof(ApiKey)]);

        foreach (var wrong in UsesApiKey ? MustBeSet(ApiKeySecret, nameof(ApiKeySecret)) : MustBeSet(AuthToken, nameof(AuthToken)))
            yield return wrong;

        if (!string.IsNullOrEmpty(MessagingServiceSid) && !IsSid(MessagingServiceSid, "MG"))
            yield return new ValidationResult("must be MG and 32 hexadecimal digits", [nameof(MessagingServiceSid)]);
        else if (From.Length == 0 && string.IsNullOrEmpty(MessagingServiceSid))
            yield return new ValidationResult("must be set, or MessagingServiceSid", [nameof(From)]);
    }

    static bool IsSid(string text, string prefix) =>
        text.Length == 34 && text.StartsWith(prefix, StringComparison.Ordinal) && text[2..].All(char.IsAsciiHexDigit);
}

/// <summary>
/// Sends through Twilio. 201 means queued; whether the phone got it comes with the status callback. Sources:
/// twilio.com/docs/messaging/api/message-resource, /docs/messaging/guides/outbound-message-status-in-status-callbacks,
/// /docs/usage/webhooks/webhooks-security (the signature) and /docs/api/errors.
/// </summary>
public sealed class TwilioSmsProvider(string name, TwilioOptions options, TimeProvider clock) : SmsVendor(name, options, clock)
{
    const string Signature = "X-Twilio-Signature";

    // The query of the receipt's address, which Twilio repeats and signs: the callback carries nothing else of ours.
    const string DeliveryParameter = "delivery";

    const int MostParameters = 1_000;

    static readonly TimeSpan LongestValidity = TimeSpan.FromHours(10);

    /// <inheritdoc />
    protected override int LongestText => 1600;

    // After 500 a repeated POST may text twice: /docs/api/errors/20500. 503 is a service that is not available: /docs/api/errors/20503.
    /// <inheritdoc />
    protected override ServerErrors Errors { get; } = ServerErrors.Usual.ButInDoubt("500");

    /// <inheritdoc />
    protected override string Credentials => options.UsesApiKey ? "AccountSid, ApiKey and ApiKeySecret" : "AccountSid and AuthToken";

    /// <inheritdoc />
    protected override IEnumerable<string> Secrets =>
        [
            options.AuthToken,
            .. new[] { options.ApiKeySecret, options.MessagingServiceSid }.OfType<string>(),
            .. ReceiptCheck.Several(options.ReceiptToken),
        ];

    /// <inheritdoc />
    protected override ReceiptReading ReadProven(ReceiptRequest request) =>
        new ReceiptReading.Genuine(Understand(request) is { } receipt ? [receipt] : []);

    Receipt? Understand(ReceiptRequest request)
    {
        var parameters = FormOf(request);
        var status = (string?)parameters.GetValueOrDefault("MessageStatus");
        var error = (string?)parameters.GetValueOrDefault("ErrorCode");
        var sid = (string?)parameters.GetValueOrDefault("MessageSid");
        ReceiptKind? kind = status switch
        {
            "delivered" => ReceiptKind.Confirmed,
            "read" => ReceiptKind.Read,
            "undelivered" or "failed" => KindOf(error),
            _ => null,
        };
        return kind is null || string.IsNullOrEmpty(sid)
            ? null
            : new Receipt
            {
                Kind = kind.Value,
                Id = ReceiptCheck.IdOf(sid, status, error),
                // The callback does not say when.
                At = Clock.GetUtcNow(),
                DeliveryId = IdOf(QueryHelpers.ParseQuery(request.Url.Query).GetValueOrDefault(DeliveryParameter)),
                ProviderMessageId = sid,
                Addresses = AddressesOf((string?)parameters.GetValueOrDefault("To")),
                Reason = string.IsNullOrEmpty(error) ? null : ReasonOf($"{status}, error {error}"),
            };
    }

    /// <inheritdoc />
    protected override HttpRequestMessage Request(Delivery delivery)
    {
        var fields = new List<KeyValuePair<string, string>>
        {
            new("To", delivery.Address),
            delivery.Sender is not null || string.IsNullOrEmpty(options.MessagingServiceSid)
                ? new("From", From(delivery))
                : new("MessagingServiceSid", options.MessagingServiceSid),
            new("Body", ((SmsContent)delivery.Content).Text),
        };
        if (!string.IsNullOrEmpty(options.ReceiptUrl))
            fields.Add(new("StatusCallback", $"{options.ReceiptUrl}?{DeliveryParameter}={delivery.Id}"));
        // Twilio gives up by itself after ten hours.
        if (delivery.ExpiresAt - Clock.GetUtcNow() is { } left && left < LongestValidity)
            fields.Add(new("ValidityPeriod", Math.Max(1, (int)left.TotalSeconds).ToString(CultureInfo.InvariantCulture)));

        var request = Post($"/2010-04-01/Accounts/{options.AccountSid}/Messages.json", new FormUrlEncodedContent(fields));
        var user = options.UsesApiKey ? $"{options.ApiKey}:{options.ApiKeySecret}" : $"{options.AccountSid}:{options.AuthToken}";
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(user)));
        return request;
    }

    /// <inheritdoc />
    protected override ProviderResult Translate(HttpAnswer answer, Delivery delivery) =>
        (answer.Status, answer.Find("code")) switch
        {
            (201, _) when answer.Id("sid") is { } id => new ProviderResult.Accepted(id),
            // Twilio's word is that it was not processed.
            (429, _) or (>= 400 and < 500, "20429") => new ProviderResult.Throttled($"{answer}", answer.RetryAfter),
            (>= 400, "21211" or "21610" or "21614" or "21635" or "30005" or "30006") => new ProviderResult.Rejected(
                $"{answer}",
                AddressIsWrong: true
            ),
            (>= 400, "21602" or "21617" or "30007") => new ProviderResult.Declined($"{answer}"),
            (>= 400, "20003") => new ProviderResult.Misconfigured($"{answer}: check {Credentials}"),
            // Somebody has to mend the account, which takes other numbers meanwhile.
            (>= 400, "21408") => new ProviderResult.Unavailable(
                $"{answer}: allow the country in the account's geographic permissions",
                OnlyThisDelivery: true
            ),
            (>= 400, "21608") => new ProviderResult.Unavailable(
                $"{answer}: an account on trial sends only to numbers that are verified with it",
                OnlyThisDelivery: true
            ),
            (>= 400, "21606" or "21659") => new ProviderResult.Misconfigured($"{answer}: check From") { MayBeSender = true },
            (>= 400, "30002" or "30004") => new ProviderResult.Misconfigured($"{answer}: check the state of the account"),
            (>= 400, "30001" or "30003" or "30008") => new ProviderResult.Unavailable(
                $"{answer}",
                answer.RetryAfter,
                OnlyThisDelivery: true
            ),
            (>= 400, "30410") => new ProviderResult.InDoubt($"{answer}"),
            (404, _) => new ProviderResult.Misconfigured($"{answer}: check AccountSid and Url"),
            _ => ByStatus(answer),
        };

    static ReceiptKind KindOf(string? error) =>
        error switch
        {
            "21610" => ReceiptKind.OptedOut,
            "21211" or "21614" or "21635" or "30005" or "30006" => ReceiptKind.HardBounce,
            _ => ReceiptKind.Undelivered,
        };

    static Dictionary<string, StringValues> FormOf(ReceiptRequest request) =>
        request.Header("Content-Type")?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) == true
            ? QueryHelpers.ParseQuery(Encoding.UTF8.GetString(request.Body.Span))
            : [];

    /// <inheritdoc />
    public override int LongestReceipt => OneReceipt;

    IReadOnlyList<string> ReceiptTokens =>
        ReceiptCheck.Several(options.ReceiptToken) is { Count: > 0 } several ? several : ReceiptCheck.Several(options.AuthToken);

    /// <inheritdoc />
    public override string? RefuseUnread(ReceiptRequest head) =>
        ReceiptTokens.Count == 0 ? ReceiptCheck.NotSet(Name, nameof(options.ReceiptToken))
        : ReceiptCheck.FromBase64(head.Header(Signature)) is { Length: > 0 } ? null
        : $"there is no {Signature}";

    /// <inheritdoc />
    protected override string? Prove(ReceiptRequest request)
    {
        if (RefuseUnread(request) is { } unproven)
            return unproven;
        // Twilio has a few dozen. All of them are sorted before the signature can be told.
        if (request.Body.Span.Count((byte)'&') >= MostParameters)
            return $"it has more than {MostParameters} parameters";

        var (given, tokens, parameters) = (ReceiptCheck.FromBase64(request.Header(Signature))!, ReceiptTokens, FormOf(request));
        // A body that is no form is signed by its hash in the address.
        if (
            parameters.Count == 0
            && !request.Body.IsEmpty
            && !ReceiptCheck.IsSame(
                QueryHelpers.ParseQuery(request.Url.Query).GetValueOrDefault("bodySHA256").ToString(),
                Convert.ToHexStringLower(SHA256.HashData(request.Body.Span))
            )
        )
        {
            return "bodySHA256 is not of this body";
        }

        var signedParameters = string.Concat(
            parameters
                .OrderBy(parameter => parameter.Key, StringComparer.Ordinal)
                .SelectMany(parameter =>
                    parameter.Value.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(value => parameter.Key + value)
                )
        );
        var isSigned = (from url in Forms(request.Url) from token in tokens select Sign(token, url + signedParameters)).Aggregate(
            false,
            (found, expected) => found | CryptographicOperations.FixedTimeEquals(given, expected)
        );
        return isSigned ? null : "the signature is wrong: check AuthToken, and that ReceiptUrl is the address Twilio posts to";
    }

    // Whether the usual port stands in the address is different from one of Twilio's products to the other.
    static IEnumerable<string> Forms(Uri url) =>
        [
            url.OriginalString,
            $"{url.Scheme}://{url.IdnHost}{url.PathAndQuery}",
            $"{url.Scheme}://{url.IdnHost}:{url.Port}{url.PathAndQuery}",
        ];

    // Twilio signs with nothing newer.
#pragma warning disable CA5350
    static byte[] Sign(string token, string text) => HMACSHA1.HashData(Encoding.UTF8.GetBytes(token), Encoding.UTF8.GetBytes(text));
#pragma warning restore CA5350
}
