using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

public sealed class When_an_event_carries_a_script(Chromium chromium) : With_a_running_host(chromium)
{
    const string Name = """<img src=x onerror="top.canary='image';alert('image')">""";
    const string Product = """<script>top.canary='script';alert('script')</script>""";
    const string Text =
        """</pre><svg onload="top.canary='svg';alert('svg')"><iframe srcdoc="<script>top.canary='frame'</script>"></iframe>""";

    [Fact]
    public async Task Should_show_it_as_text_and_run_none_of_it()
    {
        var window = await OpenInbox();
        await Host.Tell(
            "chat-message-sent",
            new
            {
                conversationId = "1",
                text = Text,
                product = Product,
                buyer = new { id = "buyer-7", name = Name },
                seller = new
                {
                    id = "seller-42",
                    name = Name,
                    locale = "en",
                    email = "som@example.com",
                    pushTokens = new[] { "demo-token" },
                },
            }
        );

        await window.RowsOf("Push").ClickAsync();
        await Expect(window.Cards.Locator("strong")).ToHaveTextAsync($"Message from {Name}");
        await Expect(window.Cards.Locator(".card-body")).ToHaveTextAsync($"{Product}: {Text}");
        await Expect(window.RowsOf("Push")).ToContainTextAsync(Name);
        await ShouldHoldNoMarkupOfTheirs(window.Page.Locator("body"));

        await window.RowsOf("Email").ClickAsync();
        await Expect(window.Reading.GetByRole(AriaRole.Heading)).ToHaveTextAsync($"New message from {Name} about {Product}");
        await Expect(window.Mail.GetByText($"{Name} wrote to you about {Product}:")).ToBeVisibleAsync();
        await Expect(window.Mail.GetByText(Text)).ToBeVisibleAsync();
        await ShouldHoldNoMarkupOfTheirs(window.Page.Locator("body"));
        await ShouldHoldNoMarkupOfTheirs(window.Mail.Locator("body"));

        await window.Reading.GetByRole(AriaRole.Button, new() { Name = "Plain text" }).ClickAsync();
        await Expect(window.PlainText).ToContainTextAsync(Text);
        await ShouldHoldNoMarkupOfTheirs(window.Page.Locator("body"));

        (await window.Canary()).ShouldBeNull();
        window.Dialogs.ShouldBeEmpty();
    }

    static Task ShouldHoldNoMarkupOfTheirs(ILocator place) =>
        Expect(place.Locator("script, img, [onload], [onerror], [srcdoc]")).ToHaveCountAsync(0);
}
