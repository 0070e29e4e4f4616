using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

public sealed partial class When_somebody_signs_in(Chromium chromium) : With_a_running_host(chromium)
{
    // As keys generate prints one.
    const string FirstKey = "nb_shop_0123456789abcdef_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    public override async ValueTask InitializeAsync() =>
        Host = await RunningHost.Start(0, "--Auth:Mode=Keys", $"--Auth:FirstKey={FirstKey}");

    [Fact]
    public async Task Should_come_to_the_page_they_asked_for()
    {
        var window = await Enter("/problems", FirstKey);

        await Expect(window.Heading).ToHaveTextAsync("What is wrong");
        await Expect(window.Page.Locator(".who")).ToContainTextAsync("Administrator");
        window.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_have_a_cookie_that_no_script_reads_and_no_other_site_sends()
    {
        var window = await Enter("/overview", FirstKey);

        var cookie = (await window.Page.Context.CookiesAsync()).Single(one => one.Name == "NotificationBus.Console");
        (cookie.HttpOnly, cookie.SameSite).ShouldBe((true, SameSiteAttribute.Strict));
        cookie.Value.ShouldNotContain("nb_shop");
        (await window.Page.EvaluateAsync<string>("document.cookie")).ShouldBeEmpty();
        (await window.Page.ContentAsync()).ShouldNotContain(FirstKey);
    }

    /// <summary>A link in somebody's chat: the browser keeps the cookie back at first.</summary>
    [Fact]
    public async Task Should_be_let_in_by_a_link_from_elsewhere()
    {
        var window = await Enter("/overview", FirstKey);
        await window.Page.RouteAsync(
            "http://chat.example/**",
            route =>
                route.FulfillAsync(
                    new() { ContentType = "text/html", Body = $"<a href='{Host.Origin}/problems?from=chat'>look at this</a>" }
                )
        );
        await window.Page.GotoAsync("http://chat.example/room");

        await window.Page.GetByText("look at this").ClickAsync();

        await window.ShouldBeAt(FromChat());
        await window.ShouldBeLive();
    }

    [Theory]
    [InlineData("nb_shop_0123456789abcdef_wrong", "No such key is taken here")]
    [InlineData("<script>alert(1)</script>", "No such key is taken here")]
    public async Task Should_be_refused_with_another_key(string key, string said)
    {
        var page = await Door("/overview");

        await page.GetByLabel("Key").FillAsync(key);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync(said);
    }

    [Fact]
    public async Task Should_not_see_what_only_operators_do_with_a_key_that_reads()
    {
        await Host.Send(HttpMethod.Put, "/v1/channels/email", new { paused = true, why = "a wrong template" }, FirstKey);
        var window = await Enter("/problems", await NewKey("read"));

        await Expect(window.Page.Locator(".who")).ToContainTextAsync("Viewer");
        await Expect(window.Main.GetByRole(AriaRole.Heading, new() { Name = "E-mail is paused" })).ToBeVisibleAsync();
        await Expect(window.Main.GetByRole(AriaRole.Button, new() { Name = "Resume" })).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Should_look_at_repairs_with_a_key_that_reads_and_begin_none()
    {
        var key = await NewKey("read");
        var window = await Enter("/repairs", key);

        await Expect(window.Heading).ToHaveTextAsync("Repairs");
        await Expect(window.Main.GetByRole(AriaRole.Button, new() { Name = "Plan" })).ToHaveCountAsync(0);
        foreach (var what in (string[])["", $"/{Guid.NewGuid()}/run", $"/{Guid.NewGuid()}/pause", $"/{Guid.NewGuid()}/stop"])
            (await Host.Send(HttpMethod.Post, $"/v1/repairs{what}", new { why = "so" }, key)).Status.ShouldBe(HttpStatusCode.Forbidden);
    }

    /// <summary>What concerns all applications is refused to them: the console neither begins there nor leads there.</summary>
    [Fact]
    public async Task Should_begin_with_what_is_theirs_when_they_see_one_application()
    {
        var window = await Enter("/overview", await NewKeyOf("billing", "read", "operate", "send"));

        await Expect(window.Heading).ToHaveTextAsync("Notifications");
        (await window.MenuLinks.AllInnerTextsAsync())
            .Select(name => name.Trim())
            .ShouldBe(["Notifications", "Decisions", "Repairs", "Providers", "Event types", "Subscriptions", "Texts"]);
        foreach (var name in await window.MenuLinks.AllInnerTextsAsync())
        {
            await window.MenuLinks.GetByText(name.Trim(), new() { Exact = true }).ClickAsync();
            await Expect(window.Page.Locator("#menu a.active")).ToHaveTextAsync(name.Trim());
            await Expect(window.Main.Locator(".refusal")).ToHaveCountAsync(0);
        }

        window.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_not_look_with_a_key_that_does_not_read()
    {
        var key = await NewKey("send");
        var page = await Door("/overview");

        await page.GetByLabel("Key").FillAsync(key);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("This key does not read");
    }

    [Fact]
    public async Task Should_be_out_within_five_seconds_when_the_key_is_revoked()
    {
        var key = await NewKey("read");
        var window = await Enter("/overview", key);

        var revoked = Stopwatch.GetTimestamp();
        var id = key.Split('_')[2];
        (await Host.Send(HttpMethod.Post, $"/v1/keys/{id}/revoke", new { why = "it leaked" }, FirstKey)).Status.ShouldBe(HttpStatusCode.OK);
        await Expect(window.Page.GetByRole(AriaRole.Heading, new() { Name = "Sign in" })).ToBeVisibleAsync();

        Stopwatch.GetElapsedTime(revoked).ShouldBeLessThan(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Should_make_a_key_that_is_taken_until_they_revoke_it()
    {
        var window = await Enter("/keys", FirstKey);

        await window.Main.GetByRole(AriaRole.Button, new() { Name = "Make a key" }).ClickAsync();
        await window.Sheet.GetByLabel("Application").FillAsync("platform");
        await window.Sheet.GetByLabel("Name").FillAsync("order service");
        await window.Sheet.GetByRole(AriaRole.Checkbox, new() { NameRegex = Reads() }).CheckAsync();
        await window.Confirm("for a test");

        var key = await window.Main.Locator(".made code").InnerTextAsync();
        (await Host.Send(HttpMethod.Get, "/v1/status", body: null, key)).Status.ShouldBe(HttpStatusCode.OK);

        var row = window.Main.GetByRole(AriaRole.Row).Filter(new() { HasText = "order service" });
        await row.GetByRole(AriaRole.Button, new() { Name = "Revoke" }).ClickAsync();
        await window.Confirm("it leaked");

        await Expect(row).ToContainTextAsync("Revoked");
        (await Host.Send(HttpMethod.Get, "/v1/status", body: null, key)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Should_be_out_when_they_sign_out()
    {
        var window = await Enter("/overview", FirstKey);

        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();

        await Expect(window.Page.GetByRole(AriaRole.Heading, new() { Name = "Sign in" })).ToBeVisibleAsync();
        (await window.Page.Context.CookiesAsync()).ShouldNotContain(one => one.Name == "NotificationBus.Console");
    }

    /// <summary>What a browser sends by itself opens pages, and nothing that changes anything.</summary>
    [Fact]
    public async Task Should_change_nothing_by_the_cookie_alone()
    {
        var window = await Enter("/overview", FirstKey);

        var statuses = await window.Page.EvaluateAsync<int[]>(
            """
            async () => await Promise.all(['/v1/providers/sandbox', '/v1/channels/email'].map(async path =>
              (await fetch(path, {
                method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{"paused":true,"why":"x"}',
              })).status))
            """
        );

        statuses.ShouldBe([401, 401]);
    }

    async Task<IPage> Door(string path)
    {
        var page = await NewPage();
        await page.GotoAsync($"{Host.Origin}{path}");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Sign in" })).ToBeVisibleAsync();
        return page;
    }

    async Task<ConsoleWindow> Enter(string path, string key)
    {
        var page = await Door(path);
        var window = new ConsoleWindow(page, Host.Origin);
        await page.GetByLabel("Key").FillAsync(key);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await window.ShouldBeLive();
        return window;
    }

    Task<string> NewKey(params string[] scopes) => NewKeyOf("platform", scopes);

    async Task<string> NewKeyOf(string application, params string[] scopes)
    {
        var (status, made) = await Host.Send(
            HttpMethod.Post,
            "/v1/keys",
            new
            {
                application,
                scopes,
                why = "for a test",
            },
            FirstKey
        );
        status.ShouldBe(HttpStatusCode.Created);
        return made.GetProperty("key").GetString()!;
    }

    [GeneratedRegex("^read", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Reads();

    [GeneratedRegex(@"/problems\?from=chat$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FromChat();
}
