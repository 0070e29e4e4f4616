using System.ComponentModel.DataAnnotations;
using System.Net.Http.Headers;
using System.Text.Json;
using NotificationBus.Channels.Http;
using NotificationBus.Providers;
using NotificationBus.Receipts;

namespace NotificationBus.Channels.Email.Providers;

/// <summary>An account at Resend: <c>Providers:{account}</c>.</summary>
public sealed class ResendOptions : EmailVendorOptions
{
    /// <summary>The API key; never logged. Required.</summary>
    [Required(ErrorMessage = "must be set to an API key")]
    public string ApiKey { get; set; } = "";

    /// <summary>
    /// The signing secret of the webhook, <c>whsec_…</c>; several, separated by spaces, while it is changed. Default: none, and no
    /// receipt is believed.
    /// </summary>
    public string? ReceiptSecret { get; set; }

    /// <inheritdoc />
    protected override string DefaultUrl => "https://api.resend.com";

    /// <inheritdoc />
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var wrong in base.Validate(validationContext).Concat(MustBeSet(ApiKey, nameof(ApiKey))))
            yield return wrong;

        if (!ReceiptCheck.Several(ReceiptSecret).All(secret => SvixSignature.KeyOf(secret) is not null))
            yield return new ValidationResult("must be the signing secret of the webhook, whsec_ and base64", [nameof(ReceiptSecret)]);
    }
}

