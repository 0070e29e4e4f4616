using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

public sealed class When_a_push_was_caught(Chromium chromium) : With_a_running_host(chromium)
{
    [Fact]
    public async Task Should_show_title_and_body_on_the_phone()
    {
        var window = await OpenInbox();
        await PlaceOrder();

        await window.RowsOf("Push").ClickAsync();

        await Expect(window.Cards).ToHaveCountAsync(1);
        await Expect(window.Cards.GetByText("มีคำสั่งซื้อใหม่ 4711")).ToBeVisibleAsync();
        await Expect(window.Cards.GetByText("คุณ Nok สั่งซื้อ Blue ceramic bowl")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Should_show_what_one_phone_got_newest_first()
    {
        var window = await OpenInbox();
        await PlaceOrder("1");
        await window.RowsOf("Push").ClickAsync();

        await ShipOrder("somebody else's");
        await PlaceOrder("2");

        await Expect(window.Cards.Locator("strong")).ToHaveTextAsync(["มีคำสั่งซื้อใหม่ 2", "มีคำสั่งซื้อใหม่ 1"]);
    }
}
