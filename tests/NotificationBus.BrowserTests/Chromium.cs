using Microsoft.Playwright;
using NotificationBus.BrowserTests;
using NotificationBus.IntegrationTests.Servers;

[assembly: AssemblyFixture(typeof(Chromium))]

namespace NotificationBus.BrowserTests;

/// <summary>The machine's own browser, started once; every window gets a profile of its own.</summary>
public sealed class Chromium : IAsyncLifetime
{
    /// <summary>How long a condition may take before the test counts as failed. Nothing passes by its running out.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    // The one without a window first: it takes a quarter of the processor time.
    static readonly string[] Programs = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];

    // Without a sandbox of its own, because containers and root have none to give; and quiet, because whatever it
    // asked of the internet for itself would be slow where there is none.
    static readonly string[] Arguments =
    [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--disable-quic",
    ];

    IPlaywright? _playwright;
    IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        var program =
            Programs.Select(name => Installed.Program(name, "/usr/bin")).FirstOrDefault(found => found is not null)
            ?? throw new InvalidOperationException(
                $"The browser tests need one of {string.Join(", ", Programs)} in /usr/bin or in PATH, and found none. "
                    + "On Debian: apt-get install chromium-headless-shell. Where the distribution has Chromium only as a snap (Ubuntu): "
                    + "install Google Chrome."
            );

        Assertions.SetDefaultExpectTimeout((float)Patience.TotalMilliseconds);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions
            {
                ExecutablePath = program,
                Headless = true,
                Args = Arguments,
            }
        );
    }

    /// <summary>A profile that has seen nothing yet.</summary>
    public async Task<IBrowserContext> NewProfile(BrowserNewContextOptions? options = null)
    {
        // Drawn by the processor alone, movement nobody watches takes the time of the tests; and a colour that is still
        // fading in has no contrast to measure.
        options ??= new BrowserNewContextOptions();
        options.ReducedMotion ??= ReducedMotion.Reduce;
        var profile = await _browser!.NewContextAsync(options);
        profile.SetDefaultTimeout((float)Patience.TotalMilliseconds);
        return profile;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}
