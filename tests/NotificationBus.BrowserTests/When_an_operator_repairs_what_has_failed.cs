using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

public sealed partial class When_an_operator_repairs_what_has_failed(Chromium chromium) : With_a_running_host(chromium)
{
    [Fact]
    public async Task Should_see_the_plan_first_then_run_it_and_each_arrives_once()
    {
        await Fail("broken-1", "broken-2", "broken-3");
        var window = await OpenConsole("/notifications?status=failed");
        await window.Main.GetByRole(AriaRole.Link, new() { Name = "Repair" }).ClickAsync();
        await window.ShouldBeAt(Repairs());

        await Button(window, "Plan").ClickAsync();
        await window.Confirm("the mailboxes are mended");
        await window.ShouldBeAt(OneRepair());
        await Expect(Tile(window, "To begin")).ToContainTextAsync("3");
        await Expect(window.Main).ToContainTextAsync("3 by e-mail");

        await Button(window, "Run it").ClickAsync();
        await window.Sheet.GetByLabel("Pause after so many, or after all").FillAsync("2");
        await window.Confirm("the first two");
        await Expect(window.Main).ToContainTextAsync("It is paused");
        await Expect(Tile(window, "Begun anew")).ToContainTextAsync("2");

        await Button(window, "Go on").ClickAsync();
        await window.Confirm("they arrived");
        await Expect(Tile(window, "Begun anew")).ToContainTextAsync("3");
        await Expect(window.Main.Locator(".badge", new() { HasText = "Done" })).ToBeVisibleAsync();
        await Expect(Button(window, "Run it")).ToHaveCountAsync(0);

        await window.Main.GetByRole(AriaRole.Link, new() { Name = "Look at it" }).First.ClickAsync();
        await window.ShouldShowANotification();
        await Expect(window.Main).ToContainTextAsync("Delivered");
        await window.Visit("/diary");
        await Expect(window.Main).ToContainTextAsync("the mailboxes are mended");
    }

    static ILocator Button(ConsoleWindow window, string name) =>
        window.Main.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    static ILocator Tile(ConsoleWindow window, string name) => window.Main.Locator(".tile", new() { HasText = name });

    [GeneratedRegex("/repairs\\?status=failed$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Repairs();

    [GeneratedRegex("/repairs/[0-9a-f-]{36}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OneRepair();
}
