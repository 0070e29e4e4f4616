using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

public sealed class When_somebody_asks_how_it_goes(Chromium chromium, RealServers servers) : With_a_running_host(chromium)
{
    public override async ValueTask InitializeAsync()
    {
        var (broker, database) = await servers.Create();
        Host = await RunningHost.Start(broker, database);
    }

    [Fact]
    public async Task Should_see_each_channel_and_account_and_the_queues_beside_the_sagas()
    {
        await PlaceOrder("4711");
        await PlaceOrder("4712");
        await Host.UntilCaught("order-placed");
        var window = await OpenConsole("/overview");

        var email = window.Main.Locator("section:has(#traffic) tbody tr", new() { HasText = "E-mail" });
        await Expect(email.Locator("td")).ToHaveTextAsync(["E-mail", "sandbox", "2", "2", "0", "0", "0"]);
        await Expect(window.Main.Locator("section:has(#queues) tbody tr", new() { HasText = "send-email-bulk" }))
            .ToContainTextAsync("empty");
        await Expect(window.Main.Locator("section:has(#queues)")).ToContainTextAsync("0 not ended");

        await window.Main.GetByText("Last day", new() { Exact = true }).ClickAsync();
        await Expect(email.Locator("td")).ToHaveTextAsync(["E-mail", "sandbox", "2", "2", "0", "0", "0"]);
        window.Complaints.ShouldBeEmpty();
    }
}
