using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using NotificationBus.Channels.Http;
using NotificationBus.Providers;
using NotificationBus.Receipts;

namespace NotificationBus.Channels.Email.Providers;

/// <summary>Amazon SES in one region: <c>Providers:{account}</c>.</summary>
public sealed partial class SesOptions : EmailVendorOptions
{
    /// <summary>The region, such as <c>eu-central-1</c>. Required.</summary>
    [Required(ErrorMessage = "must be set to a region, such as eu-central-1")]
    public string Region { get; set; } = "";

    /// <summary>The id of the access key, whose user may <c>ses:SendRawEmail</c>. Required.</summary>
    [Required(ErrorMessage = "must be set to the id of an access key")]
    public string AccessKeyId { get; set; } = "";

    /// <summary>The secret access key; never logged. Required.</summary>
    [Required(ErrorMessage = "must be set to the secret of the access key")]
    public string SecretAccessKey { get; set; } = "";

    /// <summary>The token of temporary credentials; never logged. Default: none.</summary>
    public string? SessionToken { get; set; }

    /// <summary>The configuration set, which says where events go; without one they carry no id of ours. Default: none.</summary>
    public string? ConfigurationSet { get; set; }

    /// <summary>
    /// The ARN of the SNS topic that events come from; several, separated by spaces. Default: none, and no receipt is believed.
    /// </summary>
    public string? ReceiptTopic { get; set; }

    /// <inheritdoc />
    protected override string DefaultUrl =>
        $"https://email.{Region}.amazonaws.com{(Region.StartsWith("cn-", StringComparison.Ordinal) ? ".cn" : "")}";

    /// <inheritdoc />
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (
            var wrong in base.Validate(validationContext)
                .Concat(MustBeSet(AccessKeyId, nameof(AccessKeyId)))
                .Concat(MustBeSet(SecretAccessKey, nameof(SecretAccessKey)))
        )
            yield return wrong;

        if (!RegionLike().IsMatch(Region))
            yield return new ValidationResult("must be a region, such as eu-central-1", [nameof(Region)]);

