using System.Text.Json;
using NotificationBus.Channels.Email.Providers;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.Channels.Vendors;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Channels.Email.Providers;

public sealed class When_Resend_sends : Any_vendor_of_mail<When_Resend_sends>, IVendorSituation
{
    const string ApiKey = "re_c1tpEyD8_NKFusih9vKVQknRAQfmFcWCv";

    public static IEnumerable<VendorAnswer> Answers =>
        [
            new("accepted", "200 OK", """{"id":"49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"}""", Outcome.Accepted)
            {
                MessageId = "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794",
            },
            new("accepted, the last call for now", "200 OK", """{"id":"49a3999c"}""", Outcome.Accepted)
            {
                Headers = "ratelimit-limit: 2\r\nratelimit-remaining: 0\r\nratelimit-reset: 1\r\n",
                MessageId = "49a3999c",
                RateLimit = new RateLimit(0, TimeSpan.FromSeconds(1)),
            },
            new("accepted without an id", "200 OK", "{}", Outcome.InDoubt),
            new("validation_error", "400 Bad Request", Error(400, "validation_error"), Outcome.Declined) { Says = "validation_error" },
            new("invalid_idempotency_key", "400 Bad Request", Error(400, "invalid_idempotency_key"), Outcome.Declined),
            new("missing_api_key", "401 Unauthorized", Error(401, "missing_api_key"), Outcome.Misconfigured) { Says = "check ApiKey" },
            new("restricted_api_key", "401 Unauthorized", Error(401, "restricted_api_key"), Outcome.Misconfigured),
            new("invalid_api_key", "403 Forbidden", Error(403, "invalid_api_key"), Outcome.Misconfigured),
            new("validation_error, domain not verified", "403 Forbidden", Error(403, "validation_error"), Outcome.Misconfigured)
            {
                Says = "verified domain",
            },
            new("not_found", "404 Not Found", Error(404, "not_found"), Outcome.Misconfigured) { Says = "check Url" },
            new("method_not_allowed", "405 Method Not Allowed", Error(405, "method_not_allowed"), Outcome.Misconfigured),
            new("invalid_idempotent_request", "409 Conflict", Error(409, "invalid_idempotent_request"), Outcome.InDoubt),
            new("missing_required_field", "422 Unprocessable Entity", Error(422, "missing_required_field"), Outcome.Declined),
            new("invalid_from_address", "422 Unprocessable Entity", Error(422, "invalid_from_address"), Outcome.Misconfigured)
            {
                Says = "check From",
            },
            new("rate_limit_exceeded", "429 Too Many Requests", Error(429, "rate_limit_exceeded"), Outcome.Throttled)
            {
                Headers = "retry-after: 1\r\n",
                RetryAfter = TimeSpan.FromSeconds(1),
            },
            new("rate_limit_exceeded, by its own header", "429 Too Many Requests", Error(429, "rate_limit_exceeded"), Outcome.Throttled)
            {
                Headers = "ratelimit-remaining: 0\r\nratelimit-reset: 3\r\n",
                RetryAfter = TimeSpan.FromSeconds(3),
                RateLimit = new RateLimit(0, TimeSpan.FromSeconds(3)),
            },
            new("daily_quota_exceeded", "429 Too Many Requests", Error(429, "daily_quota_exceeded"), Outcome.Misconfigured)
            {
                Says = "plan",
            },
            new("monthly_quota_exceeded", "429 Too Many Requests", Error(429, "monthly_quota_exceeded"), Outcome.Misconfigured)
            {
                Says = "plan",
            },
            new("security_error", "451 Unavailable For Legal Reasons", Error(451, "security_error"), Outcome.Declined),
            new("application_error", "500 Internal Server Error", Error(500, "application_error"), Outcome.Unavailable),
            new("service_unavailable", "503 Service Unavailable", Error(503, "service_unavailable"), Outcome.Unavailable),
        ];

    public static string BodyOfThrottled => Error(429, "rate_limit_exceeded");

    public static IReadOnlyList<string> Secrets => [ApiKey];

    public static Delivery ADelivery => Mail.ToSomchai;

    public static IProvider Create(string url, TimeSpan timeout, TimeProvider clock) => Account(url, timeout, clock, Mail.FromName);

    [Fact]
    public async Task Should_say_everything_once()
    {
        Vendor.Answers("200 OK", """{"id":"1"}""");

        await Provider().Send(ADelivery, Cancellation);

        var (head, body) = Vendor.Requests.ShouldHaveSingleItem();
        head.ShouldStartWith("POST /emails HTTP/1.1");
        head.ShouldContain($"Authorization: Bearer {ApiKey}");
        head.ShouldContain($"Idempotency-Key: {Mail.Id}");
        head.ShouldContain("User-Agent: NotificationBus"); // Without one Resend answers 403.
        JsonElement
            .Parse(body)
            .ToString()
            .ShouldBe(
                """{"from":"ร้าน Example <shop@example.com>","to":["Somchai <somchai@example.net>"],"subject":"ขายแล้ว: """
                    + """\"bowl\"","html":"<p>Sold &amp; paid</p>","text":"Sold & paid.","tags":"""
                    + $$"""[{"name":"delivery_id","value":"{{Mail.Id}}"}]}"""
            );
    }

