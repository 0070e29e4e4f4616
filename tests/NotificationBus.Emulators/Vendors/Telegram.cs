namespace NotificationBus.Emulators.Vendors;

/// <summary>Telegram: sendMessage of a bot.</summary>
sealed class Telegram : Vendor
{
    const string Token = "123456:of-the-emulator";

    public override string Name => "telegram";

    public override IReadOnlyList<(string Key, string Value)> Settings(Uri url) => [("BotToken", Token)];

    public override Answer? Refuse(ReceivedRequest request) =>
        request is not { Method: "POST", Path: $"/bot{Token}/sendMessage" } ? Error(404, "Not Found")
        : request.Find("chat_id") is null or "" ? Error(400, "Bad Request: chat_id is empty")
        : request.Find("text") is null or "" ? Error(400, "Bad Request: message text is empty")
        : null;

    public override Answer Deny() => Error(401, "Unauthorized");

    public override Taken Take(ReceivedRequest request) =>
        new(
            $"{request.Number}",
            null,
            request,
            Answer.Json(
                200,
                new
                {
                    ok = true,
                    result = new
                    {
                        message_id = request.Number,
                        date = request.At.ToUnixTimeSeconds(),
                        text = request.Find("text"),
                    },
                }
            )
        );

    public override Answer Throttle(int retryAfter, DateTimeOffset now) =>
        Answer.Json(
            429,
            new
            {
                ok = false,
                error_code = 429,
                description = $"Too Many Requests: retry after {retryAfter}",
                parameters = new { retry_after = retryAfter },
            }
        );

    public override Answer Fail(int status) => Error(status, "Internal Server Error");

    static Answer Error(int status, string description) =>
        Answer.Json(
            status,
            new
            {
                ok = false,
                error_code = status,
                description,
            }
        );
}
