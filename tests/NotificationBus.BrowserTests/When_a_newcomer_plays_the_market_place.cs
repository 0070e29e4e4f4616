using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

public sealed partial class When_a_newcomer_plays_the_market_place(Chromium chromium) : With_a_running_host(chromium)
{
    [Fact]
    public async Task Should_publish_until_it_is_stopped()
    {
        var window = await OpenConsole("/marketplace");

        await window.Main.GetByRole(AriaRole.Slider).FillAsync("20");
        await window.Main.GetByRole(AriaRole.Button, new() { Name = "Play" }).ClickAsync();
        var published = window.Main.Locator(".tiles > *").Filter(new() { HasText = "Published" });
        await Expect(published).ToContainTextAsync(TwoDigits());
        await window.Main.GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
        await Expect(window.Main).ToContainTextAsync("Standing still");

        await window.Visit("/notifications");
        await Expect(window.Main.GetByRole(AriaRole.Row).Nth(10)).ToBeVisibleAsync();
        window.Complaints.ShouldBeEmpty();
    }

    [GeneratedRegex(@"Published\s*\d{2}", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TwoDigits();
}
