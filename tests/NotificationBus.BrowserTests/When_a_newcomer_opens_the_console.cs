using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

public sealed class When_a_newcomer_opens_the_console(Chromium chromium) : With_a_running_host(chromium)
{
    [Fact]
    public async Task Should_be_led_there_by_the_address_of_the_host_alone()
    {
        var window = await OpenConsole("/");

        await Expect(window.Heading).ToHaveTextAsync("Overview");
        window.Page.Url.ShouldBe($"{Host.Origin}/overview");
        await Expect(window.Main).ToContainTextAsync("All is well");
    }

    [Fact]
    public async Task Should_show_what_happens_without_a_reload()
    {
        var window = await OpenConsole();
        await Expect(window.Main).ToContainTextAsync("Nothing yet");

        await PlaceOrder("4711");

        await Expect(window.Main.Locator("a.row").First).ToContainTextAsync("order 4711");
        await Expect(window.Main.Locator("a.row").First).ToContainTextAsync("Delivered");
        await Expect(window.Page.Locator(".tile", new() { HasText = "Accepted" }).First).ToContainTextAsync("1");
    }

    /// <summary>Whatever the menu names is there, and has its styles and scripts from this host alone.</summary>
    [Fact]
    public async Task Should_find_every_page_of_the_menu()
    {
        var window = await OpenConsole();
        var count = await window.MenuLinks.CountAsync();
        count.ShouldBeGreaterThan(2);

        for (var index = 0; index < count; index++)
        {
            var link = window.MenuLinks.Nth(index);
            var address = (await link.GetAttributeAsync("href"))!;
            await link.ClickAsync();
            await Expect(link).ToHaveAttributeAsync("aria-current", "page");
            await Expect(window.Heading).Not.ToBeEmptyAsync();
            await Expect(window.Main.Locator(".refusal")).ToHaveCountAsync(0);

            // The same by its address, for every view is a link.
            await window.Visit(address);
            await Expect(window.Main.Locator(".refusal")).ToHaveCountAsync(0);
        }

        window.Requests.ShouldAllBe(url => new Uri(url).Authority == new Uri(Host.Origin).Authority);
        window.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_read_it_in_the_light_they_like()
    {
        var window = await OpenConsole(options: new() { ColorScheme = ColorScheme.Light });
        var light = await window.Page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");

        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Switch between light and dark" }).ClickAsync();

        await Expect(window.Page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        // With reduced motion each change of a style takes a hundredth of a second.
        await Expect(window.Page.Locator("body")).Not.ToHaveCSSAsync("background-color", light);
        await window.Visit("/problems");
        await Expect(window.Page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
    }

    [Fact]
    public async Task Should_use_it_by_keyboard_alone()
    {
        await PlaceOrder("4711");
        await Host.UntilCaught("order-placed");
        var window = await OpenConsole();

        await window.Page.Keyboard.PressAsync("/");
        await Expect(window.Field).ToBeFocusedAsync();
        await window.Page.Keyboard.TypeAsync("4711");
        await window.Page.Keyboard.PressAsync("Enter");

        await window.ShouldShowANotification();
    }
}
