using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

public sealed class When_an_operator_reads_what_was_sent(Chromium chromium) : With_a_running_host(chromium)
{
    /// <summary>A document of its own, drawn, and not only there.</summary>
    [Fact]
    public async Task Should_see_the_mail_as_the_recipient_did()
    {
        await PlaceOrder(product: "Blue ceramic bowl");
        await Host.UntilCaught("order-placed");
        var window = await OpenConsole();

        await window.Ask("4711");
        await window.ShouldShowANotification();
        await window
            .Main.Locator("section, article, .card")
            .Filter(new() { HasText = "E-mail" })
            .GetByRole(AriaRole.Button, new() { Name = "Read the text" })
            .First.ClickAsync();

        var mail = window.Main.FrameLocator("iframe.mail").Locator("body");
        await Expect(mail).ToContainTextAsync("Blue ceramic bowl");
        (await mail.EvaluateAsync<int>("body => body.offsetHeight")).ShouldBeGreaterThan(100);
        window.Complaints.ShouldBeEmpty();
    }
}
