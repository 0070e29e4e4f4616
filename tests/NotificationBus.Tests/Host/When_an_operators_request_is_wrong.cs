using System.Net;
using System.Text;

namespace NotificationBus.Tests.Host;

public sealed class When_an_operators_request_is_wrong(RunningHost host) : IClassFixture<RunningHost>
{
    const string Provider = "/v1/providers/sandbox";
    const string Breaker = "/v1/providers/sandbox/breaker";
    const string Channel = "/v1/channels/email";
    const string EventType = "/v1/event-types/announcement";
    const string Suppressions = "/v1/suppressions";
    const string UnknownCategory =
        "is unknown, allowed are announcement, chat-message-sent, order-placed, order-shipped, payment-reminder-due";
    const string Time = "must be a time from 00:00:01 to 01:00:00, such as 00:00:30 (hours:minutes:seconds)";
    const string LongTime = "must be a time from 00:00:10 to 30.00:00:00, such as 00:00:30 (hours:minutes:seconds)";
    const string Decision =
        "/v1/notifications/11111111-1111-1111-1111-111111111111/deliveries/22222222-2222-2222-2222-222222222222/decision";

    [Theory]
    [InlineData(Provider, """ "switch":"of" """, "switch", "must be one of on, drain, off")]
    [InlineData(Provider, """ "switch":"Off" """, "switch", "must be one of on, drain, off; did you mean off?")]
    [InlineData(Provider, """ "switch":true """, "switch", "must be a string")]
    [InlineData(Provider, """ "pin":"half-open" """, "pin", "must be one of closed, open")]
    [InlineData(Provider, """ "weight":-1 """, "weight", "must be 0 to 1000")]
    [InlineData(Provider, """ "weight":1001 """, "weight", "must be 0 to 1000")]
    [InlineData(Provider, """ "weight":1.5 """, "weight", "must be a number in range")]
    [InlineData(Provider, """ "perSecond":0 """, "perSecond", "must be 0.01 to 100000")]
    [InlineData(Provider, """ "perSecond":100001 """, "perSecond", "must be 0.01 to 100000")]
    [InlineData(Provider, """ "perSecond":"10" """, "perSecond", "must be a number in range")]
    [InlineData(
        Provider,
        """ "swich":"off" """,
        "swich",
        "is unknown, allowed are switch, pin, weight, perSecond, by, why; did you mean switch?"
    )]
    [InlineData(Breaker, """ "minimumCalls":1 """, "minimumCalls", "must be 2 to 10000")]
    [InlineData(Breaker, """ "minimumCalls":10001 """, "minimumCalls", "must be 2 to 10000")]
    [InlineData(Breaker, """ "minimumCalls":2.5 """, "minimumCalls", "must be a number in range")]
    [InlineData(Breaker, """ "failureShare":0 """, "failureShare", "must be 0.01 to 1")]
    [InlineData(Breaker, """ "failureShare":1.01 """, "failureShare", "must be 0.01 to 1")]
    [InlineData(Breaker, """ "halfOpenCalls":0 """, "halfOpenCalls", "must be 1 to 100")]
    [InlineData(Breaker, """ "halfOpenCalls":101 """, "halfOpenCalls", "must be 1 to 100")]
    [InlineData(Breaker, """ "openFor":"00:00:00.9" """, "openFor", Time)]
    [InlineData(Breaker, """ "openFor":"01:00:01" """, "openFor", Time)]
    [InlineData(Breaker, """ "openFor":"30" """, "openFor", Time)]
    [InlineData(Breaker, """ "openFor":"soon" """, "openFor", Time)]
    [InlineData(Breaker, """ "openFor":30 """, "openFor", "must be a string")]
    [InlineData(
        Breaker,
        """ "minimumCall":8 """,
        "minimumCall",
        "is unknown, allowed are minimumCalls, failureShare, openFor, halfOpenCalls, by, why; did you mean minimumCalls?"
    )]
    [InlineData(Channel, """ "paused":"yes" """, "paused", "must be true or false")]
    [InlineData(
        Channel,
        """ "order":[] """,
        "order",
        "must name each account once, at least one of sandbox; what it leaves out is not used"
    )]
    [InlineData(
        Channel,
        """ "order":["sandbox","sandbox"] """,
        "order",
        "must name each account once, at least one of sandbox; what it leaves out is not used"
    )]
    [InlineData(
        Channel,
        """ "order":["smtp"] """,
        "order",
        "must name each account once, at least one of sandbox; what it leaves out is not used"
    )]
    [InlineData(Channel, """ "order":[null] """, "order[0]", "must be a string")]
    [InlineData(Channel, """ "order":"sandbox" """, "order", "must be an array")]
    [InlineData(EventType, """ "switch":"of" """, "switch", "must be one of on, off")]
    [InlineData(EventType, """ "switch":"drain" """, "switch", "must be one of on, off")]
    [InlineData(
        EventType,
        """ "channels":["emial"] """,
        "channels[0]",
        "is no channel, allowed are chat, email, push, sms, webhook; did you mean email?"
    )]
    [InlineData(
        EventType,
        """ "channels":[] """,
        "channels",
        "must name at least one of chat, email, push, sms, webhook, or be left out; to send nothing, switch it off"
    )]
    [InlineData(EventType, """ "channels":["push","push"] """, "channels[1]", "is named before")]
    [InlineData(EventType, """ "channels":[null] """, "channels[0]", "must be a string")]
    [InlineData(EventType, """ "mode":"first" """, "mode", "must be one of all-at-once, first-that-works")]
    [InlineData(EventType, """ "lifetime":"00:00:09" """, "lifetime", LongTime)]
    [InlineData(EventType, """ "lifetime":"30.00:00:01" """, "lifetime", LongTime)]
    [InlineData(
        EventType,
        """ "escalateAfter":"-00:00:01" """,
        "escalateAfter",
        "must be a time from 00:00:00 to 30.00:00:00, such as 00:00:30 (hours:minutes:seconds)"
    )]
    [InlineData(
        EventType,
        """ "escalateAfter":"00:00:00.5" """,
        "escalateAfter",
        "must be a second at least, or 00:00:00 for never by time"
    )]
    [InlineData(
        EventType,
        """ "mode":"all-at-once","escalateAfter":"00:10:00" """,
        "escalateAfter",
        "needs the mode first-that-works: all channels are used at once anyway"
    )]
    [InlineData(EventType, """ "escalateUnless":"read" """, "escalateUnless", "needs escalateAfter: how long to wait for it")]
    [InlineData(EventType, """ "escalateUnless":"red" """, "escalateUnless", "must be one of sent, confirmed, read")]
    [InlineData(
        EventType,
        """ "lane":"bulk" """,
        "lane",
        "is unknown, allowed are switch, channels, mode, lifetime, escalateAfter, escalateUnless, by, why"
    )]
    [InlineData(
        Suppressions,
        """ "channel":"fax","address":"som@example.com" """,
        "channel",
        "is unknown, allowed are chat, email, push, sms, webhook"
    )]
    [InlineData(Suppressions, """ "channel":"email","address":"som" """, "address", "the mailbox is not of the form local@domain")]
    [InlineData(Suppressions, """ "channel":"email" """, "address", "is missing")]
    [InlineData(
        Suppressions,
        """ "channel":"email","address":"som@example.com","category":"announcements" """,
        "category",
        UnknownCategory + "; did you mean announcement?"
    )]
    [InlineData(Suppressions, """ "channel":"email","address":"som@example.com","category":"" """, "category", UnknownCategory)]
    [InlineData(Suppressions, """ "channel":null,"address":"som@example.com" """, "channel", "must not be null")]
    [InlineData(Decision, """ "decision":"send" """, "decision", "must be one of resend, sent, failed")]
    [InlineData(Decision, """ "why":"so" """, "decision", "is missing")]
    public async Task Should_name_the_field(string path, string fields, string field, string error)
    {
        var rest = fields.Contains("\"why\"", StringComparison.Ordinal) ? """ "by":"ann" """ : """ "by":"ann","why":"so" """;
        var answer = await Send(path, $"{{{fields},{rest}}}");

        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation").ShouldBe([KeyValuePair.Create(field, error)]);
    }

