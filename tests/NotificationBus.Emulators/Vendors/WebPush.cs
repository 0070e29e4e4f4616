using System.Buffers.Text;
using System.Security.Cryptography;

namespace NotificationBus.Emulators.Vendors;

/// <summary>The push service of a browser (RFC 8030), in Mozilla's words.</summary>
sealed class WebPush : Vendor
{
    readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public override string Name => "webpush";

    public override IReadOnlyList<(string Key, string Value)> Settings(Uri url) =>
        [
            ("PrivateKey", Base64Url.EncodeToString(_key.ExportParameters(includePrivateParameters: true).D)),
            ("Subject", "mailto:ops@example.com"),
        ];

    public override Answer? Refuse(ReceivedRequest request) =>
        request.Method != "POST" ? Error(405, 0, "Method Not Allowed")
        : !request.HasAuthorization("vapid") ? Deny()
        : request.Header("TTL") is null ? Error(400, 111, "Bad Request")
        : request.Header("Content-Encoding") != "aes128gcm" ? Error(400, 110, "Bad Request")
        : null;

    public override Answer Deny() => Error(401, 109, "Unauthorized");

    public override Taken Take(ReceivedRequest request)
    {
        var id = $"{Guid.NewGuid():N}";
        return new Taken(
            id,
            null,
            request,
            new Answer(201, "", ("Location", $"https://updates.push.services.mozilla.com/m/{id}"), ("TTL", request.Header("TTL")!))
        );
    }

    public override Answer Throttle(int retryAfter, DateTimeOffset now) =>
        Error(429, 0, "Too Many Requests") with
        {
            Headers = [("Retry-After", $"{retryAfter}")],
        };

    public override Answer Fail(int status) => Error(status, status == 503 ? 201 : 999, "Service Unavailable");

    static Answer Error(int code, int errno, string error) =>
        Answer.Json(
            code,
            new
            {
                code,
                errno,
                error,
            }
        );
}
