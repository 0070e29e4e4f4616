using System.Net;
using NotificationBus.Host;
using NotificationBus.Host.Http;

namespace NotificationBus.Tests.Host;

/// <summary>D: operators and the world share a port; a path that is not plain passes a proxy.</summary>
public sealed class When_a_port_is_for_the_world(HostOfTwoPorts two) : IClassFixture<HostOfTwoPorts>
{
    readonly RunningHost _host = two.Host;

    /// <summary>Every address there is, and each with what a proxy may take for something else.</summary>
    public static TheoryData<string> NotForTheWorld =>
        [
            "/",
            "/inbox",
            "/inbox/stream",
            "/inbox/inbox.js",
            "/health/live",
            "/health/ready",
            "/healthz",
            "/metrics",
            "/v1",
            "/v1/",
            "/v1/providers",
            "/v1/channels",
            "/v1/changes",
            "/v1/suppressions",
            "/v1/failed-messages",
            "/v1/notifications",
            "/v1/notifications/2f0c5f5c-5f1e-4f9a-9c55-0c7a5c3d1e11",
            "/v1/events/order-placed",
            "/v1/receipts",
            "/v1/receipts/",
            "/v1/unsubscribe",
            "/v1/unsubscribe/",
            "/v1/receipts/../providers",
            "/v1/receipts/%2e%2e/providers",
            "/v1/receipts/.%2E/providers",
            "/v1/receipts/./resend",
            "/v1/receipts/resend/../../providers",
            "/v1/unsubscribe/../providers",
            "/v1/receipts/..%2fproviders",
            "/v1/receipts%2f..%2fproviders",
            "/v1/receipts/%2e%2e%2fproviders",
            "//v1/providers",
            "/v1//providers",
            "/v1/receipts//resend",
            "//v1/receipts/resend",
            "/v1/receipts/..\\providers",
            "/v1/receipts/%252e%252e/providers",
            "/v1/receipts/resend/../resend",
            "http://notify.shop.example/v1/receipts/../providers",
            "http://notify.shop.example//v1/providers",
            "/V1/providers",
            "/%761/providers",
            "/v1/%70roviders",
            "/V1/receipts/resend",
            "/v1/Receipts/resend",
            "/%761/receipts/resend",
            "/v1/%72eceipts/resend",
            "/v1/receipts/%72esend",
            "http://notify.shop.example/V1/receipts/resend",
            "/v1/unsubscribe/%74oken",
            "/v1/UNSUBSCRIBE/token",
        ];

    [Theory]
    [MemberData(nameof(NotForTheWorld))]
    public async Task Should_have_nothing_else(string target)
    {
        foreach (var method in (string[])["GET", "POST", "PUT", "DELETE", "OPTIONS"])
        {
            var (status, answer) = await RawCall.Send(_host.Public, method, target, "notify.shop.example");

            status.ShouldBe(HttpStatusCode.NotFound, $"{method} {target}");
            answer.ShouldNotContain("/v1/notifications");
            answer.ShouldContain("\r\nCache-Control: no-store\r\n", Case.Sensitive, $"{method} {target}");
            answer.ShouldContain("\r\nX-Content-Type-Options: nosniff\r\n", Case.Sensitive, $"{method} {target}");
        }
    }

    [Fact]
    public async Task Should_have_nothing_at_any_address_but_two()
    {
        var routes = _host.Routes;

        routes.Count(route => route.StartsWith("/v1/", StringComparison.Ordinal)).ShouldBeGreaterThan(15);
        _host.RoutesForTheWorld.ShouldBe(
            ["/v1/receipts/{provider}", "/v1/unsubscribe/{token}", "/v1/unsubscribe/{token}"],
            ignoreOrder: true
        );
        foreach (var route in routes.Where(route => !route.Contains('{', StringComparison.Ordinal)))
            (await RawCall.Send(_host.Public, "GET", route, "notify.shop.example")).Status.ShouldBe(HttpStatusCode.NotFound, route);
    }

    [Theory]
    [InlineData("POST", "/v1/receipts/resend", HttpStatusCode.Unauthorized)]
    [InlineData("POST", "/v1/receipts/nobody", HttpStatusCode.NotFound)]
    [InlineData("POST", "http://notify.shop.example/v1/receipts/resend", HttpStatusCode.Unauthorized)]
    [InlineData("GET", "/v1/unsubscribe/token", HttpStatusCode.NotFound)]
    [InlineData("GET", "/v1/receipts/resend", HttpStatusCode.NotFound)]
    public async Task Should_take_receipts_and_unsubscribes(string method, string target, HttpStatusCode expected)
    {
        var (status, answer) = await RawCall.Send(_host.Public, method, target, "notify.shop.example");

        status.ShouldBe(expected, answer);
        if (target.Contains("token", StringComparison.Ordinal))
            answer.ShouldContain("This link is not known here");
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("shop.example")]
    [InlineData("notify.shop.example.evil.example")]
    [InlineData("notify.shop.example:80@evil.example")]
    public async Task Should_not_be_there_under_another_name(string name)
    {
        (await RawCall.Send(_host.Public, "GET", "/v1/unsubscribe/token", name)).Answer.ShouldNotContain("This link is not known here");
        (await RawCall.Send(_host.Public, "POST", "/v1/receipts/resend", name)).Status.ShouldBeOneOf(
            HttpStatusCode.NotFound,
            HttpStatusCode.BadRequest
        );
    }