    [Fact]
    public async Task Should_ask_again_under_the_same_key_while_an_earlier_request_is_under_way()
    {
        Vendor.Answers("409 Conflict", Error(409, "concurrent_idempotent_requests"));
        var (pulse, clock) = Watched();
        var sending = Provider(clock: clock).Send(ADelivery, Cancellation);

        await pulse.Until(() => clock.AlarmsWithin(TimeSpan.FromSeconds(1)) > 0);
        clock.Advance(TimeSpan.FromSeconds(1));
        await pulse.Until(() => clock.AlarmsWithin(TimeSpan.FromSeconds(2)) > 0);
        Vendor.Answers("200 OK", """{"id":"1"}""");
        clock.Advance(TimeSpan.FromSeconds(2));

        (await sending).ShouldBe(new ProviderResult.Accepted("1"));
        Vendor.Requests.Count.ShouldBe(3);
        Vendor.Requests.ShouldAllBe(request => request.Head.Contains($"Idempotency-Key: {Mail.Id}"));
    }

    [Fact]
    public async Task Should_be_in_doubt_when_an_earlier_request_stays_under_way()
    {
        Vendor.Answers("409 Conflict", Error(409, "concurrent_idempotent_requests"));
        var (pulse, clock) = Watched();
        var provider = Provider(clock: clock);
        var sending = provider.Send(ADelivery, Cancellation);

        foreach (var seconds in (int[])[1, 2, 4])
        {
            await pulse.Until(() => clock.AlarmsWithin(TimeSpan.FromSeconds(seconds)) > 0);
            clock.Advance(TimeSpan.FromSeconds(seconds));
        }

        (await sending).ShouldBeOfType<ProviderResult.InDoubt>().Reason.ShouldContain("concurrent_idempotent_requests");
        Vendor.Requests.Count.ShouldBe(4);
        provider.LongestCall.ShouldBeGreaterThan(TimeSpan.FromSeconds(7 + 15));
    }

    [Fact]
    public async Task Should_be_in_doubt_when_the_caller_gives_up_while_an_earlier_request_is_under_way()
    {
        Vendor.Answers("409 Conflict", Error(409, "concurrent_idempotent_requests"));
        var (pulse, clock) = Watched();
        using var givesUp = new CancellationTokenSource();
        var sending = Provider(clock: clock).Send(ADelivery, givesUp.Token);

        await pulse.Until(() => clock.AlarmsWithin(TimeSpan.FromSeconds(1)) > 0);
        await givesUp.CancelAsync();

        (await sending).ShouldBeOfType<ProviderResult.InDoubt>();
        Vendor.Requests.ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData(null, "shop@example.com")]
    [InlineData("Shop", "Shop <shop@example.com>")]
    [InlineData("Shop, <b@c> \"Inc\"", "\"Shop, <b@c> \\\"Inc\\\"\" <shop@example.com>")]
    public async Task Should_keep_the_senders_name_from_being_an_address(string? name, string from)
    {
        Vendor.Answers("200 OK", """{"id":"1"}""");

        await using var provider = Account(Vendor.Url.GetLeftPart(UriPartial.Authority), TimeSpan.FromSeconds(15), Clock, name);
        await provider.Send(ADelivery, Cancellation);

        JsonElement.Parse(Vendor.Requests.ShouldHaveSingleItem().Body).GetProperty("from").GetString().ShouldBe(from);
    }

    [Theory]
    [InlineData(null, "somchai@example.net")]
    [InlineData("Som, <b@c>", "\"Som, <b@c>\" <somchai@example.net>")]
    public async Task Should_keep_the_recipients_name_from_being_an_address(string? name, string to)
    {
        Vendor.Answers("200 OK", """{"id":"1"}""");

        await Provider().Send(ADelivery with { RecipientName = name }, Cancellation);

        JsonElement.Parse(Vendor.Requests.ShouldHaveSingleItem().Body).GetProperty("to")[0].GetString().ShouldBe(to);
    }

    static (Pulse Pulse, WatchedClock Clock) Watched()
    {
        var pulse = new Pulse();
        return (pulse, new WatchedClock(pulse));
    }

    static ResendEmailProvider Account(string url, TimeSpan timeout, TimeProvider clock, string? fromName) =>
        new(
            "account",
            new ResendOptions
            {
                Url = url,
                Timeout = timeout,
                ApiKey = ApiKey,
                From = Mail.From,
                FromName = fromName,
            },
            clock
        );

    static string Error(int status, string name) => $$"""{"statusCode":{{status}},"name":"{{name}}","message":"What is wrong."}""";
}
