using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

public sealed class When_many_deliveries_were_caught(Chromium chromium) : With_a_running_host(chromium)
{
    InboxWindow _window = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _window = await OpenInbox();
        for (var order = 1; order <= 3; order++)
        {
            await ShipOrder($"{order}");
            await Expect(_window.Rows).ToHaveCountAsync(order);
        }

        await PlaceOrder("4");
        await Expect(_window.Rows).ToHaveCountAsync(5);
    }

    [Fact]
    public async Task Should_list_the_newest_first()
    {
        await _window.Filter("Push").ClickAsync();

        await Expect(_window.Rows.Locator(".row-title"))
            .ToHaveTextAsync(["มีคำสั่งซื้อใหม่ 4", "Order 3 is on its way", "Order 2 is on its way", "Order 1 is on its way"]);
    }

    [Fact]
    public async Task Should_open_the_newest_for_who_comes_later()
    {
        for (var order = 5; order <= 30; order++)
            await ShipOrder($"{order}");
        await Expect(_window.Rows).ToHaveCountAsync(31);

        var later = await OpenInbox();

        await Expect(later.Rows).ToHaveCountAsync(31);
        await Expect(later.Rows.First).ToHaveAttributeAsync("aria-selected", "true");
    }

    [Fact]
    public async Task Should_count_the_deliveries_of_each_channel()
    {
        await Expect(_window.Page.Locator("#channels button")).ToHaveTextAsync(["All 5", "Email 1", "Push 4"]);
    }

    [Fact]
    public async Task Should_show_one_channel_on_demand_and_all_again()
    {
        await _window.Filter("Email").ClickAsync();
        await Expect(_window.Rows).ToHaveCountAsync(1);
        await Expect(_window.RowsOf("Email")).ToHaveCountAsync(1);

        await _window.Filter("All").ClickAsync();
        await Expect(_window.Rows).ToHaveCountAsync(5);
    }

    [Fact]
    public async Task Should_find_by_what_is_written_in_them()
    {
        await _window.Search.FillAsync("order 2");
        await Expect(_window.Rows.Locator(".row-title")).ToHaveTextAsync(["Order 2 is on its way"]);

        await _window.Search.FillAsync("order 99");
        await Expect(_window.Page.GetByText("Nothing like that was caught.")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Should_move_with_the_arrow_keys()
    {
        await _window.Filter("Push").ClickAsync();
        await _window.Page.Keyboard.PressAsync("Home");
        await Expect(_window.SelectedRow).ToContainTextAsync("มีคำสั่งซื้อใหม่ 4");

        await _window.Page.Keyboard.PressAsync("ArrowDown");
        await _window.Page.Keyboard.PressAsync("ArrowDown");
        await Expect(_window.SelectedRow).ToContainTextAsync("Order 2 is on its way");
        await Expect(_window.Reading).ToContainTextAsync("Order 2 is on its way");
        await Expect(_window.List).ToBeFocusedAsync();

        await _window.Page.Keyboard.PressAsync("ArrowUp");
        await Expect(_window.SelectedRow).ToContainTextAsync("Order 3 is on its way");

        await _window.Page.Keyboard.PressAsync("End");
        await _window.Page.Keyboard.PressAsync("ArrowDown");
        await Expect(_window.SelectedRow).ToContainTextAsync("Order 1 is on its way");
    }
}
