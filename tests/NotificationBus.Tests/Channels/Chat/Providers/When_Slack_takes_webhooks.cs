using System.Text.Json;
using NotificationBus.Channels.Chat.Providers;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.Channels.Vendors;

namespace NotificationBus.Tests.Channels.Chat.Providers;

public sealed class When_Slack_takes_webhooks : Any_vendor_of_recipients_endpoints<When_Slack_takes_webhooks>, IVendorSituation
{
    const string Token = "XXXXXXXXXXXXXXXXXXXXXXXX";
    const string Path = $"/services/T00000000/B00000000/{Token}";

    public static bool EndpointIsRecipients => true;

    public static IEnumerable<VendorAnswer> Answers =>
        [
            new("ok", "200 OK", "ok", Outcome.Accepted),
            new("200 without ok", "200 OK", "", Outcome.InDoubt),
            new("invalid_payload", "400 Bad Request", "invalid_payload", Outcome.Declined),
            new("user_not_found", "400 Bad Request", "user_not_found", Outcome.Rejected) { AddressIsWrong = true },
            new("channel_not_found", "404 Not Found", "channel_not_found", Outcome.Rejected) { AddressIsWrong = true },
            new("no_service", "404 Not Found", "no_service", Outcome.Rejected) { AddressIsWrong = true },
            new("channel_is_archived", "410 Gone", "channel_is_archived", Outcome.Rejected) { AddressIsWrong = true },
            new("action_prohibited", "403 Forbidden", "action_prohibited", Outcome.Rejected),
            new("invalid_token", "403 Forbidden", "invalid_token", Outcome.Rejected) { AddressIsWrong = true },
            new("rate_limited", "429 Too Many Requests", "rate_limited", Outcome.Unavailable)
            {
                OnlyThisDelivery = true,
                Headers = "Retry-After: 30\r\n",
                RetryAfter = TimeSpan.FromSeconds(30),
            },
            new("rollup_error", "500 Internal Server Error", "rollup_error", Outcome.InDoubt),
        ];

    public static IReadOnlyList<string> Secrets => [Token, Path];

    public static Delivery ADelivery => Message.To($"slack:https://hooks.slack.com{Path}");

    public static IProvider Create(string url, TimeSpan timeout, TimeProvider clock) =>
        new SlackWebhookProvider("slack-webhook", new SlackWebhookOptions { Url = url, Timeout = timeout }, clock);

    [Fact]
    public async Task Should_say_everything_and_nothing_more_than_text()
    {
        Vendor.Answers("200 OK", "ok");

        await Provider().Send(Message.To(ADelivery.Address, "<@U1> & co"), Cancellation);

        var (head, body) = Vendor.Requests.ShouldHaveSingleItem();
        head.ShouldStartWith($"POST {Path} HTTP/1.1");
        JsonElement.Parse(body).GetProperty("text").GetString().ShouldBe("&lt;@U1&gt; &amp; co");
    }

    [Theory]
    [InlineData("https://hooks.slack.com.evil.example/services/T0/B0/x")]
    [InlineData("https://evilhooks.slack.com/services/T0/B0/x")]
    [InlineData("https://hooks.slack.com:8443/services/T0/B0/x")]
    [InlineData("https://169.254.169.254/latest/meta-data")]
    [InlineData("http://hooks.slack.com/services/T0/B0/x")]
    public async Task Should_call_nobody_else(string url)
    {
        Vendor.Answers("200 OK", "ok");

        var result = await Provider().Send(Message.To($"slack:{url}"), Cancellation);

        result.ShouldBeOfType<ProviderResult.Rejected>().AddressIsWrong.ShouldBeFalse();
        Vendor.Requests.ShouldBeEmpty();
    }

    [Fact]
    public void Should_serve_no_channel_of_a_bot() => Provider().Serves(Message.To("slack:C0123456789")).ShouldBeFalse();
}
