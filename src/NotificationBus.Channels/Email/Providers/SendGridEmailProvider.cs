using System.ComponentModel.DataAnnotations;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using NotificationBus.Channels.Http;
using NotificationBus.Providers;
using NotificationBus.Receipts;

namespace NotificationBus.Channels.Email.Providers;

/// <summary>An account at SendGrid: <c>Providers:{account}</c>.</summary>
public sealed class SendGridOptions : EmailVendorOptions
{
    /// <summary>The API key, with the permission "Mail Send"; never logged. Required.</summary>
    [Required(ErrorMessage = "must be set to an API key")]
    public string ApiKey { get; set; } = "";

    /// <summary>
    /// The verification key of the Signed Event Webhook, as SendGrid shows it (base64); several, separated by spaces, while it is
    /// changed. Default: none, and no receipt is believed.
    /// </summary>
    public string? ReceiptKey { get; set; }

    /// <inheritdoc />
    protected override string DefaultUrl => "https://api.sendgrid.com";

    /// <inheritdoc />
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var wrong in base.Validate(validationContext).Concat(MustBeSet(ApiKey, nameof(ApiKey))))
            yield return wrong;

        if (!ReceiptCheck.Several(ReceiptKey).All(IsKey))
            yield return new ValidationResult(
                "must be the verification key of the Event Webhook: an elliptic-curve public key in base64",
                [nameof(ReceiptKey)]
            );
    }

    static bool IsKey(string text)
    {
        try
        {
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(ReceiptCheck.FromBase64(text), out _);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}

/// <summary>
/// Sends through SendGrid. 202 means queued; a suppressed address gets it as well, and a <c>dropped</c> in the Event Webhook.
/// Sources: twilio.com/docs/sendgrid/api-reference/mail-send, /for-developers/tracking-events/event (events and their fields) and
/// /for-developers/tracking-events/getting-started-event-webhook-security-features (the signature).
/// </summary>
public sealed class SendGridEmailProvider(string name, SendGridOptions options, TimeProvider clock) : EmailVendor(name, options, clock)
{
    const string Signature = "X-Twilio-Email-Event-Webhook-Signature";
    const string Timestamp = "X-Twilio-Email-Event-Webhook-Timestamp";

    // 500: "the server fails to process" the request; 503: the API is not available. It knows no repetition.
    // /docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/errors
    /// <inheritdoc />
    protected override ServerErrors Errors { get; } = ServerErrors.Usual;

    // 20 MB with the mail, encoded, a third larger: twilio.com/docs/sendgrid/ui/sending-email (message size).
    /// <inheritdoc />
    protected override int LargestFiles => 14_500_000;

    /// <inheritdoc />
    protected override string Credentials => "ApiKey and its permissions, and that From is a verified sender";

    /// <inheritdoc />
    protected override HttpRequestMessage Request(Delivery delivery)
    {
        var content = (EmailContent)delivery.Content;
        var request = Post(
            "/v3/mail/send",
            Json(
                new
                {
                    // SendGrid takes a name with a comma apart, and drops the mail for the first half of it:
                    // github.com/sendgrid/sendgrid-csharp/issues/268.
                    personalizations = new[]
                    {
                        new
                        {
                            to = new[] { new { email = delivery.Address, name = EmailRules.Phrase(NameOf(delivery)) } },
                            cc = content.Cc?.Select(copy => new { email = copy }),
                            custom_args = new Dictionary<string, string>(StringComparer.Ordinal) { [DeliveryTag] = $"{delivery.Id}" },
                        },
                    },
                    from = new { email = From(delivery), name = EmailRules.Phrase(SenderName(delivery)) },
                    reply_to = content.ReplyTo is { } replyTo ? new { email = replyTo } : null,
                    subject = SubjectOf(delivery),
                    // In this order: plain text comes first.
                    content = new[] { new { type = "text/plain", value = content.Text }, new { type = "text/html", value = content.Html } },
                    attachments = content.Attachments?.Select(file => new
                    {
                        content = file.Base64,
                        type = file.Type,
                        filename = file.Name,
                        disposition = "attachment",
                    }),
                    headers = HeadersOf(delivery, ("Message-ID", MessageIdOf(delivery))),
                }
            )
        );
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", options.ApiKey);
        return request;
    }

    /// <inheritdoc />
    protected override bool StatusSaysItAll(int status) => status == 202;

    /// <inheritdoc />
    protected override ProviderResult Translate(HttpAnswer answer, Delivery delivery) =>
        answer.Status switch
        {
            202 => new ProviderResult.Accepted(answer.Header("X-Message-Id")),
            // What a request in sandbox mode is answered with: checked and thrown away.
            200 when answer.Text.Trim() is "" or "{}" => new ProviderResult.Misconfigured(
                $"{answer}: the mail was not sent, SendGrid is in sandbox mode"
            ),
            429 => new ProviderResult.Throttled($"{answer}", answer.RetryAfter ?? answer.UntilEpoch("X-RateLimit-Reset")),
            // Also a sender that the account has not verified.
            403 => new ProviderResult.Misconfigured($"{answer}: check {Credentials}") { MayBeSender = true },
            _ => ByStatus(answer),
        };

    /// <inheritdoc />
    protected override RateLimit? RateLimitOf(HttpAnswer answer) =>
        answer.Count("X-RateLimit-Remaining") is { } remaining && answer.UntilEpoch("X-RateLimit-Reset") is { } reset
            ? new RateLimit(remaining, reset)
            : null;

    /// <inheritdoc />
    public override string? RefuseUnread(ReceiptRequest head) =>
        ReceiptCheck.Several(options.ReceiptKey).Count == 0 ? ReceiptCheck.NotSet(Name, nameof(options.ReceiptKey))
        : head.Header(Timestamp) is not { } timestamp || ReceiptCheck.FromBase64(head.Header(Signature)) is null
            ? $"there is no {Signature}: switch on the Signed Event Webhook"
        : ReceiptCheck.IsNow(timestamp, Clock) ? null
        : "it was signed more than 5 minutes ago, or by a clock that is wrong";

    /// <inheritdoc />
    protected override string? Prove(ReceiptRequest request)
    {
        if (RefuseUnread(request) is { } unproven)
            return unproven;

        var signature = ReceiptCheck.FromBase64(request.Header(Signature))!;
        byte[] signed = [.. Encoding.UTF8.GetBytes(request.Header(Timestamp)!), .. request.Body.Span];
        return ReceiptCheck.Several(options.ReceiptKey).Any(key => IsSignedWith(key, signed, signature))
            ? null
            : "the signature is wrong: check ReceiptKey";
    }

    /// <inheritdoc />
    protected override Receipt? Understand(ReceiptRequest request, JsonElement report)
    {
        var words = report.Find("reason") ?? report.Find("response");
        ReceiptKind? kind = report.Find("event") switch
        {
            "delivered" => ReceiptKind.Confirmed,
            "bounce" => report.Find("type") == "blocked" ? ReceiptKind.Undelivered : ReceiptKind.HardBounce,
            "dropped" => KindOfDrop(words),
            "spamreport" => ReceiptKind.Complained,
            "unsubscribe" => ReceiptKind.OptedOut,
            "group_unsubscribe" => ReceiptKind.Unsubscribed,
            "open" => ReceiptKind.Opened,
            "click" => ReceiptKind.Read,
            _ => null,
        };
        var messageId = report.Find("sg_message_id");
        return kind is null
            ? null
            : new Receipt
            {
                Kind = kind.Value,
                Id = report.Find("sg_event_id") is { Length: > 0 and <= 200 } id
                    ? id
                    : ReceiptCheck.IdOf(report.Find("event"), messageId, report.Find("timestamp")),
                At = TimeOf(report.Find("timestamp")),
                Click = kind == ReceiptKind.Read ? ReceiptClick.Of(report.Find("url"), report.Find("useragent")) : null,
                DeliveryId = IdOf(report.Find(DeliveryTag)),
                // The answer's X-Message-Id, with the machine that took it behind a dot.
                ProviderMessageId = messageId?.Split('.')[0],
                Addresses = AlwaysNamed(report.Find("email")),
                Reason = ReasonOf(words),
            };
    }

    // SendGrid has not even tried, because of what it knows of the address; or of the content, or of the account.
    static ReceiptKind KindOfDrop(string? reason) =>
        reason switch
        {
            "Bounced Address" or "Invalid" => ReceiptKind.HardBounce,
            "Spam Reporting Address" => ReceiptKind.Complained,
            "Unsubscribed Address" => ReceiptKind.OptedOut,
            _ => ReceiptKind.Undelivered,
        };

    static bool IsSignedWith(string key, byte[] signed, byte[] signature)
    {
        try
        {
            using var ecdsa = ECDsa.Create();
            ecdsa.ImportSubjectPublicKeyInfo(ReceiptCheck.FromBase64(key), out _);
            return ecdsa.VerifyData(signed, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
