using System.Net;
using System.Text.Json.Nodes;
using NotificationBus.Tests.Channels.Push;

namespace NotificationBus.Tests.Host;

/// <summary>C: an address that can never be called, and a text that can never fit, are told at intake.</summary>
public sealed class When_a_delivery_can_never_be_sent : IAsyncLifetime
{
    const string Secret = "--Providers:webhook:Secret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    const string VapidKey = "--Providers:webpush:PrivateKey=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    readonly RunningHost _host = new()
    {
        Settings =
        [
            "--Channels:webhook:Providers=webhook",
            Secret,
            "--EventTypes:order-placed:Channels=webhook,push",
            "--Channels:sms:Providers=twilio",
            "--Providers:twilio:AccountSid=AC00000000000000000000000000000000",
            "--Providers:twilio:AuthToken=0123456789abcdef0123456789abcdef",
            "--Providers:twilio:From=+15005550006",
            "--Providers:twilio:Url=http://127.0.0.1:9",
            "--Providers:twilio:MostSegments=1",
        ],
    };

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    public static TheoryData<string> Hostile =>
        [
            "http://shop.example.com/hook",
            "ftp://shop.example.com/",
            "file:///etc/passwd",
            "gopher://127.0.0.1/",
            "//shop.example.com/",
            "javascript:alert(1)",
            "https://localhost/",
            "https://localhost./",
            "https://LOCALHOST/",
            "https://a.localhost/",
            "https://intranet/",
            "https://printer.local/",
            "https://db.internal/",
            "https://metadata.google.internal/computeMetadata/v1/",
            "https://router.lan/",
            "https://nas.home.arpa/",
            "https://abc.onion/",
            "https://shop.invalid/",
            "https://shop.test/",
            "https://shop.alt/",
            "https://a.svc/",
            "https://a.default.svc/",
            "https://erp.corp/",
            "https://nas.home/",
            "https://4.3.2.1.in-addr.arpa/",
            "https://mx.mail/",
            "https://a.private/",
            "https://999.999.999.999/",
            "https://1.2.3.4.5/",
            "https://shop.example.com.7/",
            "https://shop.0x7f/",
            "https://SHOP.Invalid./",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://0x7f000001/",
            "https://2130706433/",
            "https://017700000001/",
            "https://0/",
            "https://0.0.0.0/",
            "https://10.0.0.1/",
            "https://172.16.0.1/",
            "https://192.168.1.1/",
            "https://100.64.0.1/",
            "https://169.254.169.254/latest/meta-data/",
            "https://100.100.100.200/",
            "https://192.0.2.1/",
            "https://198.18.0.1/",
            "https://224.0.0.1/",
            "https://255.255.255.255/",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[fe80::1]/",
            "https://[fd00:ec2::254]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[2002:7f00:1::]/",
            "https://１２７.０.０.１/",
            "https://①②⑦.0.0.1/",
            "https://shop.example.com:22/",
            "https://shop.example.com:8443/",
            "https://shop.example.com:80/",
            "https://user@shop.example.com/",
            "https://user:pass@shop.example.com/",
            $"https://shop.example.com/{new string('a', 2048)}",
        ];

    [Fact]
    public async Task Should_be_refused_where_the_URL_stands()
    {
        var taken = (await _host.Get("/v1/notifications")).Body;

        foreach (var url in Hostile.Select(row => row.Data))
        {
            var answer = await _host.Post("/v1/events/order-placed", Occurrence.With("order-placed", "seller.webhookUrl", url));

            answer.Status.ShouldBe(HttpStatusCode.BadRequest, $"{url}: {answer.Body}");
            answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation").Keys.ShouldBe(["seller.webhookUrl"], url);
        }

        (await _host.Get("/v1/notifications")).Body.ShouldBe(taken);
        (
            await _host.Post(
                "/v1/events/order-placed",
                Occurrence.With("order-placed", "seller.webhookUrl", "https://shop.example.com/hook")
            )
        ).Status.ShouldBe(HttpStatusCode.Accepted);
    }

