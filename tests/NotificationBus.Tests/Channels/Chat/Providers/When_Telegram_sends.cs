using System.Text.Json;
using NotificationBus.Channels.Chat;
using NotificationBus.Channels.Chat.Providers;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.Channels.Vendors;

namespace NotificationBus.Tests.Channels.Chat.Providers;

public sealed class When_Telegram_sends : Any_vendor<When_Telegram_sends>, IVendorSituation
{
    const string BotToken = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
    const string Place = "987654321";

    public static IEnumerable<VendorAnswer> Answers =>
        [
            new("ok", "200 OK", """{"ok":true,"result":{"message_id":17,"date":1773480413}}""", Outcome.Accepted) { MessageId = "17" },
            new("ok without a message", "200 OK", """{"ok":true,"result":true}""", Outcome.InDoubt),
            Failure(400, "Bad Request: message is too long", Outcome.Declined),
            Failure(400, "Bad Request: chat not found", Outcome.Rejected) with
            {
                AddressIsWrong = true,
            },
            Failure(400, "Bad Request: group chat was upgraded to a supergroup chat", Outcome.Rejected) with
            {
                AddressIsWrong = true,
            },
            Failure(401, "Unauthorized", Outcome.Misconfigured) with
            {
                Says = "check BotToken",
            },
            Failure(403, "Forbidden: bot was blocked by the user", Outcome.Rejected) with
            {
                AddressIsWrong = true,
            },
            Failure(403, "Forbidden: user is deactivated", Outcome.Rejected) with
            {
                AddressIsWrong = true,
            },
            Failure(403, "Forbidden: bot was kicked from the supergroup chat", Outcome.Rejected) with
            {
                AddressIsWrong = true,
            },
            Failure(403, "Forbidden: bot can't initiate conversation with a user", Outcome.Rejected),
            Failure(404, "Not Found", Outcome.Misconfigured) with
            {
                Says = "check BotToken",
            },
            new(
                "flood",
                "429 Too Many Requests",
                """{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 35","parameters":{"retry_after":35}}""",
                Outcome.Unavailable
            )
            {
                OnlyThisDelivery = true,
                RetryAfter = TimeSpan.FromSeconds(35),
            },
            new("bad gateway", "502 Bad Gateway", "", Outcome.InDoubt),
        ];

    public static bool LimitsEachPlace => true;

    public static IReadOnlyList<string> Secrets => [BotToken, Place];

    public static Delivery ADelivery => Message.To($"telegram:{Place}");

    public static IProvider Create(string url, TimeSpan timeout, TimeProvider clock) =>
        new TelegramProvider(
            "telegram",
            new TelegramOptions
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
        Vendor.Answers("200 OK", """{"ok":true,"result":{"message_id":1}}""");

        await Provider().Send(Message.To($"telegram:{Place}", "<b>*Sold*</b>"), Cancellation);

        var (head, body) = Vendor.Requests.ShouldHaveSingleItem();
        head.ShouldStartWith($"POST /bot{BotToken}/sendMessage HTTP/1.1");
        var json = JsonElement.Parse(body);
        json.GetProperty("chat_id").GetString().ShouldBe(Place);
        json.GetProperty("text").GetString().ShouldBe("<b>*Sold*</b>");
        json.TryGetProperty("parse_mode", out _).ShouldBeFalse();
    }

    /// <summary>C: chat text is shown as written, and calls nobody.</summary>
    [Theory]
    [InlineData("Ask @durov", "Ask @\u2060durov")]
    [InlineData("(@durov) @ตลาด", "(@\u2060durov) @\u2060ตลาด")]
    [InlineData("/start or and/or 1/2 (/stop)", "/\u2060start or and/or 1/2 (/\u2060stop)")]
    [InlineData("#sale #2026sale, order #4711 a#b", "#\u2060sale #\u20602026sale, order #4711 a#b")]
    [InlineData("$USD $590 US$ $BTC", "$\u2060USD $590 US$ $\u2060BTC")]
    [InlineData("https://shop.example/#tag?q=/start example.com/#tag", "https://shop.example/#tag?q=/start example.com/#tag")]
    [InlineData(
        "https://shop.example,@durov \"https://shop.example/\"@durov",
        "https://shop.example,@\u2060durov \"https://shop.example/\"@\u2060durov"
    )]
    [InlineData("som@example.net https://t.example/@durov a @ b", "som@example.net https://t.example/@durov a @ b")]
    // Half of an emoji is no letter, and neither is the mark above one.
    [InlineData("😀@durov 😀/start 😀#tag 😀$USD ก็@durov", "😀@\u2060durov 😀/\u2060start 😀#\u2060tag 😀$\u2060USD ก็@\u2060durov")]
    // Telegram knows no such top-level domain, scheme, host or port.
    [InlineData("4.5/@durov v1.2/(#tag) v1.beta/(@durov)", "4.5/@\u2060durov v1.2/(#\u2060tag) v1.beta/(@\u2060durov)")]
    // Telegram counts what joins letters.
    [InlineData(
        "#\u200Ctag #1\u200Ca #1·a #1\u0DCA\u0D9A #𠮷",
        "#\u2060\u200Ctag #\u20601\u200Ca #\u20601·a #\u20601\u0DCA\u0D9A #\u2060𠮷"
    )]
    public async Task Should_mention_nobody(string text, string sent)
    {
        (await Sent(text)).ShouldBe(sent);
        TelegramReader.Signs(sent).ShouldBeEmpty();
    }

