using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using NotificationBus.IntegrationTests.Servers;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

/// <summary>People sign in at a provider of OpenID Connect, which is a real one, with a browser, which is a real one too.</summary>
public sealed partial class When_people_sign_in_at_their_organisation(Chromium chromium) : With_a_running_host(chromium)
{
    // As keys generate prints one.
    const string FirstKey = "nb_shop_0123456789abcdef_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    // Who only looks has these, and no other.
    static readonly string[] HarmlessButtons =
    [
        "Compare",
        "Copy",
        "Copy the id",
        "Fill the texts",
        "Look again",
        "Read",
        "Search",
        "What was sent",
    ];

    readonly Clock _clock = new();

    OpenIdProvider _provider = null!;

    public override async ValueTask InitializeAsync()
    {
        var port = FreePort.Take();
        _provider = await OpenIdProvider.Start(port);
        Host = await RunningHost.Start(
            services => services.AddSingleton<TimeProvider>(_clock),
            $"--Urls=http://127.0.0.1:{port}",
            "--Auth:Mode=Keys",
            $"--Auth:FirstKey={FirstKey}",
            $"--Auth:OpenIdConnect:Authority={_provider.Issuer}",
            $"--Auth:OpenIdConnect:ClientId={OpenIdProvider.ClientId}",
            $"--Auth:OpenIdConnect:ClientSecret={OpenIdProvider.ClientSecret}",
            $"--Auth:OpenIdConnect:Audience={OpenIdProvider.Audience}",
            $"--Auth:OpenIdConnect:Lifetime={Lifetime}"
        );
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _provider.DisposeAsync();
    }

