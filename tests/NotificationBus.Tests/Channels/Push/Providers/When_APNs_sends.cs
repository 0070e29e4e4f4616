using System.Buffers.Text;
using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using NotificationBus.Channels.Push;
using NotificationBus.Channels.Push.Providers;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.Channels.Vendors;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Channels.Push.Providers;

public sealed class When_APNs_sends : Any_vendor<When_APNs_sends>, IVendorSituation
{
    const string Token = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";
    const string Id = "apns-id: 22222222-2222-2222-2222-222222222222\r\n";

    static readonly ECDsa Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public static IEnumerable<VendorAnswer> Answers =>
        [
            new("accepted", "200 OK", "", Outcome.Accepted) { Headers = Id, MessageId = "22222222-2222-2222-2222-222222222222" },
            .. new[]
            {
                "BadCollapseId",
                "BadExpirationDate",
                "BadMessageId",
                "BadPriority",
                "BadTopic",
                "MissingTopic",
                "PayloadEmpty",
                "InvalidPushType",
                "DuplicateHeaders",
            }.Select(reason => new VendorAnswer(reason, "400 Bad Request", Reason(reason), Outcome.Declined) { Says = reason }),
            new("BadPath", "404 Not Found", Reason("BadPath"), Outcome.Declined),
            new("MethodNotAllowed", "405 Method Not Allowed", Reason("MethodNotAllowed"), Outcome.Declined),
            new("PayloadTooLarge", "413 Payload Too Large", Reason("PayloadTooLarge"), Outcome.Declined),
            new("Unregistered", "410 Gone", """{"reason":"Unregistered","timestamp":1773480000000}""", Outcome.Rejected)
            {
                AddressIsWrong = true,
            },
            new("ExpiredToken", "410 Gone", """{"reason":"ExpiredToken","timestamp":1773480000000}""", Outcome.Rejected)
            {
                AddressIsWrong = true,
            },
            new("Unregistered, nobody knows since when", "410 Gone", Reason("Unregistered"), Outcome.Rejected),
            new("Unregistered, tomorrow", "410 Gone", """{"reason":"Unregistered","timestamp":1773570000000}""", Outcome.Rejected),
            new("BadDeviceToken, the first answer", "400 Bad Request", Reason("BadDeviceToken"), Outcome.Rejected) { Says = "Environment" },
            new("DeviceTokenNotForTopic", "400 Bad Request", Reason("DeviceTokenNotForTopic"), Outcome.Rejected),
            new("TopicDisallowed", "400 Bad Request", Reason("TopicDisallowed"), Outcome.Misconfigured) { Says = "check TeamId" },
            new("IdleTimeout", "400 Bad Request", Reason("IdleTimeout"), Outcome.Unavailable),
            .. new[]
            {
                "InvalidProviderToken",
                "MissingProviderToken",
                "BadCertificate",
                "BadCertificateEnvironment",
                "Forbidden",
                "ExpiredProviderToken",
            }.Select(reason => new VendorAnswer(reason, "403 Forbidden", Reason(reason), Outcome.Misconfigured) { Says = "clock" }),
            new("TooManyRequests", "429 Too Many Requests", Reason("TooManyRequests"), Outcome.Unavailable) { OnlyThisDelivery = true },
            new("TooManyProviderTokenUpdates", "429 Too Many Requests", Reason("TooManyProviderTokenUpdates"), Outcome.Throttled),
            new("InternalServerError", "500 Internal Server Error", Reason("InternalServerError"), Outcome.Unavailable)
            {
                RetryAfter = TimeSpan.FromMinutes(15),
            },
            new("ServiceUnavailable", "503 Service Unavailable", Reason("ServiceUnavailable"), Outcome.Unavailable)
            {
                RetryAfter = TimeSpan.FromMinutes(15),
            },
            new("Shutdown", "503 Service Unavailable", Reason("Shutdown"), Outcome.Unavailable) { RetryAfter = TimeSpan.FromMinutes(15) },
            new("something before it", "502 Bad Gateway", "<html>", Outcome.InDoubt),
        ];

