using System.Text.Json;

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
        Failure(400, "Bad Request: chat not found", Outcome.Rejected) with { AddressIsWrong = true },
        Failure(400, "Bad Request: group chat was upgraded to a supergroup chat", Outcome.Rejected) with { AddressIsWrong = true },
        Failure(401, "Unauthorized", Outcome.Misconfigured) with { Says = "check BotToken" },
        Failure(403, "Forbidden: bot was blocked by the user", Outcome.Rejected) with { AddressIsWrong = true },
        Failure(403, "Forbidden: user is deactivated", Outcome.Rejected) with { AddressIsWrong = true },
        Failure(403, "Forbidden: bot was kicked from the supergroup chat", Outcome.Rejected) with { AddressIsWrong = true },
        Failure(403, "Forbidden: bot can't initiate conversation with a user", Outcome.Rejected),
        Failure(404, "Not Found", Outcome.Misconfigured) with { Says = "check BotToken" },
        new("flood", "429 Too Many Requests", """{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 35","parameters":{"retry_after":35}}""", Outcome.Unavailable) { OnlyThisDelivery = true, RetryAfter = TimeSpan.FromSeconds(35) },
        new("bad gateway", "502 Bad Gateway", "", Outcome.InDoubt),
    ];

    public static bool LimitsEachPlace => true;

    public static IReadOnlyList<string> Secrets => [BotToken, Place];

    public static Delivery ADelivery => Message.To($"telegram:{Place}");

    public static IProvider Create(string url, TimeSpan timeout, TimeProvider clock) =>
        new TelegramProvider("telegram", new TelegramOptions { BotToken = BotToken, Url = url, Timeout = timeout }, clock);

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
    [InlineData("https://shop.example,@durov \"https://shop.example/\"@durov", "https://shop.example,@\u2060durov \"https://shop.example/\"@\u2060durov")]
    [InlineData("som@example.net https://t.example/@durov a @ b", "som@example.net https://t.example/@durov a @ b")]
    public async Task Should_mention_nobody(string text, string sent)
    {
        Vendor.Answers("200 OK", """{"ok":true,"result":{"message_id":1}}""");

        await Provider().Send(Message.To($"telegram:{Place}", text), Cancellation);

        JsonElement.Parse(Vendor.Requests.ShouldHaveSingleItem().Body).GetProperty("text").GetString().ShouldBe(sent);
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
        var clock = new NotificationBus.Tests.TestKit.ManualClock();
        var provider = Provider(clock: clock);

        foreach (var place in new[] { "1", "1", "1", "2", "1" })
            (await provider.Send(Message.To($"telegram:{place}"), Cancellation)).ShouldBeOfType<ProviderResult.Unavailable>().OnlyThisDelivery.ShouldBeTrue();
        (await provider.Send(Message.To("telegram:3"), Cancellation)).ShouldBeOfType<ProviderResult.Throttled>().RetryAfter.ShouldBe(TimeSpan.FromSeconds(5));

        clock.Advance(TimeSpan.FromSeconds(61));
        (await provider.Send(Message.To("telegram:4"), Cancellation)).ShouldBeOfType<ProviderResult.Unavailable>();
    }

    static VendorAnswer Failure(int status, string description, Outcome outcome) =>
        new(description, $"{status} Failed", $$"""{"ok":false,"error_code":{{status}},"description":"{{description}}"}""", outcome);
}
