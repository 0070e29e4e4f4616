using System.Net;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

/// <summary>
/// Every page of the console, with something on it: readable for everybody, on every screen; and, when asked
/// (<c>NOTIFICATIONBUS_WRITE_DOCS=true</c>), a picture of each in <c>docs/console</c>.
/// </summary>
public sealed class The_pages_of_the_console(Chromium chromium) : With_a_running_host(chromium)
{
    // A script cannot look into the frame of an e-mail, which is the point of the frame.
    static readonly AxeRunContext ThePage = new() { Exclude = [new AxeSelector("iframe")] };

    static readonly AxeRunOptions Wcag = new()
    {
        RunOnly = new RunOnlyOptions { Type = "tag", Values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] },
    };

    static readonly bool WritesPictures = Environment.GetEnvironmentVariable("NOTIFICATIONBUS_WRITE_DOCS") == "true";

    // All of a kind of page, under the name its picture has.
    static readonly string[] Pages =
    [
        "overview",
        "problems",
        "search",
        "notification",
        "find",
        "decisions",
        "failures",
        "repairs",
        "repair",
        "providers",
        "event-types",
        "diary",
        "suppressions",
        "subscriptions",
        "subscription",
        "texts",
        "versions",
        "marketplace",
        "keys",
    ];

    OutsideService _subscriber = null!;

    static BrowserNewContextOptions Phone =>
        new()
        {
            ViewportSize = new() { Width = 390, Height = 844 },
        };

    // Both colours and both widths; all four of them where pictures are taken.
    public static TheoryData<ColorScheme, bool> Screens =>
        WritesPictures
            ? new()
            {
                { ColorScheme.Light, false },
                { ColorScheme.Dark, false },
                { ColorScheme.Light, true },
                { ColorScheme.Dark, true },
            }
            : new() { { ColorScheme.Light, false }, { ColorScheme.Dark, true } };

    [Theory]
    [MemberData(nameof(Screens))]
    public async Task Should_be_readable_for_everybody(ColorScheme scheme, bool isPhone)
    {
        await Fill();
        var options = isPhone
            ? Phone
            : new BrowserNewContextOptions
            {
                ViewportSize = new() { Width = 1280, Height = 900 },
            };
        options.ColorScheme = scheme;
        var window = await OpenConsole(options: options);

        var violations = new List<string>();
        foreach (var page in Pages)
        {
            await window.Visit(await AddressOf(page));
            await Expect(window.Main.Locator(".refusal")).ToHaveCountAsync(0);
            violations.AddRange(await Violations(window, page));
            if (isPhone)
                await ShouldFit(window, page);
            if (WritesPictures)
                await window.Page.ScreenshotAsync(
                    new()
                    {
                        Path = Path.Combine(Documents(), $"{page}-{(isPhone ? "phone-" : "")}{scheme.ToString().ToLowerInvariant()}.png"),
                    }
                );
        }

        violations.ShouldBeEmpty();
        window.Complaints.ShouldBeEmpty();
    }

    async Task<string> AddressOf(string page)
    {
        switch (page)
        {
            case "search":
                return "/notifications";
            case "notification":
                var found = (await Host.Get("/v1/notifications?key=order:4718")).GetProperty("notifications");
                return $"/notifications/{found[0].GetProperty("id").GetString()}";
            case "repair":
                var repair = (await Host.Get("/v1/repairs")).GetProperty("repairs")[0];
                return $"/repairs/{repair.GetProperty("id").GetString()}";
            case "subscription":
                var subscription = (await Host.Get("/v1/subscriptions")).GetProperty("subscriptions")[0];
                return $"/subscriptions/{subscription.GetProperty("id").GetString()}";
            case "versions":
                return "/texts/versions?category=order-placed";
            case "find":
                return "/find?q=seller-42";
            default:
                return $"/{page}";
        }
    }

    public override async ValueTask InitializeAsync()
    {
        _subscriber = await OutsideService.Start();
        Host = await RunningHost.Start(0, "--Webhooks:AllowPrivateAddresses=true");
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _subscriber.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>A day at a shop: orders, an operator who pauses e-mail, and an account that is switched off.</summary>
    async Task Fill()
    {
        await Host.Send(
            HttpMethod.Post,
            "/v1/subscriptions",
            new { url = _subscriber.Url, events = new[] { "notification.delivered", "notification.failed" } }
        );
        for (var number = 4711; number <= 4716; number++)
            await PlaceOrder($"{number}");
        await ShipOrder("4711");
        await ShipOrder("4712");
        await Host.UntilCaught("order-shipped");
        await Fail("broken-1", "broken-2", "broken-3");
        await Host.Send(
            HttpMethod.Post,
            "/v1/repairs",
            new
            {
                filter = new { from = "2026-01-01" },
                by = "ann",
                why = "the vendor is back",
            }
        );
        await Set(
            "channels/email",
            new
            {
                paused = true,
                by = "ann",
                why = "a wrong template",
            }
        );
        await Set(
            "providers/sandbox",
            new
            {
                weight = 3,
                by = "ann",
                why = "half of it goes elsewhere",
            }
        );
        await Host.Send(
            HttpMethod.Post,
            "/v1/suppressions",
            new
            {
                channel = "email",
                address = "nok@example.com",
                category = "announcement",
                by = "ann",
                why = "asked on the phone",
            }
        );
        await PlaceOrder("4717");
        await PlaceOrder("4718");
        await Until(async () =>
            (await Host.Get("/v1/notifications?key=order:4718")).GetProperty("notifications") is { } found
            && found.GetArrayLength() == 1
            && found[0].GetProperty("status").GetString() == "sending"
        );
    }

    async Task Set(string path, object body) => (await Host.Send(HttpMethod.Put, $"/v1/{path}", body)).Status.ShouldBe(HttpStatusCode.OK);

    static async Task Until(Func<Task<bool>> condition)
    {
        while (!await condition())
            await Task.Delay(50, TestContext.Current.CancellationToken);
    }

    static async Task<IEnumerable<string>> Violations(ConsoleWindow window, string page)
    {
        var found = await window.Page.RunAxe(ThePage, Wcag);
        return found.Violations.SelectMany(rule =>
            rule.Nodes.Select(node =>
                $"{page}: {rule.Id} at {node.Target}: "
                + $"{string.Join("; ", node.Any.Concat(node.All).Concat(node.None).Select(check => check.Message))}"
            )
        );
    }

    static async Task ShouldFit(ConsoleWindow window, string page) =>
        (
            await window.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        ).ShouldBeTrue(page);

    static string Documents()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "NotificationBus.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("Pictures are taken inside the repository.");
        return Directory.CreateDirectory(Path.Combine(folder.FullName, "docs", "console")).FullName;
    }
}
