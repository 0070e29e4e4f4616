using System.Text.Json;

namespace NotificationBus.Emulators.Vendors;

/// <summary>Postmark: email, which says in the body whether 200 means yes, and its webhooks.</summary>
sealed class Postmark : Vendor
{
    const string Secret = "postmark:of-the-emulator";

    // Bounced before; the real one knows them from its own list.
    const string Inactive = "inactive@";

    public override string Name => "postmark";

    public override IReadOnlyList<(string Key, string Value)> Settings(Uri url) =>
        [("ServerToken", "of-the-emulator"), ("From", "shop@example.com"), ("ReceiptSecret", Secret)];

    public override Answer? Refuse(ReceivedRequest request) =>
        request is not { Method: "POST", Path: "/email" } ? new Answer(404)
        : request.Header("X-Postmark-Server-Token") is null ? Deny()
        : request.Find("To") is null ? Error(422, 300, "Zero recipients specified")
        : Inactives(request) is { Count: > 0 } all && all.Count == MailboxesOf(request).Count
            ? Error(
                422,
                406,
                $"You tried to send to recipients that have been marked as inactive. Found inactive addresses: {string.Join(", ", all)}."
            )
        : !MailFields.AreFiles(request, "Attachments", "Name", "Content") ? Error(422, 300, "Invalid attachment")
        : null;

    public override Answer Deny() => Error(401, 10, "No Account or Server API tokens were supplied in the HTTP headers.");

    public override Taken Take(ReceivedRequest request)
    {
        var id = $"{Guid.NewGuid()}";
        return new Taken(
            id,
            request.Find("Metadata.delivery_id"),
            request,
            Answer.Json(
                200,
                new
                {
                    To = request.Find("To"),
                    SubmittedAt = request.At,
                    MessageID = id,
                    ErrorCode = 0,
                    Message = Inactives(request) is { Count: > 0 } some
                        ? $"Message OK, but will not deliver to these inactive addresses: {string.Join(", ", some)}"
                        : "OK",
                }
            )
        );
    }

    // Postmark says nothing of how long.
    public override Answer Throttle(int retryAfter, DateTimeOffset now) => new(429);

    public override Answer Fail(int status) => Error(status, status == 503 ? 100 : 0, "Maintenance");

    public override Callback? Tell(Taken taken, ReportKind kind, Uri url, DateTimeOffset happened, DateTimeOffset now)
    {
        var (type, time) = kind switch
        {
            ReportKind.Delivered => ("Delivery", "DeliveredAt"),
            ReportKind.Bounced => ("Bounce", "BouncedAt"),
            ReportKind.Complained => ("SpamComplaint", "BouncedAt"),
            _ => ("Open", "ReceivedAt"),
        };
        return new Callback(
            url,
            JsonSerializer.Serialize(
                new Dictionary<string, object?>(StringComparer.Ordinal)
                {
                    ["RecordType"] = type,
                    ["MessageID"] = taken.Id,
                    ["Recipient"] = taken.Request.Find("To")!.Split('<')[^1].TrimEnd('>'),
                    ["Metadata"] = new { delivery_id = taken.Reference },
                    ["ID"] = kind == ReportKind.Bounced ? 42 : null,
                    ["Type"] = kind == ReportKind.Bounced ? "HardBounce" : null,
                    ["Details"] = kind == ReportKind.Bounced ? "550 unknown" : null,
                    [time] = happened.UtcDateTime,
                }
            ),
            Signatures.Basic(Secret)
        );
    }

    static List<string> Inactives(ReceivedRequest request) =>
        MailboxesOf(request).FindAll(one => one.StartsWith(Inactive, StringComparison.Ordinal));

    static List<string> MailboxesOf(ReceivedRequest request) =>
        [
            .. $"{request.Find("To")},{request.Find("Cc")}"
                .Split(',', StringSplitOptions.RemoveEmptyEntries)
                .Select(one => one.Split('<')[^1].Trim(' ', '>')),
        ];

    static Answer Error(int status, int code, string message) => Answer.Json(status, new { ErrorCode = code, Message = message });
}
