using System.ComponentModel.DataAnnotations;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

using NotificationBus.Channels.Http;
using NotificationBus.Receipts;
using NotificationBus.Sending;

namespace NotificationBus.Channels.Sms.Providers;

/// <summary>An account at Vonage: <c>Providers:{account}</c>.</summary>
public sealed class VonageOptions : SmsVendorOptions
{
    /// <summary>The API key. Required.</summary>
    public string ApiKey { get; set; } = "";

    /// <summary>The API secret; never logged. Required.</summary>
    public string ApiSecret { get; set; } = "";

    /// <summary>The signature secret of the account; several, separated by spaces, while it is changed. At least 16 characters each. Default: none, and no receipt is believed.</summary>
    public string? ReceiptSecret { get; set; }

    /// <inheritdoc />
    protected override string DefaultUrl => "https://api.nexmo.com";

    /// <inheritdoc />
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var wrong in base.Validate(validationContext).Concat(MustBeSet(ApiKey, nameof(ApiKey))).Concat(MustBeSet(ApiSecret, nameof(ApiSecret))).Concat(ReceiptCheck.MustBeLong(ReceiptSecret)))
            yield return wrong;

        if (From.Length == 0)
            yield return new ValidationResult("must be set", [nameof(From)]);
    }
}

/// <summary>
/// Sends through Vonage's Messages API. 202 means submitted; whether the phone got it comes with the status webhook. Sources:
/// developer.vonage.com/en/api/messages, /en/messages/concepts/signed-webhooks (the signature), /en/messages/concepts/messages-status-callbacks
/// and /en/api-errors/messages.
/// </summary>
public sealed class VonageSmsProvider(string name, VonageOptions options, TimeProvider clock) : SmsVendor(name, options, clock)
{
    static readonly TimeSpan LongestTimeToLive = TimeSpan.FromHours(72);

    /// <inheritdoc />
    protected override int LongestText => 1000;

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
        return kind is null || string.IsNullOrEmpty(id) ? null : new Receipt
        {
            Kind = kind.Value,
            Id = ReceiptCheck.IdOf(id, status, report.Find("timestamp")),
            At = TimeOf(report.Find("timestamp")),
            DeliveryId = IdOf(report.Find("client_ref")),
            ProviderMessageId = id,
            Reason = error is null ? null : ReasonOf($"{status}, error {error}"),
        };
    }

    /// <inheritdoc />
    protected override HttpRequestMessage Request(Delivery delivery)
    {
        var content = (SmsContent)delivery.Content;
        var request = Post("/v1/messages", Json(new
        {
            message_type = "text",
            channel = "sms",
            to = delivery.Address.TrimStart('+'),
            from = options.From.TrimStart('+'),
            text = content.Text,
            client_ref = $"{delivery.Id}",
            // Vonage gives up by itself after 72 hours.
            ttl = delivery.ExpiresAt - Clock.GetUtcNow() is { } left && left < LongestTimeToLive ? Math.Max(1, (int)left.TotalSeconds) : (int?)null,
            webhook_url = string.IsNullOrEmpty(options.ReceiptUrl) ? null : options.ReceiptUrl,
            // As it was counted.
            sms = new { encoding_type = content.Encoding == SmsEncoding.Gsm7 ? "text" : "unicode" },
        }));
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{options.ApiKey}:{options.ApiSecret}")));
        return request;
    }

    /// <inheritdoc />
    protected override ProviderResult Translate(HttpAnswer answer, Delivery delivery) => answer.Status switch
    {
        202 when answer.Id("message_uuid") is { } id => new ProviderResult.Accepted(id),
        402 => new ProviderResult.Misconfigured($"{answer}: check {Credentials}"),
        404 => new ProviderResult.Misconfigured($"{answer}: check Url"),
        _ => ByStatus(answer),
    };

    // Codes of /en/api-errors/messages that are about the number and will not change: barred, no number, gone for good, unknown.
    static ReceiptKind KindOf(string? error) => error is "1050" or "1170" or "1190" or "1240" ? ReceiptKind.HardBounce : ReceiptKind.Undelivered;

    /// <inheritdoc />
    protected override string? Prove(ReceiptRequest request)
    {
        var secrets = ReceiptCheck.Several(options.ReceiptSecret);
        if (secrets.Count == 0)
            return ReceiptCheck.NotSet(Name, nameof(options.ReceiptSecret));
        if (request.Header("Authorization")?.Split(' ', 2, StringSplitOptions.TrimEntries) is not [var scheme, var token] || !scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
            return "there is no token in Authorization: switch on signed webhooks";
        if (JsonWebToken.Verify(token, secrets.Select(Encoding.UTF8.GetBytes)) is not { } claims)
            return "the signature is wrong: check ReceiptSecret";
        if (!ReceiptCheck.IsNow(claims.Find("iat"), Clock))
            return "it was signed more than 5 minutes ago, or by a clock that is wrong";
        if (claims.Find("api_key") != options.ApiKey)
            return "it is of another account: check ApiKey";

        // Optional in Vonage's eyes; what is not covered, anybody in between could write.
        return ReceiptCheck.IsSame(claims.Find("payload_hash") ?? "", Convert.ToHexStringLower(SHA256.HashData(request.Body.Span))) ? null : "payload_hash is not of this body";
    }
}
