using System.Text.RegularExpressions;
using Microsoft.Playwright;
using NotificationBus.IntegrationTests.Servers;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

/// <summary>A text is deployed with a mistake, and mended: somebody who looks sees what changed, and who was told what.</summary>
public sealed partial class When_a_text_is_edited(Chromium chromium, RealServers servers) : With_a_running_host(chromium)
{
    readonly TemporaryFolder _texts = new();
    (Uri Broker, string Database) _at;

    public override async ValueTask InitializeAsync()
    {
        _at = await servers.Create();
        Write("Your order {{ orderId }} is on its wya");
        Host = await Start();
    }

    [Fact]
    public async Task Should_show_what_changed_and_the_version_on_the_next_notification()
    {
        await ShipOrder("4711");
        await Host.UntilCaught("order-shipped");
        await Host.DisposeAsync();
        Write("Your order {{ orderId }} is on its way");
        Host = await Start();
        await ShipOrder("4712");
        var next = await TheNotificationOf("4712");

        var window = await OpenConsole("/texts/versions?category=order-shipped");
        var rows = window.Main.Locator("tbody tr");
        await Expect(rows).ToHaveCountAsync(2);
        await Expect(rows.Nth(0)).ToContainTextAsync("Deployed");
        await Expect(rows.Nth(1)).ToContainTextAsync("Earlier");
        await Expect(window.Main.Locator(".diff-line.is-out")).ToHaveTextAsync(["−Your order {{ orderId }} is on its wya"]);
        await Expect(window.Main.Locator(".diff-line.is-in")).ToHaveTextAsync(["+Your order {{ orderId }} is on its way"]);
        var (newest, earlier) = (
            await rows.Nth(0).Locator("code").TextContentAsync(),
            await rows.Nth(1).Locator("code").TextContentAsync()
        );

        // Who was told the mistake.
        await rows.Nth(1).GetByRole(AriaRole.Link, new() { Name = "1", Exact = true }).ClickAsync();
        await window.ShouldBeAt(Search());
        await Expect(window.Main.Locator("tbody tr")).ToHaveCountAsync(1);
        await Expect(window.Main.Locator("tbody tr")).ToContainTextAsync("4711");
        await window.Main.Locator("tbody tr a").First.ClickAsync();
        await window.ShouldShowANotification();
        await Expect(window.Main.Locator(".facts")).ToContainTextAsync(earlier!);

        await window.Visit($"/notifications/{next}");
        var version = window.Main.Locator(".facts").GetByRole(AriaRole.Link, new() { Name = newest, Exact = true });
        await version.ClickAsync();
        await Expect(window.Main.Locator("tr.is-on code")).ToHaveTextAsync(newest!);
        window.Complaints.ShouldBeEmpty();
    }

    async Task<string> TheNotificationOf(string order)
    {
        while (true)
        {
            var found = (await Host.Get($"/v1/notifications?key=order:{order}")).GetProperty("notifications");
            if (found.GetArrayLength() == 1)
                return found[0].GetProperty("id").GetString()!;
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    Task<RunningHost> Start() => RunningHost.Start(_at.Broker, _at.Database, $"--Templates:Folder={_texts.Path}");

    void Write(string title)
    {
        var file = Path.Combine(_texts.Path, "order-shipped", "push.en.liquid");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, $"--- title\n{title}\n\n--- body\nIt has left.\n");
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _texts.Dispose();
        GC.SuppressFinalize(this);
    }

    [GeneratedRegex("/notifications\\?category=order-shipped&templateVersion=", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Search();
}
