using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using NotificationBus.Channels.Http;
using NotificationBus.Providers;
using NotificationBus.Receipts;

namespace NotificationBus.Channels.Sms.Providers;

/// <summary>Vonage's ways to send a text message.</summary>
public enum VonageApi
{
    /// <summary>The Messages API.</summary>
    Messages,

    /// <summary>The older SMS API.</summary>
    Sms,
}

/// <summary>An account at Vonage: <c>Providers:{account}</c>.</summary>
public sealed class VonageOptions : SmsVendorOptions
{
    /// <summary>Messages, or Sms for an account that has only the older API; of that one no receipts are read. Default Messages.</summary>
    [EnumDataType(typeof(VonageApi), ErrorMessage = "must be Messages or Sms")]
    public VonageApi Api { get; set; }

    /// <summary>The API key. Required.</summary>
    public string ApiKey { get; set; } = "";

    /// <summary>The API secret; never logged. Required.</summary>
    public string ApiSecret { get; set; } = "";

    /// <summary>
    /// The signature secret of the account; several, separated by spaces, while it is changed. At least 16 characters each. Default: none,
    /// and no receipt is believed.
    /// </summary>
    public string? ReceiptSecret { get; set; }

    /// <inheritdoc />
    protected override string DefaultUrl => Api == VonageApi.Sms ? "https://rest.nexmo.com" : "https://api.nexmo.com";

    /// <inheritdoc />
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (
            var wrong in base.Validate(validationContext)
                .Concat(MustBeSet(ApiKey, nameof(ApiKey)))
                .Concat(MustBeSet(ApiSecret, nameof(ApiSecret)))
                .Concat(ReceiptCheck.MustBeLong(ReceiptSecret))
        )
            yield return wrong;

        if (From.Length == 0)
            yield return new ValidationResult("must be set", [nameof(From)]);

        // The receipts of the other API are signed in another way.
        if (Api == VonageApi.Sms && !string.IsNullOrEmpty(ReceiptUrl))
            yield return new ValidationResult("is for Api: Messages", [nameof(ReceiptUrl)]);
        if (Api == VonageApi.Sms && !string.IsNullOrEmpty(ReceiptSecret))
            yield return new ValidationResult("is for Api: Messages", [nameof(ReceiptSecret)]);
    }
}

/// <summary>
/// Sends through Vonage's Messages API, where 202 means submitted and whether the phone got it comes with the status webhook, or its SMS
/// API, which answers 200 to everything and says of each part of the text what became of it. Sources:
/// developer.vonage.com/en/api/messages, /en/messages/concepts/signed-webhooks (the signature),
/// /en/messages/concepts/messages-status-callbacks and /en/api-errors/messages; for the SMS API /en/api/sms,
/// /en/messaging/sms/guides/troubleshooting-sms and /en/api-errors/sms.
/// </summary>
public sealed class VonageSmsProvider(string name, VonageOptions options, TimeProvider clock) : SmsVendor(name, options, clock)
{
    static readonly TimeSpan LongestTimeToLive = TimeSpan.FromHours(72);

    // Of the SMS API.
    static readonly TimeSpan ShortestTimeToLive = TimeSpan.FromSeconds(20);

    /// <inheritdoc />
    protected override int LongestText => 1000;

    // 500 is an internal error, after which one is to try again shortly; what was submitted has its 202: /en/api-standards/http-codes/500.
    /// <inheritdoc />
    protected override ServerErrors Errors { get; } = ServerErrors.Usual;

    /// <inheritdoc />
    protected override string Credentials => "ApiKey and ApiSecret, the credit of the account, and what it may send";

    /// <inheritdoc />
    protected override IEnumerable<string> Secrets => [options.ApiSecret, options.ApiKey, .. ReceiptCheck.Several(options.ReceiptSecret)];

