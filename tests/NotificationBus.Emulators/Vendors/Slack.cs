namespace NotificationBus.Emulators.Vendors;

/// <summary>Slack: chat.postMessage, which says in the body whether 200 means yes.</summary>
sealed class Slack : Vendor
{
    public override string Name => "slack";

    public override IReadOnlyList<(string Key, string Value)> Settings(Uri url) => [("BotToken", "xoxb-of-the-emulator")];

    public override Answer? Refuse(ReceivedRequest request) =>
        request is not { Method: "POST", Path: "/api/chat.postMessage" } ? new Answer(404)
        : !request.HasAuthorization("Bearer") ? Error(200, "not_authed")
        : request.Find("channel") is null ? Error(200, "channel_not_found")
        : request.Find("text") is null or "" ? Error(200, "no_text")
        : null;

    public override Answer Deny() => Error(200, "invalid_auth");

    public override Taken Take(ReceivedRequest request)
    {
        var ts = $"{request.At.ToUnixTimeSeconds()}.{request.Number:000000}";
        return new Taken(
            ts,
            null,
            request,
            Answer.Json(
                200,
                new
                {
                    ok = true,
                    channel = request.Find("channel"),
                    ts,
                }
            )
        );
    }

    public override Answer Throttle(int retryAfter, DateTimeOffset now) =>
        Error(429, "ratelimited") with
        {
            Headers = [("Retry-After", $"{retryAfter}")],
        };

    public override Answer Fail(int status) => Error(status, status == 503 ? "service_unavailable" : "internal_error");

    static Answer Error(int status, string error) => Answer.Json(status, new { ok = false, error });
}
