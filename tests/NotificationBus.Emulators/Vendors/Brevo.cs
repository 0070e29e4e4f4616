using System.Text.Json;

namespace NotificationBus.Emulators.Vendors;

/// <summary>Brevo: smtp/email, its idempotency keys, and its transactional webhooks.</summary>
sealed class Brevo : Vendor
{
    const string Secret = "brevo:of-the-emulator";

    public override string Name => "brevo";

    public override IReadOnlyList<(string Key, string Value)> Settings(Uri url) =>
        [("ApiKey", "xkeysib-of-the-emulator"), ("From", "shop@example.com"), ("ReceiptSecret", Secret)];

    public override Answer? Refuse(ReceivedRequest request) =>
        request is not { Method: "POST", Path: "/v3/smtp/email" } ? Error(404, "document_not_found")
        : request.Header("api-key") is null ? Deny()
        : request.Find("to.0.email") is null ? Error(400, "missing_parameter")
        : !MailFields.AreFiles(request, "attachment", "name", "content") ? Error(400, "invalid_parameter")
        : null;

    public override Answer Deny() => Error(401, "unauthorized");

    public override Taken Take(ReceivedRequest request)
    {
        var id = $"<{Guid.NewGuid():N}@smtp-relay.mailin.fr>";
        return new Taken(id, request.Find("headers.X-Mailin-custom"), request, Answer.Json(201, new { messageId = id }));
    }

    public override string? KeyOf(ReceivedRequest request) => request.Find("headers.idempotencyKey");

    public override Answer Repeat(Taken first) => Error(400, "duplicate_parameter");

    public override Answer Throttle(int retryAfter, DateTimeOffset now) =>
        Error(429, "too_many_requests") with
        {
            Headers = [("x-sib-ratelimit-limit", "1000"), ("x-sib-ratelimit-remaining", "0"), ("x-sib-ratelimit-reset", $"{retryAfter}")],
        };

    public override Callback? Tell(Taken taken, ReportKind kind, Uri url, DateTimeOffset happened, DateTimeOffset now) =>
        new(
            url,
            JsonSerializer.Serialize(
                new Dictionary<string, object?>(StringComparer.Ordinal)
                {
                    ["event"] = kind switch
                    {
                        ReportKind.Delivered => "delivered",
                        ReportKind.Bounced => "hard_bounce",
                        ReportKind.Complained => "spam",
                        _ => "opened",
                    },
                    ["email"] = taken.Request.Find("to.0.email"),
                    ["id"] = 26224,
                    ["message-id"] = taken.Id,
                    ["ts_event"] = happened.ToUnixTimeSeconds(),
                    ["X-Mailin-custom"] = taken.Reference,
                    ["reason"] = kind == ReportKind.Bounced ? "550 unknown" : null,
                }
            ),
            Signatures.Basic(Secret)
        );

    static Answer Error(int status, string code) => Answer.Json(status, new { code, message = code.Replace('_', ' ') });
}
