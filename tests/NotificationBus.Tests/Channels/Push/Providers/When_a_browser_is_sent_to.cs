using System.Buffers.Text;
using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using NotificationBus.Channels.Http;
using NotificationBus.Channels.Push;
using NotificationBus.Channels.Push.Providers;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.Channels.Vendors;

namespace NotificationBus.Tests.Channels.Push.Providers;

public sealed class When_a_browser_is_sent_to : Any_vendor_of_recipients_endpoints<When_a_browser_is_sent_to>, IVendorSituation
{
    const string Endpoint = "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABnotguessable";

    static readonly Browser Firefox = new();
    static readonly ECDsa Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public static bool EndpointIsRecipients => true;

    public static bool StatusSaysItAll => true;

    public static IEnumerable<VendorAnswer> Answers =>
        [
            new("created", "201 Created", "", Outcome.Accepted)
            {
                Headers = "Location: https://updates.push.services.mozilla.com/m/gAAAAABnotguessable\r\n",
            },
            new("accepted, with receipts", "202 Accepted", "", Outcome.Accepted),
            new("bad request", "400 Bad Request", """{"code":400,"errno":103,"error":"Bad Request"}""", Outcome.Declined),
            new("too large", "413 Payload Too Large", """{"code":413,"errno":104,"error":"Payload Too Large"}""", Outcome.Declined),
            new("unknown", "404 Not Found", """{"code":404,"errno":102,"error":"Not Found"}""", Outcome.Rejected) { AddressIsWrong = true },
            new("unsubscribed", "410 Gone", """{"code":410,"errno":106,"error":"Gone"}""", Outcome.Rejected) { AddressIsWrong = true },
            new("unauthorized", "401 Unauthorized", """{"code":401,"errno":109,"error":"Unauthorized"}""", Outcome.Unavailable)
            {
                OnlyThisDelivery = true,
                Says = "check PrivateKey",
            },
            new(
                "another key, the first answer",
                "403 Forbidden",
                "the VAPID credentials in the authorization header do not correspond",
                Outcome.Rejected
            )
            {
                Says = "another key",
            },
            new("throttled", "429 Too Many Requests", "", Outcome.Unavailable)
            {
                OnlyThisDelivery = true,
                Headers = "Retry-After: 60\r\n",
                RetryAfter = TimeSpan.FromSeconds(60),
            },
            new("internal", "500 Internal Server Error", """{"code":500,"errno":999}""", Outcome.Unavailable) { OnlyThisDelivery = true },
            new("gateway", "502 Bad Gateway", "", Outcome.Unavailable) { OnlyThisDelivery = true },
            new(
                "unavailable, for a moment",
                "503 Service Unavailable",
                """{"code":503,"errno":202,"error":"Service Unavailable"}""",
                Outcome.Unavailable
            )
            {
                OnlyThisDelivery = true,
                Says = "202",
            },
            new("unavailable", "503 Service Unavailable", """{"code":503,"errno":201,"error":"Service Unavailable"}""", Outcome.Unavailable)
            {
                OnlyThisDelivery = true,
                Headers = "Retry-After: 5\r\n",
                RetryAfter = TimeSpan.FromSeconds(5),
            },
            new("gateway gave up", "504 Gateway Timeout", "", Outcome.InDoubt),
        ];

    public static IReadOnlyList<string> Secrets => [PrivateKey];

    public static Delivery ADelivery => APush.To(Firefox.Subscription(Endpoint));

    static string PrivateKey => Base64Url.EncodeToString(Key.ExportParameters(includePrivateParameters: true).D);

    public static IProvider Create(string url, TimeSpan timeout, TimeProvider clock) =>
        new WebPushProvider("account", Options(options => (options.Url, options.Timeout) = (url, timeout)), clock);

    [Fact]
    public async Task Should_be_read_by_nobody_but_the_browser()
    {
        Vendor.Answers("201 Created");
        var provider = Provider();

        await provider.Send(ADelivery, Cancellation);
        await provider.Send(ADelivery, Cancellation);

        var bodies = ((ScriptedHttpServer)Vendor).Bodies.ToList();
        var message = JsonElement.Parse(Firefox.Decrypt(bodies[0]));
        message.GetProperty("title").GetString().ShouldBe("ขายแล้ว");
        message.GetProperty("body").GetString().ShouldBe("\"Bowl\" & more");
        message.GetProperty("tag").GetString().ShouldBe("11111111-1111-1111-1111-111111111111");
        Should.Throw<CryptographicException>(() => new Browser().Decrypt(bodies[0]));
        bodies[1][..86].ShouldNotBe(bodies[0][..86], "salt and key must be new each time");
    }

    [Fact]
    public async Task Should_say_who_sends_and_how_long_it_is_of_use()
    {
        Vendor.Answers("201 Created");

        await Provider().Send(ADelivery, Cancellation);

        var head = Vendor.Requests.ShouldHaveSingleItem().Head;
        head.ShouldStartWith("POST /wpush/v2/gAAAAABnotguessable HTTP/1.1");
        head.ShouldContain("TTL: 600");
        head.ShouldContain("Urgency: high");
        head.ShouldContain("Topic: 11111111111111111111111111111111");
        head.ShouldContain("Content-Encoding: aes128gcm");
        head.ShouldContain("Content-Type: application/octet-stream");

        // RFC 8292, section 3.
        var authorization = head.Split("\r\n")
            .Single(line => line.StartsWith("Authorization: vapid t=", StringComparison.Ordinal))["Authorization: vapid t=".Length..]
            .Split(", k=");
        var point = Key.ExportParameters(includePrivateParameters: false).Q;
        Base64Url.DecodeFromChars(authorization[1]).ShouldBe([4, .. point.X!, .. point.Y!]);
        var parts = authorization[0].Split('.');
        Key.VerifyData(
                Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"),
                Base64Url.DecodeFromChars(parts[2]),
                HashAlgorithmName.SHA256,
                DSASignatureFormat.IeeeP1363FixedFieldConcatenation
            )
            .ShouldBeTrue();
        JsonElement
            .Parse(Base64Url.DecodeFromChars(parts[1]))
            .GetRawText()
            .ShouldBe($$"""{"aud":"{{Vendor.Url.GetLeftPart(UriPartial.Authority)}}","exp":1773523613,"sub":"mailto:ops@example.com"}""");
    }