        if (!ReceiptCheck.Several(ReceiptTopic).All(topic => topic.StartsWith("arn:", StringComparison.Ordinal)))
            yield return new ValidationResult("must be the ARN of an SNS topic", [nameof(ReceiptTopic)]);
    }

    [GeneratedRegex(
        @"\A[a-z]{2,3}(-[a-z]+)+-[0-9]{1,2}\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex RegionLike();
}

/// <summary>
/// Sends through Amazon SES, API version 2, the mail written by us. SES replaces its Message-ID, and reports through SNS. Sources:
/// docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html, /ses/latest/dg/event-publishing-retrieving-sns-contents.html,
/// /sns/latest/dg/http-subscription-confirmation-json.html.
/// </summary>
public sealed class SesEmailProvider : EmailVendor
{
    // SNS repeats for an hour what nobody has taken, under the time of the first try.
    static readonly TimeSpan OldestReceipt = TimeSpan.FromHours(1) + ReceiptCheck.Tolerance;

    // The quota is of the last 24 hours, so that a little of it comes back all the time.
    static readonly TimeSpan UntilQuota = TimeSpan.FromHours(1);

    readonly SesOptions _options;
    readonly SnsMessages _sns;

    /// <summary>Opens no connection yet.</summary>
    /// <param name="name">The account's name.</param>
    /// <param name="options">The account; validated by whoever bound it.</param>
    /// <param name="clock">Dates the mail and its signature, and ends what takes too long.</param>
    public SesEmailProvider(string name, SesOptions options, TimeProvider clock)
        : this(name, options, clock, new SnsMessages(clock)) { }

    internal SesEmailProvider(string name, SesOptions options, TimeProvider clock, SnsMessages sns)
        : base(name, options, clock)
    {
        _options = options;
        _sns = sns;
    }

    // A call that fails returns an error, and SES "does not send the email": /ses/latest/dg/troubleshoot-error-messages.html. 500 is
    // InternalFailure, 503 ServiceUnavailable: /ses/latest/APIReference-V2/CommonErrors.html. It knows no repetition.
    /// <inheritdoc />
    protected override ServerErrors Errors { get; } = ServerErrors.Usual;

    // 40 MB with the mail, encoded: /ses/latest/dg/quotas.html.
    /// <inheritdoc />
    protected override int LargestFiles => 28_000_000;

    /// <inheritdoc />
    protected override string Credentials => "AccessKeyId, SecretAccessKey, what their user may do, and the clock of this machine";

    /// <inheritdoc />
    protected override IEnumerable<string> Secrets => [_options.SecretAccessKey, _options.AccessKeyId];

    /// <inheritdoc />
    protected override HttpRequestMessage Request(Delivery delivery)
    {
        var sender = SenderOf(delivery);
        var mail = MimeMail.Octets(
            MimeMail.Compose(
                delivery,
                sender.Domain,
                MimeMail.Mailbox(sender.Name, sender.From),
                MimeMail.Mailbox(NameOf(delivery), delivery.Address),
                Clock.GetUtcNow()
            )
        );
        var content = Json(
            new
            {
                Destination = new { ToAddresses = new[] { delivery.Address }, CcAddresses = ((EmailContent)delivery.Content).Cc },
                Content = new { Raw = new { Data = Convert.ToBase64String(mail) } },
                EmailTags = new[] { new { Name = DeliveryTag, Value = $"{delivery.Id}" } },
                ConfigurationSetName = string.IsNullOrEmpty(_options.ConfigurationSet) ? null : _options.ConfigurationSet,
            }
        );
        var request = Post("/v2/email/outbound-emails", content);
        using var body = new MemoryStream();
        content.CopyTo(body, context: null, CancellationToken.None);
        AwsSignature.Sign(
            request,
            body.ToArray(),
            new AwsCredentials(_options.AccessKeyId, _options.SecretAccessKey, _options.SessionToken),
            _options.Region,
            "ses",
            Clock.GetUtcNow()
        );
        return request;
    }

    /// <inheritdoc />
    protected override ProviderResult Translate(HttpAnswer answer, Delivery delivery) =>
        (answer.Status, ErrorOf(answer)) switch
        {
            (200, _) when answer.Id("MessageId") is { } id => new ProviderResult.Accepted(id),
            (400 or 429, "TooManyRequestsException" or "ThrottlingException" or "Throttling" or "LimitExceededException") or (429, _) =>
                new ProviderResult.Throttled(
                    $"{answer}",
                    answer.RetryAfter ?? (answer.Text.Contains("Daily", StringComparison.Ordinal) ? UntilQuota : null)
                ),
            (400, "MailFromDomainNotVerifiedException") => new ProviderResult.Misconfigured($"{answer}: check From and the account")
            {
                MayBeSender = true,
            },
            (400, "AccountSuspendedException" or "SendingPausedException") => new ProviderResult.Misconfigured(
                $"{answer}: check From and the account"
            ),
            (400, "MessageRejected") when answer.Text.Contains("not verified", StringComparison.Ordinal) => OfNotVerified(answer, delivery),
            (
                400,
                "UnrecognizedClientException"
                    or "InvalidClientTokenId"
                    or "IncompleteSignature"
                    or "MissingAuthenticationToken"
                    or "ExpiredTokenException"
                    or "OptInRequired"
            ) => new ProviderResult.Misconfigured($"{answer}: check {Credentials}"),
            (404, _) => new ProviderResult.Misconfigured($"{answer}: check ConfigurationSet, Region and Url"),
            _ => ByStatus(answer),
        };

    /// <inheritdoc />
    protected override async Task<ReceiptReading?> WhyNot(ReceiptRequest request) =>
        await base.WhyNot(request) ?? await _sns.WhyNot(JsonPath.Parse(request.Body)!.Value);

    /// <inheritdoc />
    public override string? RefuseUnread(ReceiptRequest head) =>
        ReceiptCheck.Several(_options.ReceiptTopic).Count == 0 ? ReceiptCheck.NotSet(Name, nameof(_options.ReceiptTopic)) : null;

    /// <inheritdoc />
    protected override string? Prove(ReceiptRequest request)
    {
        if (RefuseUnread(request) is { } unproven)
            return unproven;

        var topics = ReceiptCheck.Several(_options.ReceiptTopic);
        if (JsonPath.Parse(request.Body) is not { } message)
            return "it is no message of SNS";
        // Anybody may have a topic, and SNS signs for it.
        if (!topics.Contains(message.Find("TopicArn") ?? "", StringComparer.Ordinal))
            return "it is of another topic: check ReceiptTopic";
        if (
            message.Find("Timestamp") is not { } time
            || Clock.GetUtcNow() - TimeOf(time) is var age && (age > OldestReceipt || age < -ReceiptCheck.Tolerance)
        )
            return "it is more than an hour old, or of a clock that is wrong";

        return null;
    }

    /// <inheritdoc />
    protected override ReceiptReading ReadProven(ReceiptRequest request, JsonElement body) =>
        body.Find("Type") switch
        {
            "SubscriptionConfirmation" when SnsMessages.IsOfSns(body.Find("SubscribeURL"), out var url) => new ReceiptReading.Confirm(url),
            "SubscriptionConfirmation" => new ReceiptReading.Unreadable("SubscribeURL is not one of SNS"),
            "Notification" when JsonPath.Parse(Encoding.UTF8.GetBytes(body.Find("Message") ?? "")) is { } report =>
                new ReceiptReading.Genuine(
                    Understand(request, report) is { } receipt
                        ? [receipt with { Id = body.Find("MessageId") is { Length: > 0 and <= 200 } id ? id : receipt.Id }]
                        : []
                ),
            // SNS itself says hello in plain text when events are switched on.
            _ => new ReceiptReading.Genuine([]),
        };

    /// <inheritdoc />
    protected override Receipt? Understand(ReceiptRequest request, JsonElement report)
    {
        var type = report.Find("eventType") ?? report.Find("notificationType");
        (ReceiptKind? kind, var part, var words) = type switch
        {
            "Delivery" => ((ReceiptKind?)ReceiptKind.Confirmed, "delivery", (string?)null),
            "Bounce" => (
                report.Find("bounce.bounceType") == "Permanent" ? ReceiptKind.HardBounce : ReceiptKind.Undelivered,
                "bounce",
                report.Find("bounce.bouncedRecipients.0.diagnosticCode") ?? report.Find("bounce.bounceSubType")
            ),
            "Complaint" => (ReceiptKind.Complained, "complaint", report.Find("complaint.complaintFeedbackType")),
            "Reject" => (ReceiptKind.Undelivered, "reject", report.Find("reject.reason")),
            "Open" => (ReceiptKind.Opened, "open", null),
            "Click" => (ReceiptKind.Read, "click", null),
            "Subscription" when report.Find("subscription.newTopicPreferences.unsubscribeAll") == "true" => (
                ReceiptKind.OptedOut,
                "subscription",
                null
            ),
            _ => (null, "", null),
        };
        var messageId = report.Find("mail.messageId");
        var time = report.Find($"{part}.timestamp") ?? report.Find("mail.timestamp");
        return kind is null
            ? null
            : new Receipt
            {
                Kind = kind.Value,
                Id = ReceiptCheck.IdOf(type, messageId, time),
                At = TimeOf(time),
                Click = kind == ReceiptKind.Read ? ReceiptClick.Of(report.Find("click.link"), report.Find("click.userAgent")) : null,
                DeliveryId = IdOf(report.Find($"mail.tags.{DeliveryTag}.0")),
                ProviderMessageId = messageId,
                Addresses = AddressesOf(
                    report
                        .Items("bounce.bouncedRecipients")
                        .Concat(report.Items("complaint.complainedRecipients"))
                        .Select(one => one.Find("emailAddress"))
                        .Concat(report.Texts("delivery.recipients"))
                ),
                Reason = ReasonOf(words),
            };
    }

    // In the sandbox the recipient, too, must be verified. Then others may be, and the answer names only him.
    ProviderResult OfNotVerified(HttpAnswer answer, Delivery delivery)
    {
        var others = answer.Text.Replace(delivery.Address, "", StringComparison.OrdinalIgnoreCase);
        return others.Length < answer.Text.Length && !others.Contains(From(delivery), StringComparison.OrdinalIgnoreCase)
            ? new ProviderResult.Unavailable(
                $"{answer}: an account in the sandbox sends only to addresses that are verified",
                OnlyThisDelivery: true
            )
            : new ProviderResult.Misconfigured($"{answer}: check From, and whether the account is still in the sandbox")
            {
                MayBeSender = true,
            };
    }

    // In the header, as "Name:address-of-the-documentation"; or in the body, behind a namespace.
    static string? ErrorOf(HttpAnswer answer) => answer.Header("x-amzn-ErrorType")?.Split(':')[0] ?? answer.Find("__type")?.Split('#')[^1];
}
