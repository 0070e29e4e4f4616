using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

public sealed partial class When_somebody_keeps_a_search(Chromium chromium) : With_a_running_host(chromium)
{
    [Fact]
    public async Task Should_have_it_again_by_its_name_until_it_is_forgotten()
    {
        var window = await OpenConsole("/notifications?category=order-placed&status=failed");
        await window.Main.GetByLabel("Name of this search").FillAsync("<b>Orders</b> that failed");
        await window.Main.GetByRole(AriaRole.Button, new() { Name = "Keep it" }).ClickAsync();
        await Expect(window.Main.Locator(".view.is-on")).ToHaveCountAsync(1);

        await window.Visit("/notifications");
        await window.Main.GetByRole(AriaRole.Link, new() { Name = "<b>Orders</b> that failed" }).ClickAsync();
        await window.ShouldBeAt(Kept());
        await Expect(window.Main.GetByLabel("Category")).ToHaveValueAsync("order-placed");

        await window.Main.GetByRole(AriaRole.Button, new() { Name = "Forget <b>Orders</b> that failed" }).ClickAsync();
        await window.Visit("/notifications");
        await Expect(window.Main.Locator(".view")).ToHaveCountAsync(0);
        window.Complaints.ShouldBeEmpty();
    }

    [GeneratedRegex("/notifications\\?category=order-placed&status=failed$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Kept();
}
