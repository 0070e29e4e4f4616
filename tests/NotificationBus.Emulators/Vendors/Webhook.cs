namespace NotificationBus.Emulators.Vendors;

/// <summary>A receiver of Standard Webhooks: any path below its address. It knows a repetition by its <c>webhook-id</c>.</summary>
sealed class Webhook : Vendor
{
    public override string Name => "webhook";

    public override IReadOnlyList<(string Key, string Value)> Settings(Uri url) =>
        [("Secret", "whsec_b2YtdGhlLWVtdWxhdG9yLW9mLXdlYmhvb2tz"), ("AllowPrivateAddresses", "true")];

    public override Answer? Refuse(ReceivedRequest request) =>
        request.Method != "POST" ? new Answer(405)
        : request.Header("webhook-id") is null || request.Header("webhook-signature") is null
            ? new Answer(400, "no signature") { ContentType = "text/plain" }
        : null;

    public override Answer Deny() => new(401);

    public override Taken Take(ReceivedRequest request) =>
        new(request.Header("webhook-id")!, request.Header("webhook-id"), request, new Answer(204));

    public override string? KeyOf(ReceivedRequest request) => request.Header("webhook-id");

    public override Answer Throttle(int retryAfter, DateTimeOffset now) => new(429, "", ("Retry-After", $"{retryAfter}"));
}
