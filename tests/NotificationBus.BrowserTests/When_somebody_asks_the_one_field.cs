using System.Text.Json;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

public sealed class When_somebody_asks_the_one_field(Chromium chromium) : With_a_running_host(chromium)
{
    [Theory]
    [InlineData("order")]
    [InlineData("key")]
    [InlineData("event")]
    [InlineData("id")]
    [InlineData("address")]
    [InlineData("recipient")]
    [InlineData("provider")]
    public async Task Should_lead_straight_to_the_answer(string by)
    {
        await PlaceOrder("4711");
        await Host.UntilCaught("order-placed");
        var one = await Found();
        var question = by switch
        {
            "order" => "4711",
            "key" => "order:4711",
            "event" => "order-placed-4711",
            "id" => one.GetProperty("id").GetString()!,
            "address" => "SOM@example.com",
            "recipient" => "seller-42",
            _ => one.GetProperty("deliveries")[0].GetProperty("providerMessageId").GetString()!,
        };
        var window = await OpenConsole();

        await window.Ask(question);

        await window.ShouldShowANotification();
        window.Page.Url.ShouldEndWith(one.GetProperty("id").GetString()!);
        await Expect(window.Main).ToContainTextAsync("Did they get it?");
    }

    [Fact]
    public async Task Should_show_all_that_fit()
    {
        await PlaceOrder("1");
        await PlaceOrder("2");
        await Host.UntilCaught("order-placed");
        var window = await OpenConsole();

        await window.Ask("seller-42");

        await Expect(window.Main.Locator("a.row")).ToHaveCountAsync(2);
        await Expect(window.Main).ToContainTextAsync("By recipient");
    }

    [Theory]
    [InlineData("nothing like it")]
    [InlineData("'; DROP TABLE notification; --")]
    [InlineData("%")]
    [InlineData(":")]
    [InlineData("<script>alert(1)</script>")]
    public async Task Should_say_when_there_is_none(string question)
    {
        var window = await OpenConsole();

        await window.Ask(question);

        await Expect(window.Main).ToContainTextAsync("Nothing has exactly this");
        await Expect(window.Main).ToContainTextAsync(question);
        window.Dialogs.ShouldBeEmpty();
        window.Complaints.ShouldBeEmpty();
    }

    /// <summary>The order, once a provider has taken it.</summary>
    async Task<JsonElement> Found()
    {
        while (true)
        {
            var found = (await Host.Get("/v1/notifications?key=order:4711&status=delivered")).GetProperty("notifications");
            if (found.GetArrayLength() > 0)
                return await Host.Get($"/v1/notifications/{found[0].GetProperty("id").GetString()}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
