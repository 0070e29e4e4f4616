namespace NotificationBus.Emulators.Vendors;

/// <summary>Microsoft Teams: a workflow that begins with a webhook request, and answers before it has done anything.</summary>
sealed class Teams : Vendor
{
    public override string Name => "teams";

    public override IReadOnlyList<(string Key, string Value)> Settings(Uri url) => [];

    public override Answer? Refuse(ReceivedRequest request) =>
        request.Method != "POST" || !request.Path.StartsWith("/workflows/", StringComparison.Ordinal)
            ? Error(404, "WorkflowNotFound", "The workflow could not be found.")
        : !request.Path.Contains("sig=", StringComparison.Ordinal) ? Deny()
        : request.Find("attachments.0.contentType") != "application/vnd.microsoft.card.adaptive"
            ? Error(400, "TriggerInputSchemaMismatch", "There is no card.")
        : null;

    public override Answer Deny() => Error(401, "DirectApiAuthorizationRequired", "The request has no signature.");

    public override Taken Take(ReceivedRequest request)
    {
        var run = $"0858{request.Number:00000000000000}CU01";
        return new Taken(run, null, request, new Answer(202, "", ("x-ms-workflow-run-id", run), ("x-ms-request-id", $"{Guid.NewGuid()}")));
    }

    public override Answer Throttle(int retryAfter, DateTimeOffset now) =>
        Error(429, "TooManyRequests", "The rate limit is exceeded.") with
        {
            Headers = [("Retry-After", $"{retryAfter}")],
        };

    public override Answer Fail(int status) => Error(status, "ServiceUnavailable", "The service is not available.");

    static Answer Error(int status, string code, string message) => Answer.Json(status, new { error = new { code, message } });
}