    /// <summary>
    /// C: chat text is shown as written, and calls nobody, whatever stands before the sign: read by the rules of Telegram's own library.
    /// </summary>
    [Theory]
    [InlineData("😀@durov 😀/start 😀#tag 😀$USD", 4)]
    [InlineData("rated 4.5/@durov", 1)]
    [InlineData("v1.2/(#tag)", 1)]
    [InlineData("foo://x/@durov", 1)]
    [InlineData("https://localhost/@durov https://a.b/@durov https://x.com:99999/@durov", 3)]
    [InlineData("shttp://x.com/@durov https://teiegram.org/@durov https://x_y.com/@durov", 3)]
    [InlineData("https://x.com/)@durov a.b/https://x.com/@durov .https://x.com/@durov", 3)]
    [InlineData("https://x-.com/@durov https://xª.com/@durov x.cOm/@durov", 3)]
    [InlineData("#\u200Ctag", 1)]
    [InlineData("#1\u200Ca", 1)]
    public async Task Should_be_read_by_Telegram_as_text(string text, int found)
    {
        TelegramReader.Signs(text).Count.ShouldBe(found, "else there is nothing to keep apart");

        var sent = (await Sent(text))!;

        TelegramReader.Signs(sent).ShouldBeEmpty(sent);
        sent.Replace("\u2060", "", StringComparison.Ordinal).ShouldBe(text);
    }

    [Theory]
    [InlineData("https://shop.example/@durov?q=/start#tag")]
    [InlineData("ดูที่https://shop.example:8443/@durov")]
    [InlineData("(https://shop.example/a(#tag)/@durov)")]
    [InlineData("https://ตลาด.ไทย/@ตลาด")]
    [InlineData("t.me/@durov and (example.com/#tag)")]
    public async Task Should_lead_where_it_did(string text)
    {
        TelegramReader.Urls(text).ShouldNotBeEmpty();

        (await Sent(text)).ShouldBe(text);
    }

    /// <summary>C: chat text is shown as written, and calls nobody: whatever it is made of.</summary>
    [Fact]
    public void Should_find_nothing_to_tap_on_but_addresses()
    {
        string[] pieces =
        [
            "@",
            "@durov",
            "/",
            "/start",
            "#",
            "#tag",
            "$",
            "$USD",
            "tag",
            "1",
            "a",
            "_",
            "😀",
            "𠮷",
            "ก็",
            "\u200C",
            "\u200D",
            "·",
            "\u0DCA",
            "\u00A0",
            "\t",
            "ª",
            " ",
            " ",
            "\n",
            "(",
            ")",
            "]",
            "<",
            ">",
            "\"",
            "'",
            ",",
            ":",
            "?",
            ".",
            "-",
            "http",
            "https://",
            "ftp://",
            "s",
            "://",
            "shop.example",
            "x.com",
            "a.b",
            "t.me",
            ":80",
            ":99999",
        ];
        var random = new Random(1);
        for (var round = 0; round < 50_000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, 10).Select(_ => pieces[random.Next(pieces.Length)]));

            var escaped = TelegramText.Escape(text);

            TelegramReader.Signs(escaped).ShouldBeEmpty(text);
            escaped.Replace("\u2060", "", StringComparison.Ordinal).ShouldBe(text);
        }
    }

    [Theory]
    [InlineData(4096, "x", true)]
    [InlineData(4097, "x", false)]
    [InlineData(3_900, "@a ", false)]
    [InlineData(3_000, "@a ", true)]
    public async Task Should_send_no_text_that_is_too_long_on_the_wire(int length, string of, bool sent)
    {
        Vendor.Answers("200 OK", """{"ok":true,"result":{"message_id":1}}""");
        var delivery = Message.To($"telegram:{Place}", string.Concat(Enumerable.Repeat(of, length / of.Length)));

        await Provider().Send(delivery, Cancellation);

        Vendor.Requests.Count.ShouldBe(sent ? 1 : 0);
        (Provider().Foresee(delivery) is null).ShouldBe(sent, "it is told before it is taken");
    }

    /// <summary>C: one place's trouble is not the account's, until several have it within a minute.</summary>
    [Fact]
    public async Task Should_leave_the_account_alone_when_several_places_get_too_much()
    {
        Vendor.Answers("429 Too Many Requests", "", "Retry-After: 5\r\n");
        var clock = new FakeTimeProvider(TestKit.A.Time);
        var provider = Provider(clock: clock);

        foreach (var place in new[] { "1", "1", "1", "2", "1" })
            (await provider.Send(Message.To($"telegram:{place}"), Cancellation))
                .ShouldBeOfType<ProviderResult.Unavailable>()
                .OnlyThisDelivery.ShouldBeTrue();
        (await provider.Send(Message.To("telegram:3"), Cancellation))
            .ShouldBeOfType<ProviderResult.Throttled>()
            .RetryAfter.ShouldBe(TimeSpan.FromSeconds(5));

        clock.Advance(TimeSpan.FromSeconds(61));
        (await provider.Send(Message.To("telegram:4"), Cancellation)).ShouldBeOfType<ProviderResult.Unavailable>();
    }

    async Task<string?> Sent(string text)
    {
        Vendor.Answers("200 OK", """{"ok":true,"result":{"message_id":1}}""");
        await Provider().Send(Message.To($"telegram:{Place}", text), Cancellation);
        return JsonElement.Parse(Vendor.Requests.ShouldHaveSingleItem().Body).GetProperty("text").GetString();
    }

    static VendorAnswer Failure(int status, string description, Outcome outcome) =>
        new(description, $"{status} Failed", $$"""{"ok":false,"error_code":{{status}},"description":"{{description}}"}""", outcome);
}
