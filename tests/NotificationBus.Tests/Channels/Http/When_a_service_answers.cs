using NotificationBus.Providers;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Channels.Http;

public sealed class When_a_service_answers : With_a_scripted_service
{
    [Theory]
    // Nothing is expected of the answer.
    [InlineData("200 OK", "", null, null, Outcome.Accepted)]
    [InlineData("202 Accepted", "whatever", null, null, Outcome.Accepted)]
    [InlineData("204 No Content", "", null, null, Outcome.Accepted)]
    // An id, or a word, is.
    [InlineData("200 OK", """{"data":{"id":"m-1"}}""", "data.id", null, Outcome.Accepted)]
    [InlineData("200 OK", """{"messages":[{"id":"m-1"}]}""", "messages.0.id", null, Outcome.Accepted)]
    [InlineData("200 OK", """{"ok":true}""", null, "ok=true", Outcome.Accepted)]
    [InlineData("200 OK", """{"status":"0"}""", null, "status=0", Outcome.Accepted)]
    [InlineData("200 OK", "", "data.id", null, Outcome.InDoubt)]
    [InlineData("200 OK", """{"data":{"id":""}}""", "data.id", null, Outcome.InDoubt)]
    [InlineData("200 OK", """{"data":{"id":{}}}""", "data.id", null, Outcome.InDoubt)]
    [InlineData("200 OK", """{"data":"m-1"}""", "data.id", null, Outcome.InDoubt)]
    [InlineData("200 OK", """[1, 2]""", "2", null, Outcome.InDoubt)]
    [InlineData("200 OK", """{"data":{"id":"m-""", "data.id", null, Outcome.InDoubt)]
    [InlineData("200 OK", "<html>It works!</html>", "data.id", null, Outcome.InDoubt)]
    [InlineData("200 OK", """{"ok":false,"error":"internal_error"}""", null, "ok=true", Outcome.InDoubt)]
    [InlineData("200 OK", """{"ok":false,"id":"m-1"}""", "id", "ok=true", Outcome.InDoubt)]
    // Refused for what it is.
    [InlineData("400 Bad Request", "no such token", null, null, Outcome.Declined)]
    [InlineData("404 Not Found", """{"error":"unregistered"}""", null, null, Outcome.Declined)]
    [InlineData("410 Gone", "gone", null, null, Outcome.Declined)]
    [InlineData("413 Content Too Large", "4 KB at most", null, null, Outcome.Declined)]
    [InlineData("422 Unprocessable Content", "no", null, null, Outcome.Declined)]
    // Not the service's own answer, or not about this delivery.
    [InlineData("404 Not Found", "", null, null, Outcome.Misconfigured)]
    [InlineData("401 Unauthorized", "who are you?", null, null, Outcome.Misconfigured)]
    [InlineData("403 Forbidden", "", null, null, Outcome.Misconfigured)]
    [InlineData("405 Method Not Allowed", "", null, null, Outcome.Misconfigured)]
    [InlineData("408 Request Timeout", "", null, null, Outcome.Unavailable)]
    [InlineData("429 Too Many Requests", "", null, null, Outcome.Throttled)]
    [InlineData("301 Moved Permanently", "", null, null, Outcome.Misconfigured)]
    // Nobody can know.
    [InlineData("409 Conflict", "same key", null, null, Outcome.InDoubt)]
    [InlineData("500 Internal Server Error", "", null, null, Outcome.InDoubt)]
    [InlineData("502 Bad Gateway", "", null, null, Outcome.InDoubt)]
    [InlineData("503 Service Unavailable", "", null, null, Outcome.Unavailable)]
    [InlineData("504 Gateway Timeout", "", null, null, Outcome.InDoubt)]
    public async Task Should_know_whether_it_was_sent(string status, string body, string? idPath, string? accepted, Outcome expected)
    {
        Service.Answers(status, body);

        var result = await Provider(options => (options.MessageIdPath, options.Accepted) = (idPath, accepted))
            .Send(ADelivery(), Cancellation);

        result.GetType().Name.ShouldBe(expected.ToString());
        if (expected == Outcome.Accepted && idPath is not null)
            result.ShouldBeOfType<ProviderResult.Accepted>().ProviderMessageId.ShouldBe("m-1");
    }

    [Theory]
    [InlineData("409 Conflict", "", Outcome.Rejected, false)]
    [InlineData("200 OK", """{"ok":false,"error":{"code":"blocked"}}""", Outcome.Rejected, false)]
    [InlineData("500 Internal Server Error", """{"error":{"code":"blocked"}}""", Outcome.Rejected, false)]
    [InlineData("200 OK", """{"ok":false,"error":{"code":"no_such_number"}}""", Outcome.Rejected, true)]
    [InlineData("404 Not Found", """{"error":{"code":"no_such_number"}}""", Outcome.Rejected, true)]
    [InlineData("503 Service Unavailable", "", Outcome.Throttled, false)]
    [InlineData("200 OK", """{"ok":false,"error":{"code":"too_fast"}}""", Outcome.Throttled, false)]
    [InlineData("429 Too Many Requests", "", Outcome.Throttled, false)]
    // What nobody has named means what it means without.
    [InlineData("200 OK", """{"ok":true,"error":{"code":"none"}}""", Outcome.Accepted, false)]
    [InlineData("200 OK", """{"ok":false,"error":{"code":"other"}}""", Outcome.InDoubt, false)]
    [InlineData("422 Unprocessable Content", "no", Outcome.Declined, false)]
    [InlineData("500 Internal Server Error", "", Outcome.InDoubt, false)]
    [InlineData("401 Unauthorized", "", Outcome.Misconfigured, false)]
    public async Task Should_be_read_as_its_account_says(string status, string body, Outcome expected, bool addressIsWrong)
    {
        Service.Answers(status, body);

        var result = await Provider(options =>
            {
                options.Accepted = "ok=true";
                options.Rejected = "409, error.code=blocked";
                options.AddressIsWrong = "error.code=no_such_number";
                options.Throttled = "503,error.code=too_fast";
            })
            .Send(ADelivery(), Cancellation);

        result.GetType().Name.ShouldBe($"{expected}", $"{result}");
        (result as ProviderResult.Rejected)?.AddressIsWrong.ShouldBe(addressIsWrong);
    }

