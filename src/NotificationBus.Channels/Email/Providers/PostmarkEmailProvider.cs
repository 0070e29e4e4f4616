using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using NotificationBus.Channels.Http;
using NotificationBus.Providers;
using NotificationBus.Receipts;

namespace NotificationBus.Channels.Email.Providers;

/// <summary>A server at Postmark: <c>Providers:{account}</c>.</summary>
public sealed class PostmarkOptions : EmailVendorOptions
{
    /// <summary>The server's API token; never logged. Required.</summary>
    [Required(ErrorMessage = "must be set to the API token of the server")]
    public string ServerToken { get; set; } = "";

    /// <summary>The message stream. Default <c>outbound</c>, the one every server has for single mails.</summary>
    [Required(ErrorMessage = "must be the id of a message stream, such as outbound")]
    public string MessageStream { get; set; } = "outbound";

    /// <summary>
    /// The secret with which the webhook proves itself: the <c>user:password</c> in its URL, or the bearer token of an Authorization header
    /// that was set for it; several, separated by spaces, while it is changed. At least 16 characters each. Default: none, and no receipt
    /// is believed.
    /// </summary>
    public string? ReceiptSecret { get; set; }

    /// <inheritdoc />
    protected override string DefaultUrl => "https://api.postmarkapp.com";

    /// <inheritdoc />
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        base.Validate(validationContext).Concat(MustBeSet(ServerToken, nameof(ServerToken))).Concat(ReceiptCheck.MustBeLong(ReceiptSecret));
}

/// <summary>
/// Sends through Postmark. Its webhooks carry no signature, but the user and password or the headers they were told to. Sources:
/// postmarkapp.com/developer/api/overview (status and error codes), /developer/webhooks/webhooks-overview and the pages below it.
/// </summary>
public sealed class PostmarkEmailProvider(string name, PostmarkOptions options, TimeProvider clock) : EmailVendor(name, options, clock)
{
    static readonly char[] BetweenMailboxes = [',', ';', ' ', '<', '>'];

    // With 500 the message is lost "in most cases", and so not in all of them; 503 is maintenance, as is ErrorCode 100:
    // /developer/api/overview.
    /// <inheritdoc />
    protected override ServerErrors Errors { get; } = ServerErrors.Usual.ButInDoubt("500").AlsoNotTaken("ErrorCode=100");

    // postmarkapp.com/support/article/subject-line-and-from-address-character-limits: 255 for a name with its mailbox, 2,000 for the
    // subject.
    /// <inheritdoc />
    protected override int LongestName => 100;

    const int LongestMailbox = 255;

    // 10 MB with the mail, encoded, a third larger: /developer/user-guide/send-email-with-api (Attachments).
    /// <inheritdoc />
    protected override int LargestFiles => 7_200_000;

    /// <inheritdoc />
    protected override int LongestSubject => 2000;

    /// <inheritdoc />
    protected override string Credentials => "ServerToken";

    /// <inheritdoc />
    protected override IEnumerable<string> Secrets => ReceiptCheck.Several(options.ReceiptSecret);

    /// <inheritdoc />
    protected override HttpRequestMessage Request(Delivery delivery)
    {
        var content = (EmailContent)delivery.Content;
        var request = Post(
            "/email",
            Json(
                new
                {
                    From = EmailRules.Named(SenderName(delivery), From(delivery), LongestMailbox),
                    To = EmailRules.Named(NameOf(delivery), delivery.Address, LongestMailbox),
                    Cc = content.Cc is { } copies ? string.Join(',', copies) : null,
                    content.ReplyTo,
                    Subject = SubjectOf(delivery),
                    HtmlBody = content.Html,
                    TextBody = content.Text,
                    options.MessageStream,
                    Metadata = new Dictionary<string, string>(StringComparer.Ordinal) { [DeliveryTag] = $"{delivery.Id}" },
                    // Postmark gives the mail an id of its own unless it is asked not to.
                    Headers = HeadersOf(delivery, ("Message-ID", MessageIdOf(delivery)), ("X-PM-KeepID", "true"))
                        .Select(header => new { Name = header.Key, header.Value }),
                    Attachments = content.Attachments?.Select(file => new
                    {
                        file.Name,
                        Content = file.Base64,
                        ContentType = file.Type,
                    }),
                }
            )
        );
        request.Headers.Add("X-Postmark-Server-Token", options.ServerToken);
        return request;
    }

