using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

public sealed class When_somebody_looks_around(Chromium chromium) : With_a_running_host(chromium)
{
    [Fact]
    public async Task Should_ask_its_own_host_only_and_have_nothing_to_complain_about()
    {
        var window = await OpenInbox();
        await PlaceOrder();
        await window.RowsOf("Push").ClickAsync();
        await Expect(window.Cards).ToHaveCountAsync(1);
        await window.RowsOf("Email").ClickAsync();
        await Expect(window.Mail.GetByRole(AriaRole.Heading)).ToBeVisibleAsync();
        await window.Reading.GetByRole(AriaRole.Button, new() { Name = "Plain text" }).ClickAsync();
        await Expect(window.PlainText).ToBeVisibleAsync();
        await window.Clear();
        await Expect(window.Welcome).ToBeVisibleAsync();

        window.Requests.ShouldContain($"{Host.Origin}/inbox/stream");
        window.Requests.ShouldAllBe(url => url.StartsWith($"{Host.Origin}/", StringComparison.Ordinal));
        window.Complaints.ShouldBeEmpty();
    }
}