    /// <summary>Each host would read it by a zone of its own.</summary>
    [Theory]
    [InlineData("/v1/withdrawals", """{"key":"order:1","categories":["order-placed"],"before":"✂","by":"ann","why":"so"}""", "before")]
    [InlineData("/v1/decisions", """{"preview":true,"filter":{"from":"✂"}}""", "filter.from")]
    [InlineData("/v1/decisions", """{"preview":true,"filter":{"to":"✂"}}""", "filter.to")]
    [InlineData("/v1/subscriptions/11111111-1111-1111-1111-111111111111/recover", """{"since":"✂","by":"ann","why":"so"}""", "since")]
    public async Task Should_take_no_time_without_its_offset(string path, string body, string field)
    {
        foreach (var time in (string[])["2026-12-03T00:00:00", "2026-12-03", "2026-12-03 00:00:00Z", "tomorrow"])
            (await host.Post(path, body.Replace("✂", time, StringComparison.Ordinal)))
                .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")
                .Keys.ShouldBe([field], time);
        // With another mistake beside it, so that nothing is changed.
        foreach (var time in (string[])["2026-12-03T00:00:00Z", "2026-12-03T00:00:00.5+07:00", "2026-12-03T00:00:00-03:30"])
            (
                await host.Post(
                    path,
                    body.Replace("✂", time, StringComparison.Ordinal).Replace("{", """{"odd":1,""", StringComparison.Ordinal)
                )
            )
                .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")
                .Keys.ShouldNotContain(field, time);
    }