    [Theory]
    [InlineData("/inbox/../v1/providers")]
    [InlineData("/inbox/%2e%2e/v1/providers")]
    [InlineData("/inbox/%2E./v1/providers")]
    [InlineData("/./v1/providers")]
    [InlineData("/v1/providers/.")]
    [InlineData("/inbox/x/../../v1/providers")]
    [InlineData("//v1/providers")]
    [InlineData("/v1//providers")]
    [InlineData("http://127.0.0.1/inbox/../v1/providers")]
    public async Task Should_follow_no_path_that_leads_elsewhere_inside_either(string target)
    {
        (await RawCall.Send(_host.Client.BaseAddress!, "GET", target, "127.0.0.1")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await RawCall.Send(_host.Client.BaseAddress!, "GET", "/v1/notifications?recipient=/../a//b", "127.0.0.1")).Status.ShouldBe(
            HttpStatusCode.OK
        );
    }

    /// <summary>D: a proxy compares the beginnings of paths letter by letter.</summary>
    [Theory]
    [InlineData("/V1/providers")]
    [InlineData("/v1/Providers")]
    [InlineData("/%761/providers")]
    [InlineData("/v%31/providers")]
    [InlineData("/v1/%70roviders")]
    [InlineData("/v1/%50roviders")]
    [InlineData("/v1/failed%2Dmessages")]
    [InlineData("/v1/failed%2dmessages/causes")]
    [InlineData("/v1/failed-messages/CAUSES")]
    [InlineData("/INBOX/stream")]
    [InlineData("/inbox/Deliveries")]
    [InlineData("/Health/live")]
    [InlineData("/HEALTHZ")]
    [InlineData("http://127.0.0.1/V1/providers")]
    [InlineData("/v1/notifications/2f0c5f5c-5f1e-4f9a-9c55-0c7a5c3d1e1%31")]
    public async Task Should_have_one_spelling_for_each_path(string target)
    {
        foreach (var server in (Uri[])[_host.Client.BaseAddress!, _host.Public])
        {
            var (status, answer) = await RawCall.Send(server, "GET", target, "127.0.0.1");

            status.ShouldBe(HttpStatusCode.NotFound, answer);
            if (server != _host.Public)
                answer.ShouldContain("its fixed parts in lower case");
        }
    }

    /// <summary>Names and ids are their owners': they may be written in any case, and with what a path cannot have as it is.</summary>
    [Theory]
    [InlineData("GET", "/v1/notifications/2F0C5F5C-5F1E-4F9A-9C55-0C7A5C3D1E11", "unknown-notification")]
    [InlineData("POST", "/v1/events/Order-Nobody", "unknown-event")]
    [InlineData("PUT", "/v1/channels/EMAIL", "unknown-channel")]
    [InlineData("DELETE", "/v1/suppressions/email/Som%40Example.com", "validation")]
    public async Task Should_take_names_as_they_are_written(string method, string target, string problem) =>
        (await RawCall.Send(_host.Client.BaseAddress!, method, target, "127.0.0.1")).Answer.ShouldContain($"problem:{problem}");

    [Theory]
    [InlineData("/v1/receipts/%E0%B8%A3%E0%B9%89%E0%B8%B2%E0%B8%99", true)]
    [InlineData("/v1/events/a%", true)]
    [InlineData("/v1/events/a%4", true)]
    [InlineData("/v1/events/100%25", true)]
    [InlineData("/v1/events/%7e", false)]
    [InlineData("/v1/events/%5F", false)]
    [InlineData("/v1/events/%39", false)]
    [InlineData("/v1/events/a?of=%41", true)]
    [InlineData("/v1/providers", true)]
    [InlineData("/v1/suppressions/webhook/https%3A%2F%2Fhook.example%2F..%2Fa", true)]
    [InlineData("/v1/a.b/..c/...", true)]
    [InlineData("*", true)]
    [InlineData("/", true)]
    [InlineData("/v1/..", false)]
    [InlineData("/v1/%2e", false)]
    [InlineData("/v1\\providers", false)]
    public void Should_know_a_plain_path(string target, bool isPlain) => Doorway.IsPlain(target).ShouldBe(isPlain);

    [Theory]
    [InlineData("--PublicUrls=http://127.0.0.1:8080 --Urls=http://localhost:8080", "PublicUrls must have ports of their own")]
    [InlineData(
        "--PublicUrls=http://0.0.0.0:8081;http://0.0.0.0:8080 --Urls= --Http_Ports=8080",
        "PublicUrls must have ports of their own"
    )]
    [InlineData("--PublicUrls=notify.shop.example", "PublicUrls must be addresses such as http://0.0.0.0:8081")]
    [InlineData("--PublicUrls=", "PublicUrls must be addresses such as http://0.0.0.0:8081")]
    [InlineData(
        "--PublicUrls=http://127.0.0.1:0 --Kestrel:Endpoints:Http:Url=http://127.0.0.1:0",
        "PublicUrls and Kestrel:Endpoints exclude each other"
    )]
    public void Should_be_a_port_of_its_own(string settings, string expected) =>
        Should.Throw<SettingsException>(() => NotificationHost.Build(settings.Split(' '))).Message.ShouldStartWith(expected);
}

/// <summary>A host with a port for operators and one for the world, of which nothing is asked that would change it.</summary>
public sealed class HostOfTwoPorts : IAsyncLifetime
{
    const string Key = "0123456789abcdef0123456789abcdef";

    internal RunningHost Host { get; } =
        new()
        {
            Settings =
            [
                "--PublicUrls=http://127.0.0.1:0",
                "--Unsubscribe:PublicUrl=https://notify.shop.example",
                $"--Unsubscribe:Key={Key}",
                "--Channels:email:Providers=resend",
                "--Providers:resend:ApiKey=re_1",
                "--Providers:resend:From=shop@example.com",
            ],
        };

    public ValueTask InitializeAsync() => Host.InitializeAsync();

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}
