using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

public sealed class When_an_email_was_caught(Chromium chromium) : With_a_running_host(chromium)
{
    InboxWindow _window = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _window = await OpenInbox();
        await PlaceOrder();
        await _window.RowsOf("Email").ClickAsync();
    }

    [Fact]
    public async Task Should_show_it_as_the_recipient_sees_it()
    {
        await Expect(_window.Reading.GetByRole(AriaRole.Heading)).ToHaveTextAsync("มีคำสั่งซื้อใหม่ 4711: Blue ceramic bowl");
        await Expect(_window.Mail.GetByRole(AriaRole.Heading)).ToHaveTextAsync("คุณมีคำสั่งซื้อใหม่");
        await Expect(_window.Mail.GetByRole(AriaRole.Heading)).ToBeVisibleAsync();
        await Expect(_window.Mail.GetByText("Blue ceramic bowl")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Should_keep_it_in_a_frame_that_may_do_nothing()
    {
        await Expect(_window.MailFrame).ToHaveAttributeAsync("sandbox", "");
    }

    [Fact]
    public async Task Should_show_the_plain_text_on_demand_and_the_html_again()
    {
        await Expect(_window.PlainText).ToBeHiddenAsync();

        await _window.Reading.GetByRole(AriaRole.Button, new() { Name = "Plain text" }).ClickAsync();

        await Expect(_window.MailFrame).ToBeHiddenAsync();
        await Expect(_window.PlainText).ToBeVisibleAsync();
        await Expect(_window.PlainText).ToContainTextAsync("สินค้า: Blue ceramic bowl");

        await _window.Reading.GetByRole(AriaRole.Button, new() { Name = "HTML" }).ClickAsync();

        await Expect(_window.PlainText).ToBeHiddenAsync();
        await Expect(_window.Mail.GetByRole(AriaRole.Heading)).ToBeVisibleAsync();
    }
}
