using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

/// <summary>Debts: the inbox has a button that sends an example of each event, and groups by notification.</summary>
public sealed class When_an_example_is_sent(Chromium chromium) : With_a_running_host(chromium)
{
    [Fact]
    public async Task Should_be_caught_whatever_the_event()
    {
        var window = await OpenInbox();
        await window.OpenExamples();
        var names = await window.Examples.Locator("code").AllInnerTextsAsync();
        names.ShouldBe(Host.Events, ignoreOrder: true);

        foreach (var (index, name) in names.Index())
        {
            if (index > 0)
                await window.OpenExamples();
            await window.Examples.GetByRole(AriaRole.Button).Filter(new() { HasText = name }).ClickAsync();
            await Expect(window.Examples).ToBeHiddenAsync();
            var category = name == "notification-requested" ? "announcement" : name;
            await Host.UntilCaught(category);
        }

        window.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_stay_together_with_the_rest_of_its_notification()
    {
        var window = await OpenInbox();
        await PlaceOrder("1");
        await PlaceOrder("2");
        await PlaceOrder("3");
        await Expect(window.Rows).ToHaveCountAsync(6);

        var notifications = await window.Rows.EvaluateAllAsync<string[]>("rows => rows.map(row => row.dataset.notification)");
        notifications.Chunk(2).ShouldAllBe(pair => pair[0] == pair[1]);
        notifications.Distinct(StringComparer.Ordinal).Count().ShouldBe(3);
        await Expect(window.Page.Locator(".row.joined")).ToHaveCountAsync(3);

        // From one delivery to the other of the same notification.
        await window.Rows.First.ClickAsync();
        var other = window.Reading.Locator(".kin").GetByRole(AriaRole.Button);
        await Expect(other).ToHaveCountAsync(1);
        await other.ClickAsync();
        await Expect(window.Rows.Nth(1)).ToHaveAttributeAsync("aria-selected", "true");

        // Of one channel alone, nothing is joined.
        await window.Filter("Email").ClickAsync();
        await Expect(window.Rows).ToHaveCountAsync(3);
        await Expect(window.Page.Locator(".row.joined:visible")).ToHaveCountAsync(0);
    }
}
