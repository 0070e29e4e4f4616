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

    [Fact]
    public async Task Should_set_a_breaker_and_an_event_type_and_see_both_beside_what_is_configured()
    {
        var window = await OpenConsole("/providers");
        var account = Account(window.Main.Locator("#email"), "second");

        await account.GetByRole(AriaRole.Button, new() { Name = "Breaker" }).ClickAsync();
        await window.Sheet.GetByLabel("Share of them that must fail, percent").FillAsync("50");
        await window.Sheet.GetByLabel("Open for, seconds").FillAsync("10");
        await window.Confirm("it flaps");
        await Expect(account)
            .ToContainTextAsync("breaker set: 50 % of 8 calls, open 10 s, 3 probes; configured: 90 % of 8 calls, open 30 s, 3 probes");
        await account.GetByRole(AriaRole.Button, new() { Name = "Drain" }).ClickAsync();
        await window.Confirm("it flaps");
        await Expect(account).ToContainTextAsync("breaker set: 50 % of 8 calls");

        await window.Visit("/event-types");
        var placed = window.Main.Locator("#order-placed");
        await Expect(placed).ToContainTextAsync("As configured");
        await placed.GetByRole(AriaRole.Button, new() { Name = "Change" }).ClickAsync();
        await window.Sheet.GetByLabel("Channels in order, with commas").FillAsync("push");
        await window.Confirm("mail is slow today");
        await Expect(placed).ToContainTextAsync("Push; of use for 1 day");
        await Expect(placed).ToContainTextAsync("Version 1 of what operators have set; configured:");
        await PlaceOrder("4711");
        await Host.UntilCaught("order-placed");
        await window.Ask("order:4711");
        await Expect(window.Main).ToContainTextAsync("Version 1 of what operators have set");

        await window.Visit("/event-types");
        await placed.GetByRole(AriaRole.Button, new() { Name = "Switch off" }).ClickAsync();
        await window.Confirm("a wrong text");
        await Expect(placed).ToContainTextAsync("Off");
        await window.Visit("/diary");
        await Expect(window.Main).ToContainTextAsync("mail is slow today");
        await Expect(window.Main).ToContainTextAsync("breaker failure share 0.5, open for 00:00:10");
    }

    static ILocator Account(ILocator channel, string name) =>
        channel.Locator(".account", new() { Has = channel.Page.GetByText(name, new() { Exact = true }) });
}