    public static string BodyOfThrottled => Reason("TooManyProviderTokenUpdates");

    public static IReadOnlyList<string> Secrets => [];

    public static Delivery ADelivery => APush.To(Token);

    public static IProvider Create(string url, TimeSpan timeout, TimeProvider clock) =>
        new ApnsPushProvider("account", Options(url, timeout), clock);

    [Fact]
    public async Task Should_say_everything_once()
    {
        Vendor.Answers("200 OK", headers: Id);

        await Provider().Send(APush.To($"apns:{Token}"), Cancellation);

        var (head, body) = Vendor.Requests.ShouldHaveSingleItem();
        head.ShouldStartWith($"POST /3/device/{Token} HTTP/2");
        head.ShouldContain("apns-id: 22222222-2222-2222-2222-222222222222");
        head.ShouldContain("apns-topic: com.example.shop");
        head.ShouldContain("apns-push-type: alert");
        head.ShouldContain("apns-priority: 10");
        head.ShouldContain("apns-collapse-id: 11111111-1111-1111-1111-111111111111");
        head.ShouldContain("apns-expiration: 1773481013");
        body.ShouldBe(
            """{"aps":{"alert":{"title":"ขายแล้ว","body":"\"Bowl\" & """
                + """more"},"sound":"default"},"notificationId":"11111111-1111-1111-1111-111111111111","category":"order-placed"}"""
        );

        var parts = TokenOf(head).Split('.');
        Key.VerifyData(
                Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"),
                Base64Url.DecodeFromChars(parts[2]),
                HashAlgorithmName.SHA256,
                DSASignatureFormat.IeeeP1363FixedFieldConcatenation
            )
            .ShouldBeTrue();
        JsonElement.Parse(Base64Url.DecodeFromChars(parts[0])).GetRawText().ShouldBe("""{"alg":"ES256","kid":"ABC123DEFG"}""");
        JsonElement.Parse(Base64Url.DecodeFromChars(parts[1])).GetRawText().ShouldBe("""{"iss":"DEF123GHIJ","iat":1773480413}""");
    }

    [Fact]
    public async Task Should_sign_no_more_often_than_APNs_allows_and_no_less()
    {
        Vendor.Answers("200 OK", headers: Id);
        var clock = new FakeTimeProvider(A.Time);
        var provider = Provider(clock: clock);

        foreach (var minutes in (int[])[0, 20, 29, 2])
        {
            clock.Advance(TimeSpan.FromMinutes(minutes));
            await provider.Send(ADelivery, Cancellation);
        }

        var tokens = Vendor.Requests.Select(request => TokenOf(request.Head)).ToList();
        tokens.Distinct(StringComparer.Ordinal).Count().ShouldBe(2);
        tokens[2].ShouldBe(tokens[0]);
    }

    [Fact]
    public async Task Should_sign_again_once_when_its_token_has_expired()
    {
        var clock = new FakeTimeProvider(A.Time);
        var provider = Provider(clock: clock);
        Vendor.Answers("200 OK", headers: Id);
        await provider.Send(ADelivery, Cancellation);
        clock.Advance(TimeSpan.FromMinutes(20));
        Vendor.Answers("403 Forbidden", Reason("ExpiredProviderToken"));

        (await provider.Send(ADelivery, Cancellation)).ShouldBeOfType<ProviderResult.Misconfigured>();

        var tokens = Vendor.Requests.Select(request => TokenOf(request.Head)).ToList();
        tokens.Count.ShouldBe(3);
        tokens[1].ShouldBe(tokens[0]);
        tokens[2].ShouldNotBe(tokens[0]);
    }