    [Theory]
    [InlineData("https://127.0.0.1/push")]
    [InlineData("https://169.254.169.254/latest/meta-data")]
    [InlineData("https://[::ffff:10.0.0.1]/push")]
    [InlineData("https://localhost/push")]
    [InlineData("https://user@updates.push.services.mozilla.com/wpush")]
    [InlineData("https://updates.push.services.mozilla.com:8443/wpush")]
    [InlineData("https://push.example.com/wpush")]
    [InlineData("https://evilpush.apple.com/push")]
    [InlineData("https://updates.push.services.mozilla.com.example.com/wpush")]
    public async Task Should_not_be_sent_anywhere_else(string endpoint)
    {
        await using var provider = new WebPushProvider("account", Options(), Clock, NeverAsked());

        var result = await provider.Send(APush.To(Firefox.Subscription(endpoint)), Cancellation);

        result.ShouldBeOfType<ProviderResult.Rejected>().AddressIsWrong.ShouldBeFalse();
    }

    /// <summary>C: an endpoint that is gone is this device's trouble only, and is not tried again.</summary>
    [Theory]
    [InlineData("https://permanently-removed.invalid/fcm/send/x")]
    [InlineData("https://PERMANENTLY-REMOVED.invalid./fcm/send/x")]
    public async Task Should_be_forgotten_when_its_endpoint_is_gone(string endpoint)
    {
        var result = await Provider().Send(APush.To(Firefox.Subscription(endpoint)), Cancellation);

        result.ShouldBeOfType<ProviderResult.Rejected>().AddressIsWrong.ShouldBeTrue();
        Vendor.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_not_be_led_into_a_private_network_by_a_name()
    {
        var guard = new AddressGuard((_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("10.0.0.1")]));
        await using var provider = new WebPushProvider("account", Options(), Clock, guard);

        var result = await provider.Send(ADelivery, Cancellation);

        result.ShouldBeOfType<ProviderResult.Rejected>().Reason.ShouldContain("not public");
    }

    [Fact]
    public async Task Should_not_be_sent_more_than_it_takes()
    {
        var result = await Provider().Send(ADelivery with { Content = new PushContent("Sold", new string('x', 2600)) }, Cancellation);

        result.ShouldBeOfType<ProviderResult.Declined>();
        Vendor.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_be_forgotten_for_another_key_only_while_others_are_reached()
    {
        var provider = Provider();
        Vendor.Answers("201 Created");
        for (var i = 0; i < 30; i++)
            await provider.Send(ADelivery, Cancellation);
        Vendor.Answers("403 Forbidden");

        (await provider.Send(ADelivery, Cancellation)).ShouldBeOfType<ProviderResult.Rejected>().AddressIsWrong.ShouldBeTrue();
        await provider.Send(ADelivery, Cancellation);
        (await provider.Send(ADelivery, Cancellation)).ShouldBeOfType<ProviderResult.Misconfigured>();
    }

    [Theory]
    [InlineData("401 Unauthorized")]
    [InlineData("403 Forbidden")]
    public async Task Should_not_stop_all_push_services_because_one_refuses_the_key(string status)
    {
        var provider = Provider();
        Vendor.Answers("201 Created");
        await provider.Send(APush.To(Firefox.Subscription("https://fcm.googleapis.com/fcm/send/abcdef")), Cancellation);
        Vendor.Answers(status);
        for (var i = 0; i < 30; i++)
            await provider.Send(ADelivery, Cancellation);

        (await provider.Send(ADelivery, Cancellation)).ShouldBeOfType<ProviderResult.Unavailable>().OnlyThisDelivery.ShouldBeTrue();
    }

    [Fact]
    public async Task Should_say_what_to_check_when_no_push_service_takes_the_key()
    {
        var provider = Provider();
        Vendor.Answers("401 Unauthorized");
        for (var i = 0; i < 30; i++)
            await provider.Send(ADelivery, Cancellation);

        (await provider.Send(ADelivery, Cancellation))
            .ShouldBeOfType<ProviderResult.Misconfigured>()
            .Reason.ShouldContain("check PrivateKey");
    }

    [Theory]
    [InlineData("", "mailto:ops@example.com", "PrivateKey")]
    [InlineData("AAAA", "mailto:ops@example.com", "PrivateKey")]
    [InlineData(null, "ops", "Subject")]
    public void Should_name_the_setting_that_is_wrong(string? key, string subject, string setting)
    {
        var options = Options(options => (options.PrivateKey, options.Subject) = (key ?? PrivateKey, subject));
        var results = new List<ValidationResult>();

        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true).ShouldBeFalse();

        results.ShouldHaveSingleItem().MemberNames.ShouldBe([setting]);
    }

    static AddressGuard NeverAsked() => new((_, _) => throw new InvalidOperationException("nobody may be looked up"));

    static WebPushOptions Options(Action<WebPushOptions>? change = null)
    {
        var options = new WebPushOptions { PrivateKey = PrivateKey, Subject = "mailto:ops@example.com" };
        change?.Invoke(options);
        return options;
    }
}
