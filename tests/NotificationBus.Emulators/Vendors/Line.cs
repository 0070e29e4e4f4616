namespace NotificationBus.Emulators.Vendors;

/// <summary>LINE: push messages of its Messaging API, which does nothing twice under one retry key.</summary>
sealed class Line : Vendor
{
    public override string Name => "line";

    public override IReadOnlyList<(string Key, string Value)> Settings(Uri url) => [("ChannelAccessToken", "of-the-emulator")];

    public override Answer? Refuse(ReceivedRequest request) =>
        request is not { Method: "POST", Path: "/v2/bot/message/push" } ? Error(404, "Not found")
        : !request.HasAuthorization("Bearer") ? Deny()
        : request.Find("to") is null or "" ? Error(400, "The property, 'to', in the request body is invalid")
        : request.Find("messages.0.text") is null or "" ? Error(400, "The request body has 1 error(s)")
        : null;

    public override Answer Deny() =>
        Error(401, "Authentication failed. Confirm that the access token in the authorization header is valid.");

    public override Taken Take(ReceivedRequest request)
    {
        var id = $"461230966{request.Number:000000000}";
        return new Taken(
            id,
            request.Header("X-Line-Retry-Key"),
            request,
            Answer.Json(200, new { sentMessages = Sent(id) }, ("X-Line-Request-Id", $"{Guid.NewGuid()}"))
        );
    }

    public override string? KeyOf(ReceivedRequest request) => request.Header("X-Line-Retry-Key");

    public override Answer Repeat(Taken first) =>
        Answer.Json(
            409,
            new { message = "The retry key is already accepted", sentMessages = Sent(first.Id) },
            ("X-Line-Accepted-Request-Id", first.Answer.Headers[0].Value)
        );

    // LINE says nothing of how long.
    public override Answer Throttle(int retryAfter, DateTimeOffset now) =>
        Error(429, "The API rate limit has been exceeded. Try again later.");

    public override Answer Fail(int status) => Error(status, "Internal error");

    static object[] Sent(string id) => [new { id, quoteToken = "of-the-emulator" }];

    static Answer Error(int status, string message) => Answer.Json(status, new { message });
}
