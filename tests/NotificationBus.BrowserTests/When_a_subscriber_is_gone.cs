using System.Net;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

/// <summary>A subscriber said that it is gone, and comes back: an operator sees it, and has it told again.</summary>
public sealed class When_a_subscriber_is_gone(Chromium chromium) : With_a_running_host(chromium)
{
    OutsideService _subscriber = null!;

    public override async ValueTask InitializeAsync()
    {
        _subscriber = await OutsideService.Start();
        Host = await RunningHost.Start(0, "--Webhooks:AllowPrivateAddresses=true");
    }

    [Fact]
    public async Task Should_be_seen_enabled_again_and_told_once_more()
    {
        _subscriber.Answer = 410;
        var made = await Host.Send(
            HttpMethod.Post,
            "/v1/subscriptions",
            new { url = _subscriber.Url, events = new[] { "notification.delivered" } }
        );
        made.Status.ShouldBe(HttpStatusCode.Created, $"{made.Answer}");
        await PlaceOrder("4711");
        var window = await OpenConsole("/subscriptions");
        await Expect(window.Main.Locator("tbody tr")).ToContainTextAsync("Disabled");
        await window.Main.Locator("tbody a").ClickAsync();
        await Expect(window.Main.Locator(".facts")).ToContainTextAsync("Notification delivered");
        await Expect(window.Main.Locator(".facts")).ToContainTextAsync("410");

        _subscriber.Answer = 200;
        await Button(window, "Enable again").ClickAsync();
        await window.Confirm("the receiver is back");
        await Expect(window.Heading).ToContainTextAsync("Works");
        await PlaceOrder("4712");
        await Expect(window.Main.Locator("tbody tr", new() { HasText = "Delivered" })).ToHaveCountAsync(2);
        var before = _subscriber.Ids.Count;

        await Button(window, "Send again").First.ClickAsync();
        while (_subscriber.Ids.Count == before)
            await Task.Delay(50, TestContext.Current.CancellationToken);
        _subscriber.Ids.Take(before).ShouldContain(_subscriber.Ids[^1], "under the same id");

        await Button(window, "Rotate the secret").ClickAsync();
        await window.Confirm("once a year");
        await Expect(window.Main.Locator(".made code")).ToContainTextAsync("whsec_");
        await Button(window, "Recover").ClickAsync();
        await window.Confirm("whatever was given up");
        await Expect(window.Page.Locator(".mud-snackbar").Last).ToContainTextAsync("sent again");
    }

    static ILocator Button(ConsoleWindow window, string name) =>
        window.Main.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _subscriber.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