/// <summary>
/// Sends through Resend, which does nothing twice under one Idempotency-Key for 24 hours. Sources: resend.com/docs/api-reference/errors,
/// /dashboard/emails/idempotency-keys, /api-reference/rate-limit and /webhooks/emails/bounced.
/// </summary>
public sealed class ResendEmailProvider(string name, ResendOptions options, TimeProvider clock) : EmailVendor(name, options, clock)
{
    // How long another request under the same key is waited for, before it is asked again.
    static readonly IReadOnlyList<TimeSpan> Waits = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4)];

    /// <inheritdoc />
    /// <remarks>With the time to wait for a request under the same key, and to ask again.</remarks>
    public override TimeSpan LongestCall => 2 * base.LongestCall + Waits.Aggregate((sum, wait) => sum + wait);

    // 500 is application_error or internal_server_error; a request that failed may be made again under its key: /docs/api-reference/errors.
    /// <inheritdoc />
    protected override ServerErrors Errors { get; } = ServerErrors.Usual;

    /// <inheritdoc />
    public override TimeSpan? KnowsRepetitionFor => TimeSpan.FromHours(24);

    /// <inheritdoc />
    protected override string Credentials => "ApiKey, and that From is of a verified domain";

    // 40 MB with the mail, encoded, a third larger: /docs/dashboard/emails/attachments.
    /// <inheritdoc />
    protected override int LargestFiles => 29_000_000;

    /// <inheritdoc />
    protected override IEnumerable<string> Secrets => ReceiptCheck.Several(options.ReceiptSecret);

    /// <inheritdoc />
    /// <remarks>
    /// After a call in doubt the first request may still be under way. What became of it Resend says to nobody but who asks again under its
    /// key: another provider would send the mail a second time.
    /// </remarks>
    public override async Task<ProviderResult> Send(Delivery delivery, CancellationToken cancellationToken)
    {
        if (Refuse(delivery) is { } refused)
            return refused;

        for (var asked = 0; ; asked++)
        {
            var isUnderWay = false;
            var result = await Call(
                Request(delivery),
                delivery,
                answer =>
                {
                    isUnderWay = answer.Status == 409 && answer.Find("name") == "concurrent_idempotent_requests";
                    return Translate(answer, delivery);
                },
                cancellationToken
            );
            if (!isUnderWay || asked == Waits.Count)
                return result;

            await Task.Delay(Waits[asked], Clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellationToken.IsCancellationRequested)
                return result;
        }
    }

    /// <inheritdoc />
    protected override HttpRequestMessage Request(Delivery delivery)
    {
        var content = (EmailContent)delivery.Content;
        var request = Post(
            "/emails",
            Json(
                new
                {
                    from = EmailRules.Named(SenderName(delivery), From(delivery)),
                    to = new[] { EmailRules.Named(NameOf(delivery), delivery.Address) },
                    cc = content.Cc,
                    reply_to = content.ReplyTo,
                    attachments = content.Attachments?.Select(file => new
                    {
                        filename = file.Name,
                        content = file.Base64,
                        content_type = file.Type,
                    }),
                    subject = SubjectOf(delivery),
                    html = content.Html,
                    text = content.Text,
                    headers = HeadersOf(delivery) is { Count: > 0 } headers ? headers : null,
                    tags = new[] { new { name = DeliveryTag, value = $"{delivery.Id}" } },
                }
            )
        );
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", options.ApiKey);
        request.Headers.Add("Idempotency-Key", $"{delivery.Id}");
        return request;
    }

    /// <inheritdoc />
    protected override ProviderResult Translate(HttpAnswer answer, Delivery delivery) =>
        (answer.Status, answer.Find("name")) switch
        {
            (200, _) when answer.Id("id") is { } id => new ProviderResult.Accepted(id),
            // Nothing that passes by itself within a delivery's life.
            (429, "daily_quota_exceeded" or "monthly_quota_exceeded") => new ProviderResult.Misconfigured(
                $"{answer}: check the plan of the account"
            ),
            (429, _) => new ProviderResult.Throttled($"{answer}", answer.RetryAfter ?? answer.Seconds("ratelimit-reset")),
            (422, "invalid_from_address") => new ProviderResult.Misconfigured($"{answer}: check From") { MayBeSender = true },
            // Also a domain that the account has not verified.
            (403, _) => new ProviderResult.Misconfigured($"{answer}: check {Credentials}") { MayBeSender = true },
            // No such path; Resend knows no recipients one could miss.
            (404, _) => new ProviderResult.Misconfigured($"{answer}: check Url"),
            (451, _) => new ProviderResult.Declined($"{answer}"),
            _ => ByStatus(answer),
        };

    /// <inheritdoc />
    protected override RateLimit? RateLimitOf(HttpAnswer answer) =>
        answer.Count("ratelimit-remaining") is { } remaining && answer.Seconds("ratelimit-reset") is { } reset
            ? new RateLimit(remaining, reset)
            : null;

    /// <inheritdoc />
    public override int LongestReceipt => OneReceipt;

    /// <inheritdoc />
    public override string? RefuseUnread(ReceiptRequest head) =>
        string.IsNullOrEmpty(options.ReceiptSecret)
            ? ReceiptCheck.NotSet(Name, nameof(options.ReceiptSecret))
            : SvixSignature.RefuseUnread(head, Clock);

    /// <inheritdoc />
    protected override string? Prove(ReceiptRequest request) =>
        RefuseUnread(request) ?? SvixSignature.Refuse(request, ReceiptCheck.Several(options.ReceiptSecret), Clock);

    /// <inheritdoc />
    protected override Receipt? Understand(ReceiptRequest request, JsonElement report)
    {
        ReceiptKind? kind = report.Find("type") switch
        {
            "email.delivered" => ReceiptKind.Confirmed,
            "email.bounced" => report.Find("data.bounce.type") is "Permanent" ? ReceiptKind.HardBounce : ReceiptKind.Undelivered,
            "email.suppressed" => ReceiptKind.HardBounce,
            "email.failed" => ReceiptKind.Undelivered,
            "email.complained" => ReceiptKind.Complained,
            "email.opened" => ReceiptKind.Opened,
            "email.clicked" => ReceiptKind.Read,
            _ => null,
        };
        return kind is null
            ? null
            : new Receipt
            {
                Kind = kind.Value,
                Id = request.Header("svix-id") is { Length: <= 200 } id
                    ? id
                    : ReceiptCheck.IdOf(report.Find("type"), report.Find("data.email_id"), report.Find("created_at")),
                At = TimeOf(report.Find("data.click.timestamp") ?? report.Find("created_at")),
                Click =
                    kind == ReceiptKind.Read ? ReceiptClick.Of(report.Find("data.click.link"), report.Find("data.click.userAgent")) : null,
                DeliveryId = IdOf(TagOf(report)),
                ProviderMessageId = report.Find("data.email_id"),
                Addresses = AddressesOf(report.Texts("data.to").Append(report.Find("data.to"))),
                Reason = ReasonOf(report.Find("data.bounce.message") ?? report.Find("data.failed.reason")),
            };
    }

    // The documentation shows a list, the examples of the webhooks an object.
    static string? TagOf(JsonElement report) =>
        report.Find($"data.tags.{DeliveryTag}")
        ?? report.Items("data.tags").Where(tag => tag.Find("name") == DeliveryTag).Select(tag => tag.Find("value")).FirstOrDefault();
}
