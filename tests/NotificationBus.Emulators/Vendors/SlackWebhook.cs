namespace NotificationBus.Emulators.Vendors;

/// <summary>Slack's incoming webhooks, which answer in plain text.</summary>
sealed class SlackWebhook : Vendor
{
    public override string Name => "slack-webhook";

    public override IReadOnlyList<(string Key, string Value)> Settings(Uri url) => [];

    public override Answer? Refuse(ReceivedRequest request) =>
        request.Method != "POST" || !request.Path.StartsWith("/services/", StringComparison.Ordinal) ? Text(404, "no_service")
        : request.Find("text") is null or "" ? Text(400, "no_text")
        : null;

    public override Answer Deny() => Text(403, "invalid_token");

    public override Taken Take(ReceivedRequest request) => new($"{request.Number}", null, request, Text(200, "ok"));

    public override Answer Throttle(int retryAfter, DateTimeOffset now) =>
        Text(429, "ratelimited") with
        {
            Headers = [("Retry-After", $"{retryAfter}")],
        };

    static Answer Text(int status, string text) => new(status, text) { ContentType = "text/html" };
}
