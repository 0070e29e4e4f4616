using System.Text.Json;
using NotificationBus.Channels.Chat.Providers;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.Channels.Vendors;

namespace NotificationBus.Tests.Channels.Chat.Providers;

public sealed class When_LINE_sends : Any_vendor<When_LINE_sends>, IVendorSituation
{
    const string Token = "nGkRo1vYzEoLl0vV2mX8nq4pQb7yQ1cT6uA3hZxWs9dFj5eKt";
    const string Place = "U4af4980629a1b2c3d4e5f60718293a4b";

    public static IEnumerable<VendorAnswer> Answers =>
        [
            new("sent", "200 OK", """{"sentMessages":[{"id":"461230966842064897","quoteToken":"IStG5h1Tz7b"}]}""", Outcome.Accepted)
            {
                MessageId = "461230966842064897",
            },
            new("sent, in the older form", "200 OK", "{}", Outcome.Accepted)
            {
                Headers = "X-Line-Request-Id: 123e4567-e89b-12d3-a456-426655440000\r\n",
                MessageId = "123e4567-e89b-12d3-a456-426655440000",
            },
            new(
                "accepted before",
                "409 Conflict",
                """{"message":"The retry key is already accepted","sentMessages":[{"id":"461230966842064897"}]}""",
                Outcome.Accepted
            )
            {
                MessageId = "461230966842064897",
            },
            new("accepted before, by the header", "409 Conflict", """{"message":"The retry key is already accepted"}""", Outcome.Accepted)
            {
                Headers = "X-Line-Accepted-Request-Id: 123e4567\r\n",
                MessageId = "123e4567",
            },
            new(
                "wrong recipient",
                "400 Bad Request",
                """{"message":"The property, 'to', in the request body is invalid (line: -, column: -)"}""",
                Outcome.Rejected
            )
            {
                AddressIsWrong = true,
            },
            new(
                "wrong message",
                "400 Bad Request",
                """{"message":"The request body has 1 error(s)","details":"""
                    + """[{"message":"May not be empty","property":"messages[0].text"}]}""",
                Outcome.Declined
            ),
            new(
                "wrong token",
                "401 Unauthorized",
                """{"message":"Authentication failed. Confirm that the access token in the authorization header is valid."}""",
                Outcome.Misconfigured
            )
            {
                Says = "check ChannelAccessToken",
            },
            new(
                "not in the plan",
                "403 Forbidden",
                """{"message":"Access to this API is not available for your account"}""",
                Outcome.Misconfigured
            ),
            new(
                "too often",
                "429 Too Many Requests",
                """{"message":"The API rate limit has been exceeded. Try again later."}""",
                Outcome.Throttled
            ),
            new(
                "the month is over",
                "429 Too Many Requests",
                """{"message":"You have reached your monthly limit."}""",
                Outcome.Misconfigured
            )
            {
                Says = "plan",
            },
            new("may have been delivered", "500 Internal Server Error", """{"message":"Internal server error"}""", Outcome.InDoubt),
        ];

    public static IReadOnlyList<string> Secrets => [Token, Place];

    public static Delivery ADelivery => Message.To($"line:{Place}");

    public static IProvider Create(string url, TimeSpan timeout, TimeProvider clock) =>
        new LineProvider(
            "line",
            new LineOptions
            {
                ChannelAccessToken = Token,
                Url = url,
                Timeout = timeout,
            },
            clock
        );

    [Fact]
    public async Task Should_say_everything_under_one_retry_key()
    {
        Vendor.Answers("500 Internal Server Error", "{}");
        var provider = Provider();
        await provider.Send(ADelivery, Cancellation);
        Vendor.Answers("409 Conflict", "{}");

        (await provider.Send(ADelivery, Cancellation)).ShouldBeOfType<ProviderResult.Accepted>();

        Vendor.Requests.Count.ShouldBe(2);
        Vendor.Requests.ShouldAllBe(request => request.Head.Contains($"X-Line-Retry-Key: {Message.Id}", StringComparison.Ordinal));
        var (head, body) = Vendor.Requests.First();
        head.ShouldStartWith("POST /v2/bot/message/push HTTP/1.1");
        head.ShouldContain($"Authorization: Bearer {Token}");
        JsonElement.Parse(body).ToString().ShouldBe($$"""{"to":"{{Place}}","messages":[{"type":"text","text":"New order 4711"}]}""");
    }
}
