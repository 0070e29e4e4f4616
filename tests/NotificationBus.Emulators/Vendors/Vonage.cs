using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace NotificationBus.Emulators.Vendors;

/// <summary>Vonage: the Messages API, and its signed webhooks.</summary>
sealed class Vonage : Vendor
{
    const string ApiKey = "abcd1234";
    const string Secret = "of-the-emulator-of-vonage";

    public override string Name => "vonage";

    public override IReadOnlyList<(string Key, string Value)> Settings(Uri url) =>
        [("ApiKey", ApiKey), ("ApiSecret", "of-the-emulator"), ("From", "Shop"), ("ReceiptSecret", Secret)];

    public override Answer? Refuse(ReceivedRequest request) =>
        request is not { Method: "POST", Path: "/v1/messages" } ? Problem(404, "1000", "Not found")
        : !request.HasAuthorization("Basic") ? Deny()
        : request.Find("to") is null || request.Find("text") is null ? Problem(422, "1150", "Invalid params")
        : null;

    public override Answer Deny() => Problem(401, "1010", "Unauthorized");

    public override Taken Take(ReceivedRequest request)
    {
        var id = $"{Guid.NewGuid()}";
        return new Taken(id, request.Find("client_ref"), request, Answer.Json(202, new { message_uuid = id }));
    }

    // Vonage says nothing of how long.
    public override Answer Throttle(int retryAfter, DateTimeOffset now) => Problem(429, "1000", "Throttled");

    public override Answer Fail(int status) => Problem(status, "1030", "Internal error");

    public override Callback? Tell(Taken taken, ReportKind kind, Uri url, DateTimeOffset happened, DateTimeOffset now)
    {
        var (status, error) = kind switch
        {
            ReportKind.Delivered => ("delivered", null),
            ReportKind.Opened => ("read", null),
            // Vonage knows no complaints; whoever has opted out is barred.
            ReportKind.Complained => ("rejected", "1050"),
            _ => ("rejected", "1170"),
        };
        var body = JsonSerializer.Serialize(
            new
            {
                message_uuid = taken.Id,
                to = taken.Request.Find("to"),
                from = taken.Request.Find("from"),
                timestamp = happened.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
                status,
                client_ref = taken.Reference,
                channel = "sms",
                error = error is null
                    ? null
                    : new
                    {
                        type = $"https://developer.vonage.com/api-errors/messages#{error}",
                        title = error,
                        detail = "for this number",
                    },
            }
        );
        var claims = new
        {
            iat = now.ToUnixTimeSeconds(),
            jti = $"{Guid.NewGuid()}",
            iss = "Vonage",
            payload_hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body))),
            api_key = ApiKey,
        };
        return new Callback(
            url,
            body,
            ("Authorization", $"Bearer {Signatures.JsonWebToken("""{"typ":"JWT","alg":"HS256"}""", claims, Secret)}")
        );
    }

    static Answer Problem(int status, string code, string title) =>
        Answer.Json(
            status,
            new
            {
                type = $"https://developer.vonage.com/api-errors/messages#{code}",
                title,
                detail = title,
                instance = $"{Guid.NewGuid()}",
            }
        ) with
        {
            ContentType = "application/problem+json",
        };
}
