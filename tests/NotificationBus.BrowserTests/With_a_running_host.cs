using Microsoft.Playwright;

namespace NotificationBus.BrowserTests;

/// <summary>A situation: a host nobody has told anything yet, and a browser to look at its inbox.</summary>
public abstract class With_a_running_host(Chromium chromium) : IAsyncLifetime
{
    readonly List<IBrowserContext> _profiles = [];

    protected RunningHost Host { get; set; } = null!;

    public virtual async ValueTask InitializeAsync() => Host = await RunningHost.Start();

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var profile in _profiles)
            await profile.DisposeAsync();
        await Host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// An empty page with a profile of its own. It is closed with the situation: one that is left open asks for its host for as long as
    /// there are tests, and takes their time.
    /// </summary>
    protected async Task<IPage> NewPage(BrowserNewContextOptions? options = null)
    {
        var profile = await chromium.NewProfile(options);
        _profiles.Add(profile);
        return await profile.NewPageAsync();
    }

    /// <summary>Opens the inbox in a window of its own and waits until it listens.</summary>
    protected async Task<InboxWindow> OpenInbox(BrowserNewContextOptions? options = null)
    {
        var window = new InboxWindow(await NewPage(options));
        await window.Visit($"{Host.Origin}/inbox");
        return window;
    }

    /// <summary>Opens a page of the console in a window of its own and waits until its buttons do something.</summary>
    protected async Task<ConsoleWindow> OpenConsole(string path = "/overview", BrowserNewContextOptions? options = null)
    {
        var window = new ConsoleWindow(await NewPage(options), Host.Origin);
        await window.Visit(path);
        return window;
    }

    /// <summary>Has announcements fail, because the address of each is suppressed, and then lets it be used again.</summary>
    protected async Task Fail(params IReadOnlyList<string> names)
    {
        foreach (var name in names)
        {
            var address = $"{name}@example.com";
            await Host.Send(
                HttpMethod.Post,
                "/v1/suppressions",
                new
                {
                    channel = "email",
                    address,
                    by = "ann",
                    why = "it bounced",
                }
            );
            await Host.Send(
                HttpMethod.Post,
                "/v1/notifications",
                new
                {
                    eventId = name,
                    category = "announcement",
                    recipient = new { id = name, email = address },
                    data = new { title = "Market closed", text = "On Monday." },
                    channels = new[] { "email" },
                }
            );
            while ((await Host.Get($"/v1/notifications?eventId={name}&status=failed")).GetProperty("notifications").GetArrayLength() == 0)
                await Task.Delay(50, TestContext.Current.CancellationToken);
            await Host.Send(HttpMethod.Delete, $"/v1/suppressions/email/{address}?by=ann&why=the+mailbox+is+mended", body: null);
        }
    }

    /// <summary>A buyer orders: the seller gets an e-mail and a push.</summary>
    protected Task PlaceOrder(
        string orderId = "4711",
        string product = "Blue ceramic bowl",
        string buyer = "Nok",
        string seller = "Som",
        string locale = "th"
    ) =>
        Host.Tell(
            "order-placed",
            new
            {
                eventId = $"order-placed-{orderId}",
                orderId,
                product,
                total = new { amount = 590, currency = "THB" },
                buyer = new { id = "buyer-7", name = buyer },
                seller = new
                {
                    id = "seller-42",
                    name = seller,
                    locale,
                    email = "som@example.com",
                    pushTokens = new[] { "demo-token" },
                },
            }
        );

    /// <summary>An order is on its way: the buyer gets a push, and nothing else.</summary>
    protected Task ShipOrder(string orderId) =>
        Host.Tell(
            "order-shipped",
            new
            {
                orderId,
                product = "Blue ceramic bowl",
                buyer = new
                {
                    id = "buyer-7",
                    name = "Nok",
                    locale = "en",
                    pushTokens = new[] { "nok-token" },
                },
            }
        );
}
