using System.Security.Cryptography;
using System.Text.Json;

namespace NotificationBus.Emulators.Vendors;

/// <summary>SendGrid: mail/send and the Signed Event Webhook.</summary>
sealed class SendGrid : Vendor
{
    readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public override string Name => "sendgrid";

    public override IReadOnlyList<(string Key, string Value)> Settings(Uri url) =>
        [
            ("ApiKey", "SG.of-the-emulator"),
            ("From", "shop@example.com"),
            ("ReceiptKey", Convert.ToBase64String(_key.ExportSubjectPublicKeyInfo())),
        ];

    public override Answer? Refuse(ReceivedRequest request) =>
        request is not { Method: "POST", Path: "/v3/mail/send" } ? Error(404, "Not Found")
        : !request.HasAuthorization("Bearer") ? Deny()
        : request.Find("personalizations.0.to.0.email") is not { } to ? Error(400, "Does not contain a valid address.")
        : !MailFields.AreDistinct([to, .. MailFields.Each(request, "personalizations.0.cc", "email")])
            ? Error(400, "Each email address in the personalization block should be unique between to, cc, and bcc.")
        : !MailFields.AreFiles(request, "attachments", "filename", "content") ? Error(400, "The attachment content must be base64 encoded.")
        : null;

    public override Answer Deny() => Error(401, "The provided authorization grant is invalid, expired, or revoked");

    public override Taken Take(ReceivedRequest request)
    {
        var id = $"{Guid.NewGuid():N}"[..22];
        return new Taken(
            id,
            request.Find("personalizations.0.custom_args.delivery_id"),
            request,
            new Answer(202, "", ("X-Message-Id", id))
        );
    }

    public override Answer Throttle(int retryAfter, DateTimeOffset now) =>
        Error(429, "too many requests") with
        {
            Headers =
            [
                ("X-RateLimit-Limit", "600"),
                ("X-RateLimit-Remaining", "0"),
                ("X-RateLimit-Reset", $"{now.ToUnixTimeSeconds() + retryAfter}"),
            ],
        };

    public override Answer Fail(int status) => Error(status, "internal error");

    public override Callback? Tell(Taken taken, ReportKind kind, Uri url, DateTimeOffset happened, DateTimeOffset now)
    {
        // A name with a comma is taken apart: its first half is an address to SendGrid, and none it could send to.
        var (address, name) = (
            taken.Request.Find("personalizations.0.to.0.email"),
            taken.Request.Find("personalizations.0.to.0.name") ?? ""
        );
        var isTakenApart = !name.StartsWith('"') && name.AsSpan().IndexOfAny(",;") >= 0;
        var body = JsonSerializer.Serialize(
            new[]
            {
                new Dictionary<string, object?>(StringComparer.Ordinal)
                {
                    ["email"] = isTakenApart ? name.Split(',', ';')[0].ToLowerInvariant() : address,
                    ["timestamp"] = happened.ToUnixTimeSeconds(),
                    ["event"] = isTakenApart
                        ? "dropped"
                        : kind switch
                        {
                            ReportKind.Delivered => "delivered",
                            ReportKind.Bounced => "bounce",
                            ReportKind.Complained => "spamreport",
                            _ => "open",
                        },
                    ["type"] = kind == ReportKind.Bounced ? "bounce" : null,
                    ["reason"] =
                        isTakenApart ? "Invalid"
                        : kind == ReportKind.Bounced ? "550 5.1.1 unknown"
                        : null,
                    ["sg_event_id"] = $"{taken.Id}-{kind}",
                    ["sg_message_id"] = $"{taken.Id}.recvd-0123456789-abcde-1-6655BD46-40.0",
                    ["delivery_id"] = taken.Reference,
                },
            }
        );
        return new Callback(url, body, Signatures.SendGrid(body, now, _key));
    }

    static Answer Error(int status, string message) =>
        Answer.Json(status, new { errors = new[] { new { message, field = (string?)null } } });
}
