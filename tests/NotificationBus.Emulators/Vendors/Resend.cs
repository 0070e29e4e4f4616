using System.Globalization;
using System.Text.Json;

namespace NotificationBus.Emulators.Vendors;

/// <summary>Resend: emails, its idempotency keys, and its webhooks.</summary>
sealed class Resend : Vendor
{
    const string Secret = "whsec_b2YtdGhlLWVtdWxhdG9yLW9mLXJlc2VuZA==";

    public override string Name => "resend";

    public override IReadOnlyList<(string Key, string Value)> Settings(Uri url) =>
        [("ApiKey", "re_of_the_emulator"), ("From", "shop@example.com"), ("ReceiptSecret", Secret)];

    public override Answer? Refuse(ReceivedRequest request) =>
        request is not { Method: "POST", Path: "/emails" } ? Error(404, "not_found")
        : !request.HasAuthorization("Bearer") ? Error(401, "missing_api_key")
        : request.Find("to.0") is null ? Error(422, "missing_required_field")
        : !MailFields.AreFiles(request, "attachments", "filename", "content") ? Error(422, "invalid_attachment")
        : null;

    public override Answer Deny() => Error(403, "invalid_api_key");

    public override Taken Take(ReceivedRequest request)
    {
        var id = $"{Guid.NewGuid()}";
        return new Taken(id, request.Find("tags.0.value"), request, Answer.Json(200, new { id }));
    }

    public override string? KeyOf(ReceivedRequest request) => request.Header("Idempotency-Key");

    public override Answer Throttle(int retryAfter, DateTimeOffset now) =>
        Error(429, "rate_limit_exceeded") with
        {
            Headers =
            [
                ("ratelimit-limit", "2"),
                ("ratelimit-remaining", "0"),
                ("ratelimit-reset", $"{retryAfter}"),
                ("retry-after", $"{retryAfter}"),
            ],
        };

    public override Answer Fail(int status) => Error(status, status == 503 ? "service_unavailable" : "application_error");

    public override Callback? Tell(Taken taken, ReportKind kind, Uri url, DateTimeOffset happened, DateTimeOffset now)
    {
        var body = JsonSerializer.Serialize(
            new
            {
                type = kind switch
                {
                    ReportKind.Delivered => "email.delivered",
                    ReportKind.Bounced => "email.bounced",
                    ReportKind.Complained => "email.complained",
                    _ => "email.opened",
                },
                created_at = happened.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
                data = new
                {
                    email_id = taken.Id,
                    to = new[] { taken.Request.Find("to.0") },
                    tags = new { delivery_id = taken.Reference },
                    bounce = kind == ReportKind.Bounced
                        ? new
                        {
                            type = "Permanent",
                            subType = "General",
                            message = "The mailbox does not exist",
                        }
                        : null,
                },
            }
        );
        return new Callback(url, body, Signatures.Svix($"msg_{taken.Id}-{kind}", body, now, Secret));
    }

    static Answer Error(int statusCode, string name) =>
        Answer.Json(
            statusCode,
            new
            {
                statusCode,
                name,
                message = name.Replace('_', ' '),
            }
        );
}