    [Theory]
    [InlineData("""{"error":{"retry_after":12}}""", "X-Wait: 7\r\nRetry-After: 3\r\n", 12)]
    [InlineData("""{"error":{}}""", "X-Wait: 7\r\nRetry-After: 3\r\n", 7)]
    [InlineData("no JSON", "Retry-After: 3\r\n", 3)]
    [InlineData("", "X-Wait: soon\r\n", null)]
    public async Task Should_be_left_alone_for_as_long_as_it_says_where_its_account_says(string body, string headers, int? seconds)
    {
        Service.Answers("503 Service Unavailable", body, headers);

        var result = await Provider(options =>
                (options.Throttled, options.RetryAfterPath, options.RetryAfterHeader) = ("503", "error.retry_after", "X-Wait")
            )
            .Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Throttled>().RetryAfter.ShouldBe(seconds is { } asked ? TimeSpan.FromSeconds(asked) : null);
    }

    [Theory]
    [InlineData("7", 7)]
    [InlineData("0", 0)]
    [InlineData("86401", 86_400)]
    [InlineData("99999999999999999999", 86_400)]
    [InlineData("Sat, 01 Jan 2000 00:00:30 GMT", 30)]
    [InlineData("Fri, 31 Dec 1999 23:00:00 GMT", null)]
    [InlineData("-5", null)]
    [InlineData("NaN", null)]
    [InlineData("notanumber", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public async Task Should_leave_it_alone_for_as_long_as_it_asks(string? retryAfter, int? seconds)
    {
        Service.Answers("429 Too Many Requests", headers: retryAfter is null ? "" : $"Retry-After: {retryAfter}\r\n");

        var result = await Provider(clock: new FirstOfJanuary()).Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Throttled>().RetryAfter.ShouldBe(seconds is { } asked ? TimeSpan.FromSeconds(asked) : null);
    }

    [Fact]
    public async Task Should_not_follow_it_elsewhere()
    {
        await using var elsewhere = new ScriptedHttpServer();
        elsewhere.Answers("200 OK");
        Service.Answers("307 Temporary Redirect", headers: $"Location: {elsewhere.Url}\r\n");

        var result = await Provider().Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Misconfigured>();
        elsewhere.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_read_no_more_than_a_little_of_a_long_answer()
    {
        Service.Answer = [.. "HTTP/1.1 200 OK\r\nContent-Length: 52428800\r\n\r\n"u8, .. new byte[1024 * 1024]];

        var result = await Provider().Send(ADelivery(), Cancellation).WaitAsync(Pulse.Patience, Cancellation);

        result.ShouldBeOfType<ProviderResult.InDoubt>().Reason.ShouldContain("256 KB");
    }

    /// <summary>Masking leaves what is no mailbox alone, though it has its sign.</summary>
    [Theory]
    [InlineData("{\"@type\":\"type.googleapis.com/google.rpc.BadRequest\"}", "@type")]
    [InlineData("{'@type':'x'}", "@type")]
    [InlineData("{@type:x}", "@type")]
    [InlineData("write to @ops for help", "@ops")]
    public async Task Should_leave_alone_what_is_no_mailbox(string body, string left)
    {
        Service.Answers("400 Bad Request", body);

        $"{await Provider().Send(ADelivery(), Cancellation)}".ShouldContain(left);
    }

    [Fact]
    public async Task Should_repeat_no_secret()
    {
        Service.Answers(
            "422 Unprocessable Content",
            """{"token":"token-of-soms-phone","key":"Bearer """
                + """s3cr3t-key","k":"s3cr3t-key","url":"/send?key=hidden","mail":"som@example.net","why":"expired"}"""
        );

        var result = await Provider(options =>
            {
                options.Url += "?key=hidden";
                options.Headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["Authorization"] = "Bearer s3cr3t-key" };
            })
            .Send(ADelivery(), Cancellation);

        var reason = result.ShouldBeOfType<ProviderResult.Declined>().Reason;
        reason.ShouldContain("expired");
        foreach (var secret in (string[])["soms-phone", "s3cr3t", "hidden", "som@"])
            reason.ShouldNotContain(secret);
    }

    [Fact]
    public async Task Should_cut_a_long_complaint_to_one_line()
    {
        Service.Answers("400 Bad Request", string.Join('\n', Enumerable.Repeat("no", 10_000)));

        var result = await Provider().Send(ADelivery(), Cancellation);

        var reason = result.ShouldBeOfType<ProviderResult.Declined>().Reason;
        reason.Length.ShouldBeLessThan(300);
        reason.ShouldNotContain("\n");
    }

    sealed class FirstOfJanuary : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    }
}
