using NotificationBus.IntegrationTests.Servers;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

public sealed class When_the_host_restarts(Chromium chromium) : With_a_running_host(chromium)
{
    readonly int _port = FreePort.Take();

    public override async ValueTask InitializeAsync() => Host = await RunningHost.Start(_port);

    [Fact]
    public async Task Should_reconnect_and_start_afresh()
    {
        var window = await OpenInbox();
        await PlaceOrder("before");
        await Expect(window.Rows).ToHaveCountAsync(2);

        await Host.DisposeAsync();
        await Expect(window.Page.GetByText("Reconnecting")).ToBeVisibleAsync();
        Host = await RunningHost.Start(_port);

        await window.ShouldBeLive();
        await Expect(window.Welcome).ToBeVisibleAsync();
        await ShipOrder("after");
        await Expect(window.Rows).ToHaveCountAsync(1);
        await Expect(window.Rows).ToContainTextAsync("Order after is on its way");
    }
}