    [Fact]
    public async Task Should_sign_no_more_often_than_APNs_allows_when_the_clock_is_wrong()
    {
        Vendor.Answers("403 Forbidden", Reason("ExpiredProviderToken"));
        var clock = new FakeTimeProvider(A.Time);
        var provider = Provider(clock: clock);

        foreach (var minutes in (int[])[0, 1, 18])
        {
            clock.Advance(TimeSpan.FromMinutes(minutes));
            (await provider.Send(ADelivery, Cancellation)).ShouldBeOfType<ProviderResult.Misconfigured>();
        }

        Vendor.Requests.Count.ShouldBe(3, "the same token would be refused again");
        Vendor.Requests.Select(request => TokenOf(request.Head)).Distinct(StringComparer.Ordinal).ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(-2)]
    public async Task Should_sign_again_when_the_clock_was_set_right(int hours)
    {
        Vendor.Answers("403 Forbidden", Reason("ExpiredProviderToken"));
        var clock = new WatchedClock();
        var provider = Provider(clock: clock);
        await provider.Send(ADelivery, Cancellation);

        clock.Set(TimeSpan.FromHours(hours));
        await provider.Send(ADelivery, Cancellation);

        Vendor.Requests.Select(request => TokenOf(request.Head)).Distinct(StringComparer.Ordinal).Count().ShouldBe(2);
    }

    [Theory]
    [InlineData(30, typeof(ProviderResult.Rejected))]
    [InlineData(0, typeof(ProviderResult.Misconfigured))]
    public async Task Should_blame_a_bad_token_when_most_are_good_and_the_environment_when_they_are_not(int good, Type expected)
    {
        var provider = Provider();
        Vendor.Answers("200 OK", headers: Id);
        for (var i = 0; i < good; i++)
            await provider.Send(ADelivery, Cancellation);

        Vendor.Answers("400 Bad Request", Reason("BadDeviceToken"));
        for (var i = good; i < 19; i++)
            (await provider.Send(ADelivery, Cancellation)).ShouldBeOfType<ProviderResult.Rejected>().AddressIsWrong.ShouldBeFalse();

        var result = await provider.Send(ADelivery, Cancellation);
        result.ShouldBeOfType(expected);
        (result as ProviderResult.Rejected)?.AddressIsWrong.ShouldBeTrue();
    }

    [Fact]
    public async Task Should_not_send_more_than_it_takes()
    {
        var result = await Provider().Send(ADelivery with { Content = new PushContent("Sold", new string('x', 4000)) }, Cancellation);

        result.ShouldBeOfType<ProviderResult.Declined>();
        Vendor.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("demo-token")]
    [InlineData($"fcm:{Token}")]
    public void Should_leave_other_vendors_tokens_alone(string address)
    {
        Provider().Serves(APush.To(address)).ShouldBeFalse();
        Provider().Serves(ADelivery).ShouldBeTrue();
    }

    [Theory]
    [InlineData(ApnsEnvironment.Production, "https://api.push.apple.com/")]
    [InlineData(ApnsEnvironment.Sandbox, "https://api.sandbox.push.apple.com/")]
    public void Should_turn_to_the_environment_the_app_is_of(ApnsEnvironment environment, string url) =>
        new ApnsOptions { Environment = environment }.BaseAddress.ShouldBe(new Uri(url));

    [Fact]
    public void Should_name_every_setting_that_is_wrong()
    {
        var results = new List<ValidationResult>();
        var options = new ApnsOptions { Key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----" };

        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true).ShouldBeFalse();

        results.SelectMany(result => result.MemberNames).ShouldBe(["TeamId", "KeyId", "Topic", "Key"]);
    }

    internal override async Task<IScriptedServer> StartServer() => await ScriptedHttp2Server.Start();

    internal static ApnsOptions Options(string url, TimeSpan timeout) =>
        new()
        {
            Url = url,
            Timeout = timeout,
            TeamId = "DEF123GHIJ",
            KeyId = "ABC123DEFG",
            Key = Key.ExportPkcs8PrivateKeyPem(),
            Topic = "com.example.shop",
        };

    static string TokenOf(string head) =>
        head.Split("\r\n").Single(line => line.StartsWith("Authorization: bearer ", StringComparison.OrdinalIgnoreCase)).Split(' ')[2];

    static string Reason(string reason) => $$"""{"reason":"{{reason}}"}""";
}
