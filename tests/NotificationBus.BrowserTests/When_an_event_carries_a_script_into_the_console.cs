using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

public sealed class When_an_event_carries_a_script_into_the_console(Chromium chromium) : With_a_running_host(chromium)
{
    const string Name = "\"><img src=x onerror=\"top.canary='image';alert('image')\">";
    const string Product = """<script>top.canary='script';alert('script')</script>""";
    const string Why = """</textarea><svg onload="top.canary='svg';alert('svg')">""";

    [Fact]
    public async Task Should_show_it_as_text_and_run_none_of_it()
    {
        await Host.Send(
            HttpMethod.Put,
            "/v1/channels/sms",
            new
            {
                paused = true,
                by = Name,
                why = Why,
            }
        );
        await Host.Send(
            HttpMethod.Post,
            "/v1/suppressions",
            new
            {
                channel = "email",
                address = "nok@example.com",
                by = Name,
                why = Why,
            }
        );
        await Host.Tell(
            "notification-requested",
            new
            {
                eventId = Product,
                category = "announcement",
                recipient = new
                {
                    id = Name,
                    name = Name,
                    locale = "en",
                    email = "som@example.com",
                    pushTokens = new[] { Product },
                },
                data = new { title = Product, text = Why },
                keys = new Dictionary<string, string>(StringComparer.Ordinal) { ["order"] = Product },
            }
        );
        await Host.UntilCaught("announcement");
        var window = await OpenConsole("/problems");
        await Expect(window.Main).ToContainTextAsync(Why);

        foreach (var page in (string[])["/overview", "/notifications", "/diary", "/suppressions", "/texts", "/providers"])
        {
            await window.Visit(page);
            await ShouldHoldNoMarkupOfTheirs(window);
        }

        await window.Ask(Product);
        await window.ShouldShowANotification();
        await Expect(window.Main).ToContainTextAsync(Name);
        await window.Main.GetByRole(AriaRole.Button, new() { Name = "Read the text" }).First.ClickAsync();
        await Expect(window.Main.Locator(".content pre").First).ToContainTextAsync(Product);
        await ShouldHoldNoMarkupOfTheirs(window);
    }

    static async Task ShouldHoldNoMarkupOfTheirs(ConsoleWindow window)
    {
        await Expect(window.Main.Locator("script, img, svg[onload], [onerror], [srcdoc]")).ToHaveCountAsync(0);
        (await window.Canary()).ShouldBeNull();
        window.Dialogs.ShouldBeEmpty();
        window.Complaints.ShouldBeEmpty();
    }
}
