using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using NotificationBus.Channels.Http;
using NotificationBus.Providers;
using NotificationBus.Receipts;

namespace NotificationBus.Channels.Email.Providers;

/// <summary>An account at Brevo: <c>Providers:{account}</c>.</summary>
public sealed class BrevoOptions : EmailVendorOptions
{
    /// <summary>The API key, <c>xkeysib-…</c>; never logged. Required.</summary>
    [Required(ErrorMessage = "must be set to an API key")]
    public string ApiKey { get; set; } = "";

    /// <summary>
    /// The secret with which the webhook proves itself: the bearer token, or <c>user:password</c>, that was set when it was made; several,
    /// separated by spaces, while it is changed. At least 16 characters each. Default: none, and no receipt is believed.
    /// </summary>
    public string? ReceiptSecret { get; set; }

    /// <inheritdoc />
    protected override string DefaultUrl => "https://api.brevo.com";

    /// <inheritdoc />
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        base.Validate(validationContext).Concat(MustBeSet(ApiKey, nameof(ApiKey))).Concat(ReceiptCheck.MustBeLong(ReceiptSecret));
}

/// <summary>
/// Sends through Brevo, which does nothing twice under one idempotencyKey: for 30 minutes by its documentation, for 15 by its changelog,
/// and no more than 15 are counted on. Its webhooks carry no signature, but what they were told to. Sources:
/// developers.brevo.com/docs/transactional-webhooks, /docs/secured-webhooks, /docs/heterogenous-versions-batch-emails (idempotency),
/// /changelog/email-api-now-supports-idempotency, /docs/how-it-works and /docs/api-limits.
/// </summary>
public sealed class BrevoEmailProvider(string name, BrevoOptions options, TimeProvider clock) : EmailVendor(name, options, clock)
{
    // The one header that webhooks repeat.
    const string Carrier = "X-Mailin-custom";

    // A failure is "on Brevo's side"; nothing is said of mail that goes out all the same. What a gateway loses is asked for again under the
    // key.
    /// <inheritdoc />
    protected override ServerErrors Errors { get; } = ServerErrors.Usual;

    /// <inheritdoc />
    public override TimeSpan? KnowsRepetitionFor => TimeSpan.FromMinutes(15);

    // developers.brevo.com/reference/send-transac-email; a longer one is refused: github.com/getbrevo/brevo-go/issues/29.
    /// <inheritdoc />
    protected override int LongestName => 70;

    /// <inheritdoc />
    protected override string Credentials => "ApiKey, and that Brevo lets this machine's address in";

    /// <inheritdoc />
    protected override IEnumerable<string> Secrets => ReceiptCheck.Several(options.ReceiptSecret);

    /// <inheritdoc />
    protected override HttpRequestMessage Request(Delivery delivery)
    {
        var content = (EmailContent)delivery.Content;
        var request = Post(
            "/v3/smtp/email",
            Json(
                new
                {
                    sender = new { email = From(delivery), name = SenderName(delivery) },
                    to = new[] { new { email = delivery.Address, name = NameOf(delivery) } },
                    cc = content.Cc?.Select(copy => new { email = copy }),
                    replyTo = content.ReplyTo is { } replyTo ? new { email = replyTo } : null,
                    // Its type Brevo takes from the name: /reference/send-transac-email.
                    attachment = content.Attachments?.Select(file => new { content = file.Base64, name = file.Name }),
                    subject = SubjectOf(delivery),
                    htmlContent = content.Html,
                    textContent = content.Text,
                    headers = HeadersOf(delivery, ("idempotencyKey", $"{delivery.Id}"), (Carrier, $"{delivery.Id}")),
                }
            )
        );
        request.Headers.Add("api-key", options.ApiKey);
        return request;
    }

    /// <inheritdoc />
    protected override ProviderResult Translate(HttpAnswer answer, Delivery delivery) =>
        (answer.Status, answer.Find("code")) switch
        {
            (201 or 202, _) when answer.Id("messageId") is { } id => new ProviderResult.Accepted(id),
            // The key was used: an earlier try of this delivery was taken, and nobody has told us.
            (400, "duplicate_parameter") => new ProviderResult.Accepted(null),
            (402, _) or (400, "not_enough_credits") => new ProviderResult.Misconfigured($"{answer}: check the credits of the account"),
            (400, "unauthorized" or "permission_denied" or "account_under_validation") => new ProviderResult.Misconfigured(
                $"{answer}: check {Credentials}"
            ),
            // No such path; Brevo makes contacts that it misses.
            (404, _) => new ProviderResult.Misconfigured($"{answer}: check Url"),
            (429, _) => new ProviderResult.Throttled($"{answer}", answer.RetryAfter ?? answer.Seconds("x-sib-ratelimit-reset")),
            _ => ByStatus(answer),
        };

    /// <inheritdoc />
    protected override RateLimit? RateLimitOf(HttpAnswer answer) =>
        answer.Count("x-sib-ratelimit-remaining") is { } remaining && answer.Seconds("x-sib-ratelimit-reset") is { } reset
            ? new RateLimit(remaining, reset)
            : null;

    /// <inheritdoc />
    public override string? RefuseUnread(ReceiptRequest head) => Prove(head);

    /// <inheritdoc />
    protected override string? Prove(ReceiptRequest request) =>
        ReceiptCheck.Several(options.ReceiptSecret) is not { Count: > 0 } secrets ? ReceiptCheck.NotSet(Name, nameof(options.ReceiptSecret))
        : ReceiptCheck.IsAuthorized(request, secrets) ? null
        : "Authorization is wrong: set the webhook's token, or user and password, to ReceiptSecret";

    /// <inheritdoc />
    protected override Receipt? Understand(ReceiptRequest request, JsonElement report)
    {
        ReceiptKind? kind = report.Find("event") switch
        {
            "delivered" => ReceiptKind.Confirmed,
            "hard_bounce" or "invalid_email" or "blocked" => ReceiptKind.HardBounce,
            "soft_bounce" => ReceiptKind.SoftBounce,
            "error" => ReceiptKind.Undelivered,
            "spam" or "complaint" => ReceiptKind.Complained,
            "unsubscribed" => ReceiptKind.Unsubscribed,
            "opened" or "unique_opened" or "proxy_open" or "unique_proxy_open" => ReceiptKind.Opened,
            "click" => ReceiptKind.Read,
            _ => null,
        };
        var messageId = report.Find("message-id");
        return kind is null
            ? null
            : new Receipt
            {
                Kind = kind.Value,
                // The field "id" is the webhook's.
                Id = ReceiptCheck.IdOf(report.Find("event"), messageId, report.Find("ts_event"), report.Find("link")),
                At = TimeOf(report.Find("ts_event")),
                Click = kind == ReceiptKind.Read ? ReceiptClick.Of(report.Find("link"), report.Find("user_agent")) : null,
                DeliveryId = IdOf(report.Find(Carrier)),
                ProviderMessageId = messageId,
                Addresses = AlwaysNamed(report.Find("email")),
                Reason = ReasonOf(report.Find("reason")),
            };
    }
}
