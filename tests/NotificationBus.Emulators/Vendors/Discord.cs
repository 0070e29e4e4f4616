using System.Globalization;

namespace NotificationBus.Emulators.Vendors;

/// <summary>Discord: the webhooks of its channels, each with a limit of its own.</summary>
sealed class Discord : Vendor
{
    const int Limit = 5;
    const int Window = 2;

    public override string Name => "discord";

    public override IReadOnlyList<(string Key, string Value)> Settings(Uri url) => [];

    public override Answer? Refuse(ReceivedRequest request) =>
        request.Method != "POST" || !request.Path.StartsWith("/api/webhooks/", StringComparison.Ordinal)
            ? Error(404, 10015, "Unknown Webhook")
        : request.Find("content") is null or "" ? Error(400, 50006, "Cannot send an empty message")
        : null;

    public override Answer Deny() => Error(401, 50027, "Invalid Webhook Token");

    public override Taken Take(ReceivedRequest request)
    {
        var id = $"1093312345{request.Number:000000000}";
        // Who does not wait is told nothing of the message.
        var answer = request.Path.Contains("wait=true", StringComparison.Ordinal)
            ? Answer.Json(
                200,
                new
                {
                    id,
                    type = 0,
                    content = request.Find("content"),
                }
            )
            : new Answer(204);
        return new Taken(id, null, request, answer with { Headers = RateLimit(Limit - 1, Window, request.At) });
    }

    public override Answer Throttle(int retryAfter, DateTimeOffset now) =>
        Answer.Json(
            429,
            new
            {
                message = "You are being rate limited.",
                retry_after = (double)retryAfter,
                global = false,
            }
        ) with
        {
            Headers = [("Retry-After", $"{retryAfter}"), ("X-RateLimit-Scope", "shared"), .. RateLimit(0, retryAfter, now)],
        };

    public override Answer Fail(int status) => Error(status, 0, $"{status}: Internal Server Error");

    static IReadOnlyList<(string, string)> RateLimit(int remaining, int seconds, DateTimeOffset now) =>
        [
            ("X-RateLimit-Limit", $"{Limit}"),
            ("X-RateLimit-Remaining", $"{remaining}"),
            ("X-RateLimit-Reset", (now.ToUnixTimeSeconds() + seconds).ToString(CultureInfo.InvariantCulture)),
            ("X-RateLimit-Reset-After", $"{seconds}"),
            ("X-RateLimit-Bucket", "of-the-emulator"),
        ];

    static Answer Error(int status, int code, string message) => Answer.Json(status, new { message, code });
}