    [Theory]
    [InlineData(Provider, "")]
    [InlineData(Breaker, "")]
    [InlineData(Channel, "")]
    [InlineData(EventType, "")]
    [InlineData(Suppressions, """ "channel":"email","address":"som@example.com", """)]
    [InlineData(Decision, """ "decision":"sent", """)]
    public async Task Should_want_to_know_who_and_why(string path, string fields)
    {
        const string Rule = "must be a text of 1 to 500 characters without control characters";
        (await Send(path, $"{{{fields.TrimEnd().TrimEnd(',')}}}"))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")
            .ShouldBe([KeyValuePair.Create("by", "is missing"), KeyValuePair.Create("why", "is missing")], ignoreOrder: true);
        foreach (var text in (string[])["", "   ", "a\\u0007b", new('c', 501)])
        {
            (await Send(path, $$"""{{{fields}}"by":"{{text}}","why":"{{text}}"}"""))
                .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")
                .ShouldBe([KeyValuePair.Create("by", Rule), KeyValuePair.Create("why", Rule)], ignoreOrder: true);
        }
    }

    [Theory]
    [InlineData("/v1/changes?limit=0", "limit")]
    [InlineData("/v1/changes?limit=201", "limit")]
    [InlineData("/v1/changes?limit=1&limit=2", "limit")]
    [InlineData("/v1/changes?before=0", "before")]
    [InlineData("/v1/changes?before=x", "before")]
    [InlineData("/v1/changes?after=1", "after")]
    [InlineData("/v1/suppressions?limit=x", "limit")]
    [InlineData("/v1/suppressions?channel=fax", "channel")]
    [InlineData("/v1/suppressions?channel=email&channel=push", "channel")]
    [InlineData("/v1/suppressions?channel=email&adress=som@example.com", "adress")]
    [InlineData("/v1/suppressions?channel=email&address=a%00", "address")]
    [InlineData("/v1/suppressions?address=som@example.com", "channel")]
    [InlineData("/v1/suppressions?category=announcement&category=order-placed", "category")]
    [InlineData("/v1/suppressions?category=a%00", "category")]
    public async Task Should_refuse_a_query_it_does_not_understand(string path, string parameter)
    {
        (await host.Get(path)).ShouldBeProblem(HttpStatusCode.BadRequest, "validation").Keys.ShouldBe([parameter]);
    }

