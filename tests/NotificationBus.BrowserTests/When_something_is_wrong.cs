using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

public sealed class When_something_is_wrong(Chromium chromium) : With_a_running_host(chromium)
{
    [Fact]
    public async Task Should_say_it_in_a_sentence_with_the_button_that_helps()
    {
        var window = await OpenConsole("/problems");
        await Expect(window.Main).ToContainTextAsync("All is well");

        await Host.Send(
            HttpMethod.Put,
            "/v1/channels/email",
            new
            {
                paused = true,
                by = "ann",
                why = "a wrong template",
            }
        );

        await Expect(window.Main.GetByRole(AriaRole.Heading, new() { Name = "E-mail is paused" })).ToBeVisibleAsync();
        await Expect(window.Main).ToContainTextAsync("ann did it: a wrong template");
        await Expect(window.Page.Locator("#menu .count")).ToContainTextAsync("1");

        await window.Main.GetByRole(AriaRole.Button, new() { Name = "Resume e-mail" }).ClickAsync();
        await window.Confirm("mended");

        await Expect(window.Main).ToContainTextAsync("All is well");
        var newest = (await Host.Get("/v1/changes?limit=1")).GetProperty("changes")[0];
        (newest.GetProperty("who").GetString(), newest.GetProperty("why").GetString()).ShouldBe(("console", "mended"));
    }

    [Fact]
    public async Task Should_do_nothing_without_a_reason()
    {
        await Host.Send(
            HttpMethod.Put,
            "/v1/channels/email",
            new
            {
                paused = true,
                by = "ann",
                why = "a wrong template",
            }
        );
        var window = await OpenConsole("/problems");

        await window.Main.GetByRole(AriaRole.Button, new() { Name = "Resume e-mail" }).ClickAsync();

        await Expect(window.Sheet.GetByRole(AriaRole.Button, new() { Name = "Resume" })).ToBeDisabledAsync();
        await window.Sheet.GetByLabel("Why, for the record").PressAsync("Escape");
        await Expect(window.Sheet).ToHaveCountAsync(0);
        (await Host.Get("/v1/channels")).GetProperty("channels")[0].GetProperty("paused").GetBoolean().ShouldBeTrue();
    }
}