    [Fact]
    public async Task Should_look_as_a_viewer_and_find_no_button_that_would_be_refused()
    {
        await FillWithSomethingToDo();
        var window = await Enter("/problems", "viewer");

        await Expect(window.Page.Locator(".who")).ToContainTextAsync("Viewer");
        await Expect(window.Page.Locator(".who")).ToContainTextAsync("Viewer Example");
        await Expect(window.Main.GetByRole(AriaRole.Heading, new() { Name = "E-mail is paused" })).ToBeVisibleAsync();
        var notification = (await Host.Send(HttpMethod.Get, "/v1/notifications", body: null, FirstKey)).Answer;
        var id = notification.GetProperty("notifications")[0].GetProperty("id").GetString();
        var pages = await window.MenuLinks.EvaluateAllAsync<string[]>("links => links.map(link => link.getAttribute('href'))");
        foreach (var page in (string[])[.. pages, $"/notifications/{id}"])
        {
            await window.Visit(page);
            await Expect(window.Heading).ToBeVisibleAsync();
            await Expect(window.Main.Locator(".refusal")).ToHaveCountAsync(0);
            foreach (var button in await window.Main.GetByRole(AriaRole.Button).AllAsync())
            {
                var name = await button.GetAttributeAsync("aria-label") ?? (await button.InnerTextAsync()).Trim();
                HarmlessButtons.ShouldContain(name, $"{page} has a button that a viewer would be refused");
            }
        }

        foreach (var (page, said) in ((string Page, string Said)[])[("/failures", "For operators"), ("/keys", "For administrators")])
        {
            await window.Visit(page);
            await Expect(window.Main).ToContainTextAsync(said);
            await Expect(window.Main).ToContainTextAsync(page == "/keys" ? "the role of an administrator" : "the role of an operator");
        }

        window.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_be_named_in_the_diary_by_subject()
    {
        var window = await Enter("/providers", "operator");
        await Expect(window.Page.Locator(".who")).ToContainTextAsync("Operator Example");

        await window.Main.Locator("#sms").GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await window.Confirm("the vendor has an outage");
        await Expect(window.Main.Locator("#sms")).ToContainTextAsync("Paused");

        await window.Visit("/diary");
        var entry = window.Main.Locator(".diary li").Filter(new() { HasText = "the vendor has an outage" });
        await Expect(entry).ToContainTextAsync("person operator (Operator Example)");
        var change = (await Host.Send(HttpMethod.Get, "/v1/changes", body: null, FirstKey)).Answer.GetProperty("changes")[0];
        change.GetProperty("subject").GetString().ShouldBe("channel sms");
        change.GetProperty("who").GetString().ShouldBe("person operator (Operator Example)");
    }

    [Fact]
    public async Task Should_be_out_in_every_window_after_signing_out_and_see_nothing_by_going_back()
    {
        var window = await Enter("/diary", "operator");
        var other = new ConsoleWindow(await window.Page.Context.NewPageAsync(), Host.Origin);
        await other.Visit("/problems");
        var cookie = (await window.Page.Context.CookiesAsync()).Single(one => one.Name == "NotificationBus.Console");

        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Yes, sign me out" }).ClickAsync();

        await Expect(Door(window.Page)).ToBeVisibleAsync();
        await Expect(Door(other.Page)).ToBeVisibleAsync();
        await window.Page.GotoAsync($"{Host.Origin}/overview");
        await Expect(Door(window.Page)).ToBeVisibleAsync();
        // Back over the door, the provider and the way there.
        for (var steps = 0; steps < 6; steps++)
        {
            await window.Page.EvaluateAsync("history.back()");
            await window.Page.WaitForLoadStateAsync();
            await Expect(window.Page.Locator(".shell")).ToHaveCountAsync(0);
        }

        // Whoever has kept the cookie is out as well.
        await window.Page.Context.AddCookiesAsync([
            new()
            {
                Name = cookie.Name,
                Value = cookie.Value,
                Url = Host.Origin,
            },
        ]);
        await window.Page.GotoAsync($"{Host.Origin}/diary");
        await Expect(Door(window.Page)).ToBeVisibleAsync();
        // The provider has ended it too, and asks who it is.
        await Provider(window.Page).ClickAsync();
        await Expect(window.Page.GetByPlaceholder("Enter any login")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Should_be_told_in_a_sentence_without_a_role_and_come_in_as_somebody_else()
    {
        var page = await AtTheDoor("/problems?from=chat");
        await Provider(page).ClickAsync();
        await SignInThere(page, "nobody");

        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("you have no role here");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("one of viewer, operator and admin");
        (await page.Context.CookiesAsync()).ShouldNotContain(one => one.Name == "NotificationBus.Console");
        // By itself the provider would say the same person again.
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in as somebody else" }).ClickAsync();
        await SignInThere(page, "viewer");

        var window = new ConsoleWindow(page, Host.Origin);
        await window.ShouldBeLive();
        await window.ShouldBeAt(FromChat());
    }

    [Fact]
    public async Task Should_be_told_in_a_sentence_when_they_turn_back_at_the_provider()
    {
        var page = await AtTheDoor("/overview");
        await Provider(page).ClickAsync();

        await page.GetByText("Cancel").ClickAsync();

        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("came to nothing");
        await Expect(page.GetByLabel("Key")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Should_come_back_to_the_page_they_asked_for_when_their_session_has_ended()
    {
        var window = await Enter("/notifications?status=failed", "viewer");

        _clock.Offset = Lifetime + TimeSpan.FromMinutes(1);

        // The window that is open is led to the door by itself, and from there back.
        await Expect(Door(window.Page)).ToBeVisibleAsync();
        await Provider(window.Page).ClickAsync();
        await window.ShouldBeLive();
        await window.ShouldBeAt(FailedOnes());
        await Expect(window.Heading).ToHaveTextAsync("Notifications");
    }

    static ILocator Door(IPage page) => page.GetByRole(AriaRole.Heading, new() { Name = "Sign in", Exact = true });

    static ILocator Provider(IPage page) => page.GetByRole(AriaRole.Link, new() { Name = "Sign in with your organisation" });

    async Task<IPage> AtTheDoor(string path)
    {
        var page = await NewPage();
        await page.GotoAsync($"{Host.Origin}{path}");
        await Expect(Door(page)).ToBeVisibleAsync();
        return page;
    }

    async Task<ConsoleWindow> Enter(string path, string login)
    {
        var page = await AtTheDoor(path);
        await Provider(page).ClickAsync();
        await SignInThere(page, login);
        var window = new ConsoleWindow(page, Host.Origin);
        await window.ShouldBeLive();
        return window;
    }

    /// <summary>Fills in the provider's own pages.</summary>
    static async Task SignInThere(IPage page, string login)
    {
        await page.GetByPlaceholder("Enter any login").FillAsync(login);
        await page.GetByPlaceholder("and password").FillAsync("any");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign-in" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
    }

    /// <summary>A channel that is paused with something before it, a suppressed address, a repair and a subscription.</summary>
    async Task FillWithSomethingToDo()
    {
        (HttpMethod Method, string Path, object Body)[] calls =
        [
            (HttpMethod.Put, "/v1/channels/email", new { paused = true, why = "a wrong template" }),
            (
                HttpMethod.Post,
                "/v1/suppressions",
                new
                {
                    channel = "email",
                    address = "som@example.com",
                    why = "it bounced",
                }
            ),
            (
                HttpMethod.Post,
                "/v1/notifications",
                new
                {
                    category = "announcement",
                    recipient = new { id = "ann", email = "ann@example.com" },
                    data = new { title = "Market closed", text = "On Monday." },
                    channels = (string[])["email"],
                }
            ),
            (HttpMethod.Post, "/v1/repairs", new { filter = new { recipient = "ann" }, why = "a test" }),
            (
                HttpMethod.Post,
                "/v1/subscriptions",
                new
                {
                    url = "https://example.com/hook",
                    events = (string[])["notification.delivered"],
                    why = "a test",
                }
            ),
        ];
        foreach (var (method, path, body) in calls)
        {
            var (status, answer) = await Host.Send(method, path, body, FirstKey);
            ((int)status).ShouldBeInRange(200, 299, $"{path}: {answer}");
        }

        while (
            (await Host.Send(HttpMethod.Get, "/v1/notifications?status=sending", body: null, FirstKey))
                .Answer.GetProperty("notifications")
                .GetArrayLength() == 0
        )
            await Task.Delay(50, TestContext.Current.CancellationToken);
    }

    [GeneratedRegex(@"/problems\?from=chat$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FromChat();

    [GeneratedRegex(@"/notifications\?status=failed$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FailedOnes();

    /// <summary>The time of day, which a test puts forward.</summary>
    sealed class Clock : TimeProvider
    {
        long _offset;

        public TimeSpan Offset
        {
            set => Interlocked.Exchange(ref _offset, value.Ticks);
        }

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _offset));
    }
}
