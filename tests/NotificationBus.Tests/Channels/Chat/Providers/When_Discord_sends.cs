using System.Text.Json;
using NotificationBus.Channels.Chat.Providers;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.Channels.Vendors;

namespace NotificationBus.Tests.Channels.Chat.Providers;

public sealed class When_Discord_sends : Any_vendor_of_recipients_endpoints<When_Discord_sends>, IVendorSituation
{
    const string Token = "3d89bb7572e0fb30d8128367b3b1b44fecd1726de135cbe28a41f8b2f777c372ba2939e72279b94526ff5d1bd4358d65cf11";
    const string Path = $"/api/webhooks/223704706495545344/{Token}";

    public static bool EndpointIsRecipients => true;

    public static IEnumerable<VendorAnswer> Answers =>
        [
            new("the message", "200 OK", """{"id":"1093312345678901234","type":0}""", Outcome.Accepted)
            {
                MessageId = "1093312345678901234",
                Headers = "X-RateLimit-Remaining: 4\r\nX-RateLimit-Reset-After: 2\r\n",
            },
            new("nothing to wait for", "204 No Content", "", Outcome.Accepted),
            new("Invalid Form Body", "400 Bad Request", """{"code":50035,"message":"Invalid Form Body"}""", Outcome.Declined),
            new("Invalid Webhook Token", "401 Unauthorized", """{"code":50027,"message":"Invalid Webhook Token"}""", Outcome.Rejected)
            {
                AddressIsWrong = true,
            },
            new("Unknown Webhook", "404 Not Found", """{"code":10015,"message":"Unknown Webhook"}""", Outcome.Rejected)
            {
                AddressIsWrong = true,
            },
            new("blocked", "403 Forbidden", "error code: 1015", Outcome.Unavailable) { OnlyThisDelivery = true },
            new(
                "too often, this webhook",
                "429 Too Many Requests",
                """{"message":"You are being rate limited.","retry_after":0.529,"global":false}""",
                Outcome.Unavailable
            )
            {
                OnlyThisDelivery = true,
                RetryAfter = TimeSpan.FromSeconds(0.529),
            },
            new(
                "too often, all of us",
                "429 Too Many Requests",
                """{"message":"You are being rate limited.","retry_after":64.57,"global":true}""",
                Outcome.Throttled
            )
            {
                RetryAfter = TimeSpan.FromSeconds(64.57),
            },
            new("too often, by its header", "429 Too Many Requests", "", Outcome.Throttled)
            {
                Headers = "X-RateLimit-Reset-After: 1.5\r\n",
                RetryAfter = TimeSpan.FromSeconds(1.5),
            },
            new("an outage", "502 Bad Gateway", "", Outcome.Unavailable) { OnlyThisDelivery = true },
            new("a gateway in front of it", "504 Gateway Timeout", "", Outcome.InDoubt),
        ];

    public static string BodyOfThrottled => """{"global":false}""";

    public static IReadOnlyList<string> Secrets => [Token, Path];

    public static Delivery ADelivery => Message.To($"discord:https://discord.com{Path}");

    public static IProvider Create(string url, TimeSpan timeout, TimeProvider clock) =>
        new DiscordProvider("discord", new DiscordOptions { Url = url, Timeout = timeout }, clock);

    [Theory]
    [InlineData("", "?wait=true")]
    [InlineData("?thread_id=42", "?thread_id=42&wait=true")]
    public async Task Should_wait_for_the_message_and_mention_nobody(string query, string called)
    {
        Vendor.Answers("200 OK", """{"id":"1"}""");

        await Provider().Send(Message.To(ADelivery.Address + query, "@everyone <@1> [free](https://evil.example)"), Cancellation);

        var (head, body) = Vendor.Requests.ShouldHaveSingleItem();
        head.ShouldStartWith($"POST {Path}{called} HTTP/1.1");
        var json = JsonElement.Parse(body);
        json.GetProperty("content").GetString().ShouldBe(@"\@everyone \<\@1\> \[free](https://evil.example)");
        json.GetProperty("allowed_mentions").GetProperty("parse").GetArrayLength().ShouldBe(0);
    }

    [Theory]
    [InlineData("https://ptb.discord.com/api/webhooks/1/x", true)]
    [InlineData("https://discord.com.evil.example/api/webhooks/1/x", false)]
    [InlineData("https://evildiscord.com/api/webhooks/1/x", false)]
    public async Task Should_call_nobody_else(string url, bool called)
    {
        Vendor.Answers("200 OK", """{"id":"1"}""");

        var result = await Provider().Send(Message.To($"discord:{url}"), Cancellation);

        (result is ProviderResult.Accepted).ShouldBe(called);
    }

    [Theory]
    [InlineData('x', 2000, true)]
    [InlineData('x', 2001, false)]
    [InlineData('[', 1001, false)]
    public async Task Should_send_no_text_that_is_too_long(char letter, int length, bool sent)
    {
        Vendor.Answers("200 OK", """{"id":"1"}""");

        await Provider().Send(Message.To(ADelivery.Address, new string(letter, length)), Cancellation);

        Vendor.Requests.Count.ShouldBe(sent ? 1 : 0);
    }
}
