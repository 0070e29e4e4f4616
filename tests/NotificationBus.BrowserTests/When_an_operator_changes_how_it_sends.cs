using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

public sealed class When_an_operator_changes_how_it_sends(Chromium chromium) : With_a_running_host(chromium)
{
    // Two accounts, so that the second takes over.
    public override async ValueTask InitializeAsync() =>
        Host = await RunningHost.Start(0, "--Channels:email:Providers=sandbox,second", "--Providers:second:Type=sandbox");

    [Fact]
    public async Task Should_see_the_next_account_take_over()
    {
        var window = await OpenConsole("/providers");
        var email = window.Main.Locator("#email");

        await Account(email, "sandbox").GetByRole(AriaRole.Button, new() { Name = "Switch off" }).ClickAsync();
        await window.Confirm("the provider has an outage");
        await Expect(Account(email, "sandbox")).ToContainTextAsync("Switched off");
        await PlaceOrder("4711");
        await Host.UntilCaught("order-placed");

        await window.Ask("order:4711");
        await Expect(window.Main).ToContainTextAsync("second: taken");
        await window.Visit("/diary");
        await Expect(window.Main).ToContainTextAsync("the provider has an outage");
        await Expect(window.Main).ToContainTextAsync("console");
    }

    [Fact]
    public async Task Should_pause_a_channel_and_keep_its_order()
    {
        var window = await OpenConsole("/providers");
        var email = window.Main.Locator("#email");

        await Account(email, "second").GetByRole(AriaRole.Button, new() { Name = "Ask first" }).ClickAsync();
        await window.Confirm("it is cheaper");
        await Expect(email).ToContainTextAsync("second, then sandbox");
        await email.GetByRole(AriaRole.Button, new() { Name = "Pause", Exact = true }).ClickAsync();
        await window.Confirm("a wrong template");

        await Expect(email).ToContainTextAsync("Paused");
        await Expect(email).ToContainTextAsync("second, then sandbox");
    }

    static ILocator Account(ILocator channel, string name) =>
        channel.Locator(".account", new() { Has = channel.Page.GetByText(name, new() { Exact = true }) });
}