    /// <inheritdoc />
    protected override Receipt? Understand(ReceiptRequest request, JsonElement report)
    {
        var status = report.Find("status");
        var error = report.Find("error.title");
        var id = report.Find("message_uuid");
        ReceiptKind? kind = status switch
        {
            "delivered" => ReceiptKind.Confirmed,
            "read" => ReceiptKind.Read,
            "rejected" or "undeliverable" => KindOf(error),
            _ => null,
        };
        return kind is null || string.IsNullOrEmpty(id)
            ? null
            : new Receipt
            {
                Kind = kind.Value,
                Id = ReceiptCheck.IdOf(id, status, report.Find("timestamp")),
                At = TimeOf(report.Find("timestamp")),
                DeliveryId = IdOf(report.Find("client_ref")),
                ProviderMessageId = id,
                // Without the plus.
                Addresses = AddressesOf(report.Find("to") is { } to ? $"+{to.TrimStart('+')}" : null),
                Reason = error is null ? null : ReasonOf($"{status}, error {error}"),
            };
    }

    /// <inheritdoc />
    protected override HttpRequestMessage Request(Delivery delivery)
    {
        var request = options.Api == VonageApi.Sms ? OfSmsApi(delivery) : OfMessagesApi(delivery);
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"{options.ApiKey}:{options.ApiSecret}"))
        );
        return request;
    }

    /// <inheritdoc />
    protected override ProviderResult Translate(HttpAnswer answer, Delivery delivery) =>
        answer.Status switch
        {
            200 when options.Api == VonageApi.Sms => OfParts(answer),
            202 when options.Api == VonageApi.Messages && answer.Id("message_uuid") is { } id => new ProviderResult.Accepted(id),
            402 => new ProviderResult.Misconfigured($"{answer}: check {Credentials}"),
            404 => new ProviderResult.Misconfigured($"{answer}: check Url"),
            _ => ByStatus(answer),
        };

    HttpRequestMessage OfMessagesApi(Delivery delivery)
    {
        var content = (SmsContent)delivery.Content;
        return Post(
            "/v1/messages",
            Json(
                new
                {
                    message_type = "text",
                    channel = "sms",
                    to = delivery.Address.TrimStart('+'),
                    from = From(delivery).TrimStart('+'),
                    text = content.Text,
                    client_ref = $"{delivery.Id}",
                    ttl = TimeToLive(delivery) is { } left ? Math.Max(1, (int)left.TotalSeconds) : (int?)null,
                    webhook_url = string.IsNullOrEmpty(options.ReceiptUrl) ? null : options.ReceiptUrl,
                    // As it was counted.
                    sms = new { encoding_type = content.Encoding == SmsEncoding.Gsm7 ? "text" : "unicode" },
                }
            )
        );
    }

    HttpRequestMessage OfSmsApi(Delivery delivery)
    {
        var content = (SmsContent)delivery.Content;
        var fields = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["to"] = delivery.Address.TrimStart('+'),
            ["from"] = From(delivery).TrimStart('+'),
            ["text"] = content.Text,
            // As it was counted.
            ["type"] = content.Encoding == SmsEncoding.Gsm7 ? "text" : "unicode",
            ["client-ref"] = $"{delivery.Id}",
        };
        // In milliseconds here.
        if (TimeToLive(delivery) is { } left)
            fields["ttl"] = ((long)Math.Max(left.TotalMilliseconds, ShortestTimeToLive.TotalMilliseconds)).ToString(
                CultureInfo.InvariantCulture
            );
        return Post("/sms/json", new FormUrlEncodedContent(fields));
    }

    /// <summary>Computes for how long it is worth trying; null when Vonage gives up by itself before.</summary>
    TimeSpan? TimeToLive(Delivery delivery) => delivery.ExpiresAt - Clock.GetUtcNow() is { } left && left < LongestTimeToLive ? left : null;

    ProviderResult OfParts(HttpAnswer answer)
    {
        var parts = answer.Json?.Items("messages").Select(part => part.Find("status")).Distinct(StringComparer.Ordinal).ToList() ?? [];
        // To send the rest, all of it would have to be sent again.
        if (parts.Count > 1 && parts.Contains("0"))
            return new ProviderResult.Rejected($"{answer}: sent in part, and not sent again");

        var results = parts.Select(status => OfPart(status, answer)).ToList();
        return results.Find(result => result is ProviderResult.InDoubt)
            ?? results.FirstOrDefault()
            ?? new ProviderResult.InDoubt($"{answer}");
    }

    ProviderResult OfPart(string? status, HttpAnswer answer) =>
        status switch
        {
            "0" => new ProviderResult.Accepted(answer.Id("messages.0.message-id")),
            // Too fast, too many at the same time.
            "1" or "10" => new ProviderResult.Throttled($"{answer}", answer.RetryAfter),
            // A parameter that is missing or wrong, a number it knows no way to, a text that is too long.
            "2" or "3" or "6" or "12" => new ProviderResult.Declined($"{answer}"),
            "7" => new ProviderResult.Rejected($"{answer}", AddressIsWrong: true),
            // Credentials, an account that is barred, without credit or without this API, signatures that are asked for.
            "4" or "8" or "9" or "11" or "14" or "32" => new ProviderResult.Misconfigured($"{answer}: check {Credentials}"),
            "15" => new ProviderResult.Misconfigured($"{answer}: check From") { MayBeSender = true },
            // Somebody has to mend the account, which takes other numbers meanwhile.
            "29" => new ProviderResult.Unavailable(
                $"{answer}: an account on trial sends only to numbers that are registered with it",
                OnlyThisDelivery: true
            ),
            // 5 is a failure of Vonage's own, and of what is not named here nobody knows.
            _ => new ProviderResult.InDoubt($"{answer}"),
        };

    // Codes of /en/api-errors/messages that are about the number and will not change: barred, no number, gone for good, unknown.
    static ReceiptKind KindOf(string? error) =>
        error is "1050" or "1170" or "1190" or "1240" ? ReceiptKind.HardBounce : ReceiptKind.Undelivered;

    /// <inheritdoc />
    public override int LongestReceipt => OneReceipt;

    /// <inheritdoc />
    public override string? RefuseUnread(ReceiptRequest head) => Check(head).Refused;

    /// <inheritdoc />
    protected override string? Prove(ReceiptRequest request)
    {
        var (refused, claims) = Check(request);
        if (refused is not null)
            return refused;

        // Optional in Vonage's eyes; what is not covered, anybody in between could write.
        return ReceiptCheck.IsSame(claims.Find("payload_hash") ?? "", Convert.ToHexStringLower(SHA256.HashData(request.Body.Span)))
            ? null
            : "payload_hash is not of this body";
    }

    /// <summary>Checks the token in the header: what it says of the body, or why it cannot be believed.</summary>
    (string? Refused, JsonElement Claims) Check(ReceiptRequest request)
    {
        var secrets = ReceiptCheck.Several(options.ReceiptSecret);
        if (secrets.Count == 0)
            return (ReceiptCheck.NotSet(Name, nameof(options.ReceiptSecret)), default);
        if (
            request.Header("Authorization")?.Split(' ', 2, StringSplitOptions.TrimEntries) is not [var scheme, var token]
            || !scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase)
        )
            return ("there is no token in Authorization: switch on signed webhooks", default);
        if (JsonWebToken.Verify(token, secrets.Select(Encoding.UTF8.GetBytes)) is not { } claims)
            return ("the signature is wrong: check ReceiptSecret", default);
        if (!ReceiptCheck.IsNow(claims.Find("iat"), Clock))
            return ("it was signed more than 5 minutes ago, or by a clock that is wrong", default);
        if (claims.Find("api_key") != options.ApiKey)
            return ("it is of another account: check ApiKey", default);

        return (null, claims);
    }
}
