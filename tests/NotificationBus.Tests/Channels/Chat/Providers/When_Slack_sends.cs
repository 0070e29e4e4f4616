using System.Text.Json;
using NotificationBus.Channels.Chat.Providers;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.Channels.Vendors;

namespace NotificationBus.Tests.Channels.Chat.Providers;

public sealed class When_Slack_sends : Any_vendor<When_Slack_sends>, IVendorSituation
{
    const string BotToken = "xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy";
    const string Place = "C0123456789";

    public static IEnumerable<VendorAnswer> Answers =>
        [
            new("ok", "200 OK", """{"ok":true,"channel":"C0123456789","ts":"1503435956.000247"}""", Outcome.Accepted)
            {
                MessageId = "1503435956.000247",
            },
            new("ok without ts", "200 OK", """{"ok":true}""", Outcome.InDoubt),
            Failure("msg_too_long", Outcome.Declined),
            Failure("no_text", Outcome.Declined),
            Failure("invalid_blocks", Outcome.Declined),
            Failure("an_error_of_tomorrow", Outcome.Declined),
            Failure("channel_not_found", Outcome.Rejected) with
            {
                AddressIsWrong = true,
            },
            Failure("is_archived", Outcome.Rejected) with
            {
                AddressIsWrong = true,
            },
            Failure("not_in_channel", Outcome.Declined) with
            {
                Says = "invite the bot",
            },
            Failure("ratelimited", Outcome.Unavailable) with
            {
                OnlyThisDelivery = true,
                Headers = "Retry-After: 30\r\n",
                RetryAfter = TimeSpan.FromSeconds(30),
            },
            Failure("rate_limited", Outcome.Unavailable) with
            {
                OnlyThisDelivery = true,
            },
            new("ratelimited", "429 Too Many Requests", """{"ok":false,"error":"ratelimited"}""", Outcome.Unavailable)
            {
                OnlyThisDelivery = true,
                Headers = "Retry-After: 1\r\n",
                RetryAfter = TimeSpan.FromSeconds(1),
            },
            Failure("message_limit_exceeded", Outcome.Throttled),
            Failure("invalid_auth", Outcome.Misconfigured) with
            {
                Says = "check BotToken",
            },
            Failure("token_revoked", Outcome.Misconfigured),
            Failure("account_inactive", Outcome.Misconfigured),
            Failure("missing_scope", Outcome.Misconfigured) with
            {
                Says = "scopes",
            },
            Failure("fatal_error", Outcome.InDoubt),
            Failure("internal_error", Outcome.InDoubt),
            Failure("service_unavailable", Outcome.Unavailable),
            Failure("request_timeout", Outcome.Unavailable),
            new("an outage", "503 Service Unavailable", "", Outcome.Unavailable),
            new("no such method", "404 Not Found", "", Outcome.Misconfigured) { Says = "check Url" },
        ];

    public static string BodyOfThrottled => """{"ok":false,"error":"ratelimited"}""";

    public static bool LimitsEachPlace => true;

    public static IReadOnlyList<string> Secrets => [BotToken, Place];

    public static Delivery ADelivery => Message.To($"slack:{Place}");

    public static IProvider Create(string url, TimeSpan timeout, TimeProvider clock) =>
        new SlackProvider(
            "slack",
            new SlackOptions
            {
                BotToken = BotToken,
                Url = url,
                Timeout = timeout,
            },
            clock
        );

    [Fact]
    public async Task Should_say_everything_and_nothing_more_than_text()
    {
        Vendor.Answers("200 OK", """{"ok":true,"ts":"1"}""");

        await Provider().Send(Message.To($"slack:{Place}", "<!channel> & <https://evil.example|Slack>\nSold"), Cancellation);

        var (head, body) = Vendor.Requests.ShouldHaveSingleItem();
        head.ShouldStartWith("POST /api/chat.postMessage HTTP/1.1");
        head.ShouldContain($"Authorization: Bearer {BotToken}");
        head.ShouldContain("Content-Type: application/json");
        var json = JsonElement.Parse(body);
        json.GetProperty("channel").GetString().ShouldBe(Place);
        json.GetProperty("text").GetString().ShouldBe("&lt;!channel&gt; &amp; &lt;https://evil.example|Slack&gt;\nSold");
        json.GetProperty("mrkdwn").GetBoolean().ShouldBeFalse();
        json.GetProperty("link_names").GetBoolean().ShouldBeFalse();
    }

