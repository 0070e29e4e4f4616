using System.Security.Cryptography;
using System.Text.Json;

namespace NotificationBus.Emulators.Vendors;

/// <summary>Firebase Cloud Messaging, HTTP v1, and the place where its access tokens come from.</summary>
sealed class Fcm : Vendor
{
    const string AccessToken = "ya29.of-the-emulator";
    const string Project = "emulator";

    readonly RSA _key = RSA.Create(2048);

    public override string Name => "fcm";

    public override IReadOnlyList<(string Key, string Value)> Settings(Uri url) =>
        [
            (
                "ServiceAccount",
                JsonSerializer.Serialize(
                    new
                    {
                        type = "service_account",
                        project_id = Project,
                        private_key_id = "of-the-emulator",
                        private_key = _key.ExportPkcs8PrivateKeyPem(),
                        client_email = $"sender@{Project}.iam.gserviceaccount.com",
                        token_uri = $"{url}/token",
                    }
                )
            ),
        ];

    public override Answer? Refuse(ReceivedRequest request) =>
        request is { Method: "POST", Path: "/token" }
            ? Answer.Json(
                200,
                new
                {
                    access_token = AccessToken,
                    expires_in = 3599,
                    token_type = "Bearer",
                }
            )
        : request is not { Method: "POST", Path: $"/v1/projects/{Project}/messages:send" }
            ? Error(404, "NOT_FOUND", "Requested entity was not found.")
        : request.Header("Authorization") != $"Bearer {AccessToken}" ? Deny()
        : request.Find("message.token") is null || !IsData(request)
            ? Error(400, "INVALID_ARGUMENT", "Request contains an invalid argument.")
        : null;

    // Every value is a text, and some names are FCM's own (v1/projects.messages, data).
    static bool IsData(ReceivedRequest request) =>
        request.Json is not { } body
        || !body.TryGetProperty("message", out var message)
        || !message.TryGetProperty("data", out var data)
        || data.EnumerateObject()
            .All(one =>
                one.Value.ValueKind == JsonValueKind.String
                && one.Name is not ("from" or "message_type")
                && !one.Name.StartsWith("google.", StringComparison.Ordinal)
                && !one.Name.StartsWith("gcm.", StringComparison.Ordinal)
            );

    public override Answer Deny() => Error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.");

    public override Taken Take(ReceivedRequest request)
    {
        var name = $"projects/{Project}/messages/0:{request.At.ToUnixTimeMilliseconds()}%{Guid.NewGuid():N}";
        return new Taken(name, request.Find("message.data.deliveryId"), request, Answer.Json(200, new { name }));
    }

    public override Answer Throttle(int retryAfter, DateTimeOffset now) =>
        Error(429, "RESOURCE_EXHAUSTED", "Quota exceeded", "QUOTA_EXCEEDED") with
        {
            Headers = [("Retry-After", $"{retryAfter}")],
        };

    public override Answer Fail(int status) =>
        status == 503
            ? Error(503, "UNAVAILABLE", "The service is currently unavailable.", "UNAVAILABLE")
            : Error(status, "INTERNAL", "Internal error encountered.", "INTERNAL");

    static Answer Error(int code, string status, string message, string? errorCode = null) =>
        Answer.Json(
            code,
            new
            {
                error = new
                {
                    code,
                    message,
                    status,
                    details = errorCode is null
                        ? []
                        : new[]
                        {
                            new Dictionary<string, string>(StringComparer.Ordinal)
                            {
                                ["@type"] = "type.googleapis.com/google.firebase.fcm.v1.FcmError",
                                ["errorCode"] = errorCode,
                            },
                        },
                },
            }
        );
}
