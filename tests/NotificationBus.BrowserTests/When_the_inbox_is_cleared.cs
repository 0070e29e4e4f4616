using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

public sealed class When_the_inbox_is_cleared(Chromium chromium) : With_a_running_host(chromium)
{
    [Fact]
    public async Task Should_be_empty_in_every_window()
    {
        var here = await OpenInbox();
        var there = await OpenInbox();
        await PlaceOrder();
        await Expect(here.Rows).ToHaveCountAsync(2);
        await Expect(there.Rows).ToHaveCountAsync(2);

        await here.Clear();

        await Expect(here.Welcome).ToBeVisibleAsync();
        await Expect(there.Welcome).ToBeVisibleAsync();
        await Expect(there.Rows).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Should_catch_again_afterwards()
    {
        var window = await OpenInbox();
        await PlaceOrder("before");
        await Expect(window.Rows).ToHaveCountAsync(2);
        await window.Clear();
        await Expect(window.Welcome).ToBeVisibleAsync();

        await ShipOrder("after");

        await Expect(window.Rows).ToHaveCountAsync(1);
        await Expect(window.Rows).ToContainTextAsync("Order after is on its way");
    }

    [Fact]
    public async Task Should_not_take_a_slip_of_the_hand_for_a_wish()
    {
        var window = await OpenInbox();
        await PlaceOrder();
        await Expect(window.Rows).ToHaveCountAsync(2);

        await window.ClearButton.ClickAsync();

        await Expect(window.ClearButton).ToHaveTextAsync("Clear all 2?");
        await Expect(window.Rows).ToHaveCountAsync(2);
    }

    [Fact]
    public async Task Should_not_need_a_moment_in_which_nothing_arrives()
    {
        var window = await OpenInbox();
        await ShipOrder("1");
        await Expect(window.Rows).ToHaveCountAsync(1);
        await window.ClearButton.ClickAsync();
        await ShipOrder("2");
        await Expect(window.ClearButton).ToHaveTextAsync("Clear all 2?");

        await window.ClearButton.ClickAsync();

        await Expect(window.Welcome).ToBeVisibleAsync();
    }
}