    [Theory]
    [InlineData("slack:C0123456789", true)]
    [InlineData("slack:https://hooks.slack.com/services/T0/B0/x", false)]
    [InlineData("telegram:12345", false)]
    public async Task Should_leave_the_places_of_others_to_others(string address, bool served)
    {
        Vendor.Answers("200 OK", """{"ok":true,"ts":"1"}""");
        var provider = Provider();

        provider.Serves(Message.To(address)).ShouldBe(served);
        var result = await provider.Send(Message.To(address), Cancellation);

        if (served)
            result.ShouldBeOfType<ProviderResult.Accepted>();
        else
            result.ShouldBeOfType<ProviderResult.Unavailable>().OnlyThisDelivery.ShouldBeTrue();
        Vendor.Requests.Count.ShouldBe(served ? 1 : 0);
    }

    [Theory]
    [InlineData('x', 40_001)]
    [InlineData('&', 10_000)]
    public async Task Should_not_send_what_would_be_cut_off(char of, int length)
    {
        Vendor.Answers("200 OK", """{"ok":true,"ts":"1"}""");
        var delivery = Message.To($"slack:{Place}", new string(of, length));

        var result = await Provider().Send(delivery, Cancellation);

        result.ShouldBeOfType<ProviderResult.Declined>();
        Vendor.Requests.ShouldBeEmpty();
        Provider().Foresee(delivery).ShouldNotBeNull("it is told before it is taken");
    }

    /// <summary>C: chat text is shown as written: Slack makes an emoji of any name between two colons.</summary>
    [Theory]
    [InlineData(":red_circle: Sold", ":\u2060red_circle: Sold")]
    [InlineData(":+1::skin-tone-2:", ":\u2060+1::\u2060skin-tone-2:")]
    [InlineData("a:b:c :ハート:", "a:\u2060b:c :\u2060ハート:")]
    [InlineData("Note: it is 9:30, or : so :", "Note: it is 9:30, or : so :")]
    [InlineData("https://shop.example/urn:isbn:1 :ok:", "https://shop.example/urn:isbn:1 :\u2060ok:")]
    [InlineData(
        "https://:ok: http://shop.example:ok: https://shop.example:80/:ok:",
        "https://:\u2060ok: http://shop.example:\u2060ok: https://shop.example:80/:ok:"
    )]
    [InlineData(":𠮷: :می\u200Cخواهم: 😀:ok:", ":\u2060𠮷: :\u2060می\u200Cخواهم: 😀:\u2060ok:")]
    public async Task Should_make_no_emoji_of_it(string text, string sent)
    {
        Vendor.Answers("200 OK", """{"ok":true,"ts":"1"}""");

        await Provider().Send(Message.To($"slack:{Place}", text), Cancellation);

        JsonElement.Parse(Vendor.Requests.ShouldHaveSingleItem().Body).GetProperty("text").GetString().ShouldBe(sent);
    }

    /// <summary>C: one place's trouble is not the account's, until several have it within a minute.</summary>
    [Fact]
    public async Task Should_leave_the_account_alone_when_several_places_get_too_much()
    {
        Vendor.Answers("429 Too Many Requests", BodyOfThrottled, "Retry-After: 5\r\n");
        var clock = new FakeTimeProvider(TestKit.A.Time);
        var provider = Provider(clock: clock);

        foreach (var place in new[] { "1", "1", "1", "2", "1" })
            (await provider.Send(Message.To($"slack:{place}"), Cancellation))
                .ShouldBeOfType<ProviderResult.Unavailable>()
                .OnlyThisDelivery.ShouldBeTrue();
        (await provider.Send(Message.To("slack:3"), Cancellation))
            .ShouldBeOfType<ProviderResult.Throttled>()
            .RetryAfter.ShouldBe(TimeSpan.FromSeconds(5));

        clock.Advance(TimeSpan.FromSeconds(61));
        (await provider.Send(Message.To("slack:4"), Cancellation)).ShouldBeOfType<ProviderResult.Unavailable>();
    }

    static VendorAnswer Failure(string error, Outcome outcome) => new(error, "200 OK", $$"""{"ok":false,"error":"{{error}}"}""", outcome);
}
