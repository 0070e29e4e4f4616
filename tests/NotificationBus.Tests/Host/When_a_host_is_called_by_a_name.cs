using System.Net;
using NotificationBus.Host;

namespace NotificationBus.Tests.Host;

/// <summary>D: any Host header is answered.</summary>
public sealed class When_a_host_is_called_by_a_name : IAsyncLifetime
{
    readonly RunningHost _host = new() { Settings = ["--AllowedHosts=notify.shop.example;*.inside.example"] };

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("evil.example")]
    [InlineData("evil.example:8080")]
    [InlineData("evil.example.")]
    [InlineData("inside.example")]
    [InlineData("evilinside.example")]
    [InlineData("notify.shop.example.evil.example")]
    [InlineData("localhost.evil.example")]
    [InlineData("127.0.0.1.evil.example")]
    public async Task Should_not_answer_to_a_stranger(string name)
    {
        foreach (
            var path in (string[])["/v1/providers", "/inbox", "/inbox/deliveries", "/", "/health/ready", "/nothing", "/v1/receipts/nobody"]
        )
        {
            var (status, answer) = await RawCall.Send(_host.Client.BaseAddress!, "GET", path, name);
            (status, path).ShouldBe((HttpStatusCode.BadRequest, path));
            answer.ShouldContain("urn:notificationbus:problem:unknown-host");
        }

        (await _host.Line(line => line.Contains("AllowedHosts", StringComparison.Ordinal))).ShouldContain("was refused");
    }

    [Theory]
    [InlineData("notify.shop.example")]
    [InlineData("NOTIFY.shop.example.:8080")]
    [InlineData("a.inside.example")]
    [InlineData("localhost:1")]
    [InlineData("shop.localhost")]
    [InlineData("10.0.0.7")]
    [InlineData("[::1]:8080")]
    [InlineData("notificationbus")]
    [InlineData("host.notifications.svc.cluster.local")]
    public async Task Should_answer_to_its_names_and_to_those_nobody_can_have(string name) =>
        (await RawCall.Send(_host.Client.BaseAddress!, "GET", "/v1/providers", name)).Status.ShouldBe(HttpStatusCode.OK);

    [Fact]
    public async Task Should_take_what_proves_itself_while_nobody_has_said_its_name()
    {
        await using var untold = new RunningHost();
        await untold.InitializeAsync();

        (await RawCall.Send(untold.Client.BaseAddress!, "POST", "/v1/receipts/nobody", "notify.shop.example")).Status.ShouldBe(
            HttpStatusCode.NotFound
        );
        (await RawCall.Send(untold.Client.BaseAddress!, "GET", "/v1/providers", "notify.shop.example")).Status.ShouldBe(
            HttpStatusCode.BadRequest
        );
    }

    [Theory]
    [InlineData("https://notify.shop.example")]
    [InlineData("notify.shop.example:8080")]
    [InlineData("*shop.example")]
    [InlineData("notify.shop.example;a b")]
    public void Should_name_what_is_no_name(string setting) =>
        Should
            .Throw<SettingsException>(() => NotificationHost.Build([$"--AllowedHosts={setting}"]))
            .Message.ShouldStartWith("AllowedHosts must be names");

    [Fact]
    public async Task Should_let_no_cache_keep_an_answer()
    {
        foreach (
            var path in (string[])
                [
                    "/v1/providers",
                    "/v1/notifications?nothing=1",
                    "/v1/nothing",
                    "/v1/unsubscribe/token",
                    "/v1/events/order-placed",
                    "/v1/../v1",
                    "/",
                    "/health/ready",
                    "/healthz",
                    "/inbox/nothing",
                    "/inbox/deliveries/0",
                    "/inbox//",
                    "/INBOX",
                ]
        )
        {
            var (_, answer) = await RawCall.Send(_host.Client.BaseAddress!, "GET", path, "localhost");

            answer.ShouldContain("\r\nCache-Control: no-store\r\n", Case.Sensitive, path);
            answer.ShouldContain("\r\nX-Content-Type-Options: nosniff\r\n", Case.Sensitive, path);
            answer.ShouldNotContain("\r\nServer:");
        }
    }

    [Fact]
    public async Task Should_say_whether_it_is_ready_where_a_platform_looks_by_itself()
    {
        var (alias, ready) = (await _host.Get("/healthz"), await _host.Get("/health/ready"));

        (alias.Status, alias.Body).ShouldBe((HttpStatusCode.OK, ready.Body));
    }
}
