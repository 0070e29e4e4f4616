using System.Security.Cryptography;

namespace NotificationBus.Emulators.Vendors;

/// <summary>Apple Push Notification service: HTTP/2, without TLS here.</summary>
sealed class Apns : Vendor
{
    readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public override string Name => "apns";

    public override bool IsHttp2 => true;

    public override IReadOnlyList<(string Key, string Value)> Settings(Uri url) =>
        [("TeamId", "EMULATOR00"), ("KeyId", "EMULATOR01"), ("Key", _key.ExportPkcs8PrivateKeyPem()), ("Topic", "com.example.shop")];

    public override Answer? Refuse(ReceivedRequest request) =>
        !request.Path.StartsWith("/3/device/", StringComparison.Ordinal) ? Error(404, "BadPath")
        : request.Method != "POST" ? Error(405, "MethodNotAllowed")
        : !request.HasAuthorization("bearer") ? Error(403, "MissingProviderToken")
        : request.Header("apns-topic") is null ? Error(400, "MissingTopic")
        : request.Find("aps") is null ? Error(400, "PayloadEmpty")
        : null;

    public override Answer Deny() => Error(403, "InvalidProviderToken");

    public override Taken Take(ReceivedRequest request)
    {
        var id = request.Header("apns-id") ?? $"{Guid.NewGuid()}";
        return new Taken(id, id, request, new Answer(200, "", ("apns-id", id)));
    }

    // Of this device, and without a word of how long.
    public override Answer Throttle(int retryAfter, DateTimeOffset now) => Error(429, "TooManyRequests");

    public override Answer Fail(int status) => Error(status, status == 503 ? "ServiceUnavailable" : "InternalServerError");

    static Answer Error(int status, string reason) => Answer.Json(status, new { reason });
}
