namespace NotificationBus.Emulators.Vendors;

/// <summary>
/// A company's own service, for accounts of the type <c>http</c>: takes any JSON, and knows a repetition by its <c>Idempotency-Key</c>.
/// </summary>
sealed class Gateway : Vendor
{
    public override string Name => "http";

    public override IReadOnlyList<(string Key, string Value)> Settings(Uri url) => [("MessageIdPath", "id")];

    public override Answer? Refuse(ReceivedRequest request) =>
        request.Method != "POST" ? new Answer(405)
        : request.Json is null ? Answer.Json(400, new { error = "no JSON" })
        : null;

    public override Answer Deny() => Answer.Json(401, new { error = "who are you?" });

    public override Taken Take(ReceivedRequest request)
    {
        var id = $"{Guid.NewGuid()}";
        return new Taken(id, KeyOf(request), request, Answer.Json(202, new { id }));
    }

    public override string? KeyOf(ReceivedRequest request) => request.Header("Idempotency-Key");

    public override Answer Throttle(int retryAfter, DateTimeOffset now) =>
        Answer.Json(429, new { error = "too often" }, ("Retry-After", $"{retryAfter}"));
}
