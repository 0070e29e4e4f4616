using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

public sealed class When_the_screen_is_small(Chromium chromium) : With_a_running_host(chromium)
{
    static BrowserNewContextOptions Phone =>
        new()
        {
            ViewportSize = new() { Width = 390, Height = 844 },
        };

    static readonly string Unbroken = new('x', 120);

    [Fact]
    public async Task Should_fit_whatever_is_shown()
    {
        var window = await OpenInbox(Phone);
        await Expect(window.Welcome).ToBeVisibleAsync();
        await ShouldFit(window);

        await PlaceOrder(orderId: "4711", product: Unbroken, locale: "en");
        await Expect(window.Rows).ToHaveCountAsync(2);
        await ShouldFit(window);

        await window.RowsOf("Email").ClickAsync();
        await Expect(window.Mail.GetByRole(AriaRole.Heading)).ToBeVisibleAsync();
        await ShouldFit(window);
        (await window.Mail.Locator("html").EvaluateAsync<bool>("page => page.scrollWidth <= page.clientWidth")).ShouldBeTrue(
            "the e-mail is too wide"
        );

        await window.Reading.GetByRole(AriaRole.Button, new() { Name = "Inbox" }).ClickAsync();
        await window.RowsOf("Push").ClickAsync();
        await Expect(window.Cards.First).ToBeVisibleAsync();
        await ShouldFit(window);
    }

    /// <summary>Debts: a mailbox of 67 characters made the pane 599 wide on 390.</summary>
    [Fact]
    public async Task Should_fit_whatever_the_address()
    {
        await Host.DisposeAsync();
        Host = await RunningHost.Start(0, "--EventTypes:order-placed:Channels=email,push,sms,chat,webhook");
        var window = await OpenInbox(Phone);
        await Host.Tell(
            "order-placed",
            new
            {
                orderId = "4711",
                product = "Blue ceramic bowl",
                total = new { amount = 590, currency = "THB" },
                buyer = new { id = "buyer-7", name = "Nok" },
                seller = new
                {
                    id = "seller-42",
                    name = "Som",
                    locale = "en",
                    email = $"{new string('o', 50)}@mail.example.com",
                    phone = "+66812345678",
                    pushTokens = new[] { new string('t', 160) },
                    chat = new[] { "slack:C0123456789" },
                    webhookUrl = $"https://hooks.example.com/{new string('h', 150)}",
                },
            }
        );
        await Expect(window.Rows).ToHaveCountAsync(5);
        await ShouldFit(window);

        foreach (var channel in (string[])["Email", "Push", "SMS", "Chat", "Webhook"])
        {
            await window.RowsOf(channel).First.ClickAsync();
            await Expect(window.Reading.Locator(".facts")).ToBeVisibleAsync();
            await Expect(window.Reading.Locator(".kin button")).ToHaveCountAsync(4);
            await ShouldFit(window);
            await window.Reading.GetByRole(AriaRole.Button, new() { Name = "Inbox" }).ClickAsync();
        }

        await window.OpenExamples();
        await ShouldFit(window);
    }

    [Fact]
    public async Task Should_let_list_and_delivery_take_turns()
    {
        var window = await OpenInbox(Phone);
        await PlaceOrder();
        await Expect(window.Reading).ToBeHiddenAsync();

        await window.RowsOf("Email").ClickAsync();
        await Expect(window.List).ToBeHiddenAsync();
        await Expect(window.Reading).ToBeVisibleAsync();

        await window.Page.GoBackAsync();
        await Expect(window.List).ToBeVisibleAsync();
        await Expect(window.Reading).ToBeHiddenAsync();
    }

    static async Task ShouldFit(InboxWindow window)
    {
        var tooWide = await window.Page.EvaluateAsync<string[]>(
            """
            [document.documentElement, ...document.querySelectorAll('body, header, main, section, article, .rows')]
              .filter(element => element.scrollWidth > element.clientWidth)
              .map(element => `${element.tagName}.${element.className}: ${element.scrollWidth} > ${element.clientWidth}`)
            """
        );

        tooWide.ShouldBeEmpty();
    }
}