    /// <summary>Of devices and places, too, and at once whichever of them it is.</summary>
    [Theory]
    [InlineData("pushTokens", "https://169.254.169.254/x", "the endpoint of the subscription: the URL leads to a link-local address")]
    [InlineData(
        "pushTokens",
        "https://user@updates.push.services.mozilla.com/x",
        "the endpoint of the subscription: the URL has a user in it"
    )]
    [InlineData("pushTokens", "https://10.0.0.1/x", "the endpoint of the subscription: the URL leads to a network that is not public")]
    [InlineData("pushTokens", "https://evil.example/x", "the endpoint of the subscription is at no push service in Hosts")]
    [InlineData("chat", "https://evil.example/x", "the URL is not of hooks.slack.com")]
    public async Task Should_be_refused_where_it_stands_in_a_list(string list, string url, string reason)
    {
        await using var host = new RunningHost
        {
            Settings =
            [
                "--Channels:push:Providers=webpush",
                VapidKey,
                "--Providers:webpush:Subject=mailto:ops@example.com",
                "--Channels:chat:Providers=slack-webhook",
                "--EventTypes:order-placed:Channels=email,push,chat",
            ],
        };
        await host.InitializeAsync();
        var (good, bad) = list == "chat" ? ("slack:C0123456789", $"slack:{url}") : ("demo-token", new Browser().Subscription(url));

        var answer = await host.Post(
            "/v1/events/order-placed",
            Occurrence.With("order-placed", $"seller.{list}", new JsonArray(good, bad))
        );

        answer
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")
            .ShouldHaveSingleItem()
            .ShouldSatisfyAllConditions(error => error.Key.ShouldBe($"seller.{list}[1]"), error => error.Value.ShouldStartWith(reason));
    }

    /// <summary>Chrome's name for a subscription that is gone is no mistake of the caller's: the device is suppressed.</summary>
    [Fact]
    public async Task Should_be_taken_when_the_browser_is_gone()
    {
        await using var host = new RunningHost
        {
            Settings =
            [
                "--Channels:push:Providers=webpush",
                VapidKey,
                "--Providers:webpush:Subject=mailto:ops@example.com",
                "--EventTypes:order-placed:Channels=push",
            ],
        };
        await host.InitializeAsync();
        var gone = new Browser().Subscription("https://permanently-removed.invalid/fcm/send/x");

        var answer = await host.Post("/v1/events/order-placed", Occurrence.With("order-placed", "seller.pushTokens", new JsonArray(gone)));

        answer.Status.ShouldBe(HttpStatusCode.Accepted);
        await Until(async () =>
            (await host.Get("/v1/suppressions")).Body.Contains("permanently-removed.invalid", StringComparison.Ordinal)
        );
    }

    static async Task Until(Func<Task<bool>> condition)
    {
        using var soon = new CancellationTokenSource(RunningHost.Patience);
        while (!await condition())
            await Task.Delay(50, soon.Token);
    }

    [Fact]
    public async Task Should_be_taken_where_the_account_allows_it()
    {
        await using var host = new RunningHost
        {
            Settings =
            [
                "--Channels:webhook:Providers=webhook",
                Secret,
                "--Providers:webhook:AllowPrivateAddresses=true",
                "--EventTypes:order-placed:Channels=webhook,push",
            ],
        };
        await host.InitializeAsync();

        foreach (var url in (string[])["http://127.0.0.1:9/", "https://10.0.0.1:8443/hook", "http://receiver/"])
            (await host.Post("/v1/events/order-placed", Occurrence.With("order-placed", "seller.webhookUrl", url))).Status.ShouldBe(
                HttpStatusCode.Accepted,
                url
            );
    }

    [Theory]
    [InlineData(null, "sms: the text has 2 parts (Ucs2), and MostSegments is 1")]
    [InlineData("push", null)]
    public async Task Should_be_refused_when_the_text_fits_nowhere(string? besides, string? detail)
    {
        var request = JsonNode.Parse(Occurrence.With("notification-requested", "data.text", new string('ก', 100)))!;
        request["recipient"]!["phone"] = "+66812345678";
        request["channels"] = new JsonArray([.. new[] { "sms", besides }.OfType<string>().Select(name => (JsonNode)name)]);

        var answer = await _host.Post(Occurrence.Announcement, request.ToJsonString(), ("Prefer", "wait=10"));
        var strict = await _host.Post(Occurrence.Announcement, request.ToJsonString(), ("Prefer", "handling=strict"));

        strict.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "template-variables");
        if (detail is null)
        {
            answer.Status.ShouldBe(HttpStatusCode.OK);
            answer
                .Json.GetProperty("results")
                .EnumerateArray()
                .Select(result => $"{result.GetProperty("channel")} {result.GetProperty("result")}")
                .ShouldBe(["push sent", "sms left-out"]);
        }
        else
        {
            answer.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "template-variables");
            answer.Json.GetProperty("detail").GetString().ShouldBe(detail);
        }
    }
}