    /// <inheritdoc />
    protected override ProviderResult Translate(HttpAnswer answer, Delivery delivery) =>
        (answer.Status, answer.Find("ErrorCode")) switch
        {
            (200, "0") when answer.Id("MessageID") is { } id => Taken(id, answer.Find("Message"), delivery),
            (200 or 422, "406") => new ProviderResult.Rejected($"{answer}", AddressIsWrong: true),
            // The token, the sender's signature, the account's approval or its credits; nobody's mail goes out until they are mended.
            (200 or 422, "10" or "400" or "401" or "405" or "412" or "413") => new ProviderResult.Misconfigured(
                $"{answer}: check ServerToken, From and the account"
            )
            {
                MayBeSender = answer.Find("ErrorCode") is "400" or "401",
            },
            (200, not (null or "0")) => new ProviderResult.Declined($"{answer}"),
            (404, _) => new ProviderResult.Misconfigured($"{answer}: check Url"),
            _ => ByStatus(answer),
        };

    // "Message OK, but will not deliver to these inactive addresses: …": ErrorCode is 0 as long as one of them is active.
    static ProviderResult Taken(string id, string? message, Delivery delivery)
    {
        const string Inactive = "inactive addresses:";
        var at = message?.IndexOf(Inactive, StringComparison.OrdinalIgnoreCase) ?? -1;
        if (at < 0)
            return new ProviderResult.Accepted(id);

        var inactive = message![(at + Inactive.Length)..].Split(BetweenMailboxes, StringSplitOptions.RemoveEmptyEntries);
        return inactive.Any(one => one.TrimEnd('.').Equals(delivery.Address, StringComparison.OrdinalIgnoreCase))
            ? new ProviderResult.Rejected("Postmark delivers nothing to the recipient, who is inactive there", AddressIsWrong: true)
            : new ProviderResult.Accepted(id) { Remark = "Postmark delivers to some of the copies (cc) no longer" };
    }

    /// <inheritdoc />
    public override string? RefuseUnread(ReceiptRequest head) => Prove(head);

    /// <inheritdoc />
    protected override string? Prove(ReceiptRequest request) =>
        ReceiptCheck.Several(options.ReceiptSecret) is not { Count: > 0 } secrets ? ReceiptCheck.NotSet(Name, nameof(options.ReceiptSecret))
        : ReceiptCheck.IsAuthorized(request, secrets) ? null
        : "Authorization is wrong: put ReceiptSecret into the webhook's URL, or into a header of it";

    /// <inheritdoc />
    protected override Receipt? Understand(ReceiptRequest request, JsonElement report)
    {
        var (kind, time) = report.Find("RecordType") switch
        {
            "Delivery" => (ReceiptKind.Confirmed, "DeliveredAt"),
            "Bounce" => (KindOfBounce(report.Find("Type")), "BouncedAt"),
            "SpamComplaint" => (ReceiptKind.Complained, "BouncedAt"),
            "Open" => (ReceiptKind.Opened, "ReceivedAt"),
            "Click" => (ReceiptKind.Read, "ReceivedAt"),
            // Bounces and complaints suppress as well, and have told so themselves.
            "SubscriptionChange" when report.Find("SuppressSending") == "true" && report.Find("SuppressionReason") == "ManualSuppression" =>
                (ReceiptKind.OptedOut, "ChangedAt"),
            _ => ((ReceiptKind?)null, ""),
        };
        var messageId = report.Find("MessageID");
        return kind is null
            ? null
            : new Receipt
            {
                Kind = kind.Value,
                // Of clicks it has the second: two links may have been followed in it.
                Id =
                    kind == ReceiptKind.Read
                        ? ReceiptCheck.IdOf(report.Find("RecordType"), messageId, report.Find(time), report.Find("OriginalLink"))
                        : ReceiptCheck.IdOf(report.Find("RecordType"), messageId, report.Find("ID"), report.Find(time)),
                At = TimeOf(report.Find(time)),
                Click = kind == ReceiptKind.Read ? ReceiptClick.Of(report.Find("OriginalLink"), report.Find("UserAgent")) : null,
                DeliveryId = IdOf(report.Find($"Metadata.{DeliveryTag}")),
                ProviderMessageId = messageId,
                Addresses = AlwaysNamed(report.Find("Recipient"), report.Find("Email")),
                Reason = kind == ReceiptKind.Confirmed ? null : ReasonOf(report.Find("Details") ?? report.Find("Description")),
            };
    }

    // Postmark calls a bounce whatever comes back. Delays, out-of-office answers and the like end nothing; after all others, a soft bounce
    // too, it tries no more.
    static ReceiptKind? KindOfBounce(string? type) =>
        type switch
        {
            "HardBounce" or "BadEmailAddress" => ReceiptKind.HardBounce,
            "SpamComplaint" => ReceiptKind.Complained,
            "Unsubscribe" => ReceiptKind.OptedOut,
            "Transient" or "Subscribe" or "AutoResponder" or "AddressChange" or "ChallengeVerification" or "OpenRelayTest" => null,
            _ => ReceiptKind.Undelivered,
        };
}
