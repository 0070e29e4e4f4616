using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

/// <summary>A vendor broke two hundred calls off in the middle: nobody knows whether they were sent, and somebody has to decide.</summary>
public sealed class When_a_group_is_held(Chromium chromium, RealServers servers) : With_a_running_host(chromium)
{
    const int Count = 200;

    OutsideService _vendor = null!;

    public override async ValueTask InitializeAsync()
    {
        _vendor = await OutsideService.Start();
        var (broker, database) = await servers.Create();
        Host = await RunningHost.Start(
            broker,
            database,
            "--Channels:email:Providers=gateway",
            // All of it is for one seller.
            "--Channels:email:AddressLimit=0",
            "--Providers:gateway:Type=http",
            $"--Providers:gateway:Url={_vendor.Url}",
            "--EventTypes:order-placed:Channels=email",
            "--EventTypes:order-placed:OnInDoubt=Hold"
        );
    }

    [Fact]
    public async Task Should_be_seen_first_and_decided_as_a_group()
    {
        _vendor.Answer = null;
        await Host.Send(
            HttpMethod.Put,
            "/v1/providers/gateway",
            new
            {
                pin = "closed",
                by = "ann",
                why = "no break for it",
            }
        );
        await Task.WhenAll(Enumerable.Range(1, Count).Select(number => PlaceOrder($"held-{number}")));
        await UntilHeld(Count);
        _vendor.Answer = 200;
        var window = await OpenConsole("/decisions");
        var group = window.Main.Locator(".group");

        await Expect(group).ToHaveCountAsync(1);
        await Expect(group).ToContainTextAsync($"{Count} deliveries by e-mail, gateway");
        await group.GetByRole(AriaRole.Button, new() { Name = "It was sent" }).ClickAsync();
        // What would follow is said before anything happens, and nothing does where nobody goes on.
        await Expect(window.Sheet).ToContainTextAsync("It counts as sent, and nothing more is done.");
        await Expect(window.Sheet.GetByRole(AriaRole.Button, new() { Name = $"It was sent, all {Count}" })).ToBeDisabledAsync();
        await window.Sheet.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await UntilHeld(Count);

        await group.GetByRole(AriaRole.Button, new() { Name = "Send again" }).ClickAsync();
        await window.Confirm("the vendor says that none went out");

        await Expect(window.Page.Locator(".mud-snackbar")).ToContainTextAsync($"{Count} deliveries are decided");
        await Expect(window.Main).ToContainTextAsync("Nothing to decide");
        await UntilHeld(0);
        while (_vendor.Ids.Count < 2 * Count)
            await Task.Delay(50, TestContext.Current.CancellationToken);
        _vendor.Ids.Count.ShouldBe(2 * Count, "each once more");
        await window.Visit("/diary");
        await Expect(window.Main).ToContainTextAsync("the vendor says that none went out");
    }

    async Task UntilHeld(int count)
    {
        while (await Held() != count)
            await Task.Delay(100, TestContext.Current.CancellationToken);
    }

    async Task<int> Held() =>
        (await Host.Send(HttpMethod.Post, "/v1/decisions", new { preview = true, filter = new { } }))
            .Answer.GetProperty("found")
            .GetInt32();

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _vendor.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