    [Theory]
    [InlineData("email/som@example.com", "by,why")]
    [InlineData("email/som@example.com?by=ann", "why")]
    [InlineData("email/som@example.com?by=ann&why=%20", "why")]
    [InlineData("email/som@example.com?by=ann&why=a%00", "why")]
    [InlineData("email/som@example.com?by=ann&by=bob&why=so", "by")]
    [InlineData("email/som@example.com?by=ann&why=so&force=true", "force")]
    [InlineData("email/som@example.com?category=announcement&category=order-placed&by=ann&why=so", "category")]
    public async Task Should_not_allow_an_address_again_for_nobody_and_nothing(string address, string fields)
    {
        (await host.Delete($"{Suppressions}/{address}"))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")
            .Keys.ShouldBe(fields.Split(','), ignoreOrder: true);
    }

    [Theory]
    [InlineData("/v1/providers/smtp", "unknown-provider", "There are sandbox.")]
    [InlineData("/v1/providers/SANDBOX", "unknown-provider", "There are sandbox. Did you mean sandbox?")]
    [InlineData("/v1/channels/fax", "unknown-channel", "There are email, push, sms, chat, webhook.")]
    [InlineData(
        Decision,
        "unknown-notification",
        "It may belong to an event that has not been taken yet: ask again in a moment, or look for it with GET "
            + "/v1/notifications?recipient=."
    )]
    public async Task Should_say_what_there_is(string path, string type, string detail)
    {
        var answer = await Send(path, path == Decision ? """{"decision":"sent","by":"ann","why":"so"}""" : """{"by":"ann","why":"so"}""");

        answer.ShouldBeProblem(HttpStatusCode.NotFound, type);
        answer.Json.GetProperty("detail").GetString().ShouldBe(detail);
    }

    [Fact]
    public async Task Should_not_allow_an_address_again_on_a_channel_there_is_not()
    {
        var answer = await host.Delete($"{Suppressions}/fax/som@example.com?by=ann&why=so");

        answer.ShouldBeProblem(HttpStatusCode.NotFound, "unknown-channel");
    }

    [Theory]
    [InlineData(Provider)]
    [InlineData(Channel)]
    [InlineData(Suppressions)]
    [InlineData(Decision)]
    public async Task Should_read_nothing_but_json(string path)
    {
        using var text = new StringContent("""{"by":"ann","why":"so"}""", Encoding.UTF8, "text/plain");

        (await host.Send(MethodOf(path), path, text)).ShouldBeProblem(HttpStatusCode.UnsupportedMediaType, "unsupported-media-type");
        (await Send(path, "{")).ShouldBeProblem(HttpStatusCode.BadRequest, "malformed-json");
    }

    [Fact]
    public async Task Should_have_changed_nothing()
    {
        await Send(Provider, """{"switch":"off","weight":-1,"by":"ann","why":"so"}""");
        await Send(Channel, """{"paused":true,"order":[],"by":"ann","why":"so"}""");
        await Send(Suppressions, """{"channel":"email","address":"som@example.com","by":"ann","why":""}""");

        (await host.Get("/v1/changes")).Json.GetProperty("changes").GetArrayLength().ShouldBe(0);
        (await host.Get(Suppressions)).Json.GetProperty("suppressions").GetArrayLength().ShouldBe(0);
    }

    Task<Answer> Send(string path, string json) => host.Send(MethodOf(path), path, RunningHost.Json(Encoding.UTF8.GetBytes(json)));

    static HttpMethod MethodOf(string path) => path is Suppressions or Decision ? HttpMethod.Post : HttpMethod.Put;
}
