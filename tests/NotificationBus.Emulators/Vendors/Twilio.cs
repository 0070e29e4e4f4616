using Microsoft.AspNetCore.WebUtilities;

namespace NotificationBus.Emulators.Vendors;

/// <summary>Twilio: messages, and the status callbacks.</summary>
sealed class Twilio : Vendor
{
    const string Account = "AC00000000000000000000000000000000";
    const string Token = "of-the-emulator-of-twilio";

    public override string Name => "twilio";

    public override IReadOnlyList<(string Key, string Value)> Settings(Uri url) =>
        [("AccountSid", Account), ("AuthToken", Token), ("From", "+15005550006")];

    public override Answer? Refuse(ReceivedRequest request) =>
        request is not { Method: "POST", Path: $"/2010-04-01/Accounts/{Account}/Messages.json" }
            ? Error(404, 20404, "The requested resource was not found")
        : !request.HasAuthorization("Basic") ? Deny()
        : Field(request, "To") is null ? Error(400, 21604, "A 'To' phone number is required.")
        : Field(request, "Body") is null ? Error(400, 21602, "Message body is required.")
        : null;

    public override Answer Deny() => Error(401, 20003, "Authenticate");

    public override Taken Take(ReceivedRequest request)
    {
        var sid = $"SM{Guid.NewGuid():N}";
        return new Taken(
            sid,
            Field(request, "StatusCallback"),
            request,
            Answer.Json(
                201,
                new
                {
                    sid,
                    account_sid = Account,
                    status = "queued",
                    error_code = (int?)null,
                    num_segments = "1",
                }
            )
        );
    }

    // Twilio's API of messages says nothing of how long.
    public override Answer Throttle(int retryAfter, DateTimeOffset now) => Error(429, 20429, "Too Many Requests");

    public override Answer Fail(int status) =>
        status == 503 ? Error(503, 20503, "Service unavailable") : Error(status, 20500, "Internal Server Error");

    public override Callback? Tell(Taken taken, ReportKind kind, Uri url, DateTimeOffset happened, DateTimeOffset now)
    {
        var fields = kind switch
        {
            ReportKind.Delivered => "MessageStatus=delivered",
            ReportKind.Bounced => "MessageStatus=undelivered&ErrorCode=30005",
            ReportKind.Complained => "MessageStatus=failed&ErrorCode=21610",
            _ => "MessageStatus=read",
        };
        // The callback that was asked for has the delivery in its query.
        var target = Uri.TryCreate(taken.Reference, UriKind.Absolute, out var callback)
            ? new UriBuilder(url) { Query = callback.Query }.Uri
            : url;
        var form = $"MessageSid={taken.Id}&AccountSid={Account}&To={Uri.EscapeDataString(Field(taken.Request, "To")!)}&{fields}";
        return new Callback(target, form, ("X-Twilio-Signature", Signatures.Twilio(target.AbsoluteUri, form, Token)))
        {
            ContentType = "application/x-www-form-urlencoded",
        };
    }

    static string? Field(ReceivedRequest request, string name) =>
        QueryHelpers.ParseQuery(request.Body).TryGetValue(name, out var value) && value.ToString() is { Length: > 0 } text ? text : null;

    static Answer Error(int status, int code, string message) =>
        Answer.Json(
            status,
            new
            {
                code,
                message,
                more_info = $"https://www.twilio.com/docs/errors/{code}",
                status,
            }
        );
}
