using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using NotificationBus.Access;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>
/// D: everybody signs as anyone. Operators sign in at a provider of OpenID Connect, which is a real one, and calls bring its tokens.
/// </summary>
public sealed partial class When_people_sign_in
{
    const string Page = "/docs/";

    static readonly string FirstKey = KeyText.New("first").Reveal();

    static readonly TimeSpan Soon = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Should_lead_a_browser_there_and_back_and_out_again()
    {
        await using var place = await Place.Make();
        using var browser = new Browser(place.Host.Client.BaseAddress!);

        var page = await browser.Visit(Page, login: "operator");

        page.Status.ShouldBe(HttpStatusCode.OK, page.Body);
        page.Url.AbsolutePath.ShouldBe(Page);
        // A page of this host led it there: a browser keeps the cookie back from what another site leads it to.
        browser.Visited[^2].AbsolutePath.ShouldBe("/sign-in/openid/done");
        var asked = browser.Visited.First(url => url.AbsolutePath == "/auth");
        // What is asked for was told to the provider behind the browser's back (RFC 9126); it takes nothing without PKCE.
        asked.Query.ShouldStartWith($"?client_id={OpenIdProvider.ClientId}&request_uri=");
        var cookie = browser.SetCookies.Last(set => set.StartsWith("NotificationBus.Console=", StringComparison.Ordinal));
        cookie.ShouldContain("httponly", Case.Insensitive);
        cookie.ShouldContain("samesite=strict", Case.Insensitive);

        // A browser sends the cookie by itself: it opens pages alone.
        (await browser.Get("/v1/providers")).Status.ShouldBe(HttpStatusCode.Unauthorized);

        // At the end it is where it began, and there asked to sign in again.
        var left = await browser.Post("/sign-out/openid", until: "/");
        (left.Status, left.Url.AbsolutePath).ShouldBe((HttpStatusCode.Redirect, "/"));
        browser.Visited.ShouldContain(url =>
            url.AbsolutePath == "/session/end" && url.Query.Contains("id_token_hint=", StringComparison.Ordinal)
        );
        var again = await browser.Get(Page);
        (again.Status, again.Location?.OriginalString).ShouldBe((HttpStatusCode.Redirect, "/sign-in/openid?to=%2Fdocs%2F"));
    }

    /// <summary>The console shows its own door, which leads to the provider's.</summary>
    [Fact]
    public async Task Should_open_the_console_by_its_own_door()
    {
        await using var place = await Place.Make("api,worker,dashboard");
        using var browser = new Browser(place.Host.Client.BaseAddress!);
        (await browser.Get("/overview")).Location!.OriginalString.ShouldBe("/sign-in?to=%2Foverview");
        var door = await browser.Get("/sign-in?to=%2Foverview&again=1");
        door.Body.ShouldContain("href=\"/sign-in/openid?to=%2Foverview\"");

        var page = await browser.Visit("/sign-in/openid?to=%2Foverview", login: "viewer");

        (page.Status, page.Url.AbsolutePath).ShouldBe((HttpStatusCode.OK, "/overview"), page.Body);
    }

    [Fact]
    public async Task Should_let_nobody_in_who_has_no_role_or_was_not_asked_for()
    {
        await using var place = await Place.Make();
        using var browser = new Browser(place.Host.Client.BaseAddress!);

        var refused = await browser.Visit(Page, login: "nobody");
        refused.Status.ShouldBe(HttpStatusCode.Forbidden, refused.Body);
        refused.Body.ShouldContain("urn:notificationbus:problem:no-role");
        (await browser.Get(Page)).Status.ShouldBe(HttpStatusCode.Redirect, "no cookie was given");

        using var stranger = new Browser(place.Host.Client.BaseAddress!);
        foreach (var forged in (string[])["?code=a&state=b", "?error=access_denied&state=b", ""])
        {
            var answer = await stranger.Get($"/sign-in/openid/callback{forged}");
            answer.Status.ShouldBe(HttpStatusCode.Forbidden, forged);
            answer.Body.ShouldContain("urn:notificationbus:problem:sign-in-failed");
        }

        var elsewhere = await stranger.Get("/sign-in/openid?to=//evil.example/");
        elsewhere.Status.ShouldBe(HttpStatusCode.Redirect);
        elsewhere.Location!.Host.ShouldBe("127.0.0.1");
    }

    [Theory]
    [InlineData("viewer", HttpStatusCode.OK, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden)]
    [InlineData("operator", HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden)]
    [InlineData("admin", HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.BadRequest)]
    [InlineData("nobody", HttpStatusCode.Forbidden, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden)]
    public async Task Should_open_with_a_role_what_it_is_for(
        string role,
        HttpStatusCode reads,
        HttpStatusCode operates,
        HttpStatusCode administers,
        HttpStatusCode sends
    )
    {
        await using var place = await Place.Make();
        var token = await place.Provider.Mint(place.Claims(role));

        (await place.Call(HttpMethod.Get, "/v1/providers", token)).ShouldBe(reads);
        (await place.Call(HttpMethod.Put, "/v1/channels/sms", token, new { paused = false, why = "a test" })).ShouldBe(operates);
        (await place.Call(HttpMethod.Get, "/v1/keys", token)).ShouldBe(administers);
        (await place.Call(HttpMethod.Post, "/v1/notifications", token, new { })).ShouldBe(sends);
    }

    /// <summary>The token of a service, as the provider gives it, and who it was in the record.</summary>
    [Fact]
    public async Task Should_write_down_who_it_was_and_for_whom()
    {
        await using var place = await Place.Make();
        var token = await place.Provider.TokenOf("operator");

        (
            await place.Call(
                HttpMethod.Put,
                "/v1/channels/sms",
                token,
                new
                {
                    paused = true,
                    by = "ann",
                    why = "a test",
                }
            )
        ).ShouldBe(HttpStatusCode.OK);

        var changes = await place.Json("/v1/changes", token);
        var change = changes.GetProperty("changes")[0];
        change.GetProperty("who").GetString().ShouldBe("person operator (Operator Example)");
        change.GetProperty("onBehalfOf").GetString().ShouldBe("ann");
    }

    [Fact]
    public async Task Should_refuse_every_other_token_and_say_why()
    {
        await using var place = await Place.Make();
        var now = TimeProvider.System.GetUtcNow();
        var (past, future) = (now.AddHours(-1).ToUnixTimeSeconds(), now.AddHours(1).ToUnixTimeSeconds());
        (string What, string Token, string Says)[] wrong =
        [
            ("expired", await place.Mint(claims => claims["exp"] = past), "expired"),
            ("for ever", await place.Mint(claims => claims.Remove("exp")), "expired"),
            ("not yet", await place.Mint(claims => (claims["nbf"], claims["exp"]) = (future, future + 60)), "not valid yet"),
            ("another audience", await place.Mint(claims => claims["aud"] = "urn:other"), "somebody else"),
            ("the client's", await place.Mint(claims => claims["aud"] = OpenIdProvider.ClientId), "somebody else"),
            ("no audience", await place.Mint(claims => claims.Remove("aud")), "somebody else"),
            ("another issuer", await place.Mint(claims => claims["iss"] = "https://evil.example"), "another provider"),
            ("nobody's", await place.Mint(claims => claims.Remove("sub")), "not taken"),
            ("an ID token", await place.Mint(claims => claims["nonce"] = "a"), "not taken"),
            ("unsigned", await place.Provider.Mint(place.Claims("admin"), "none"), "signature"),
            ("signed with what all know", await place.Provider.Mint(place.Claims("admin"), "HS256"), "signature"),
            ("a stranger's", await place.Provider.Mint(place.Claims("admin"), stranger: true), "signature"),
            ("nothing", "a.b.c", "token"),
        ];

        (await place.Call(HttpMethod.Get, "/v1/providers", await place.Mint(_ => { }))).ShouldBe(HttpStatusCode.OK);
        foreach (var (what, token, says) in wrong)
        {
            using var answer = await place.Send(HttpMethod.Get, "/v1/providers", token);
            var body = await answer.Content.ReadAsStringAsync();
            answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized, $"{what}: {body}");
            body.ShouldContain(says, Case.Insensitive, $"{what}: {body}");
            body.ShouldNotContain("IDX");
            $"{answer.Headers.WwwAuthenticate}".ShouldContain("invalid_token");
        }

        (await place.Call(HttpMethod.Get, "/v1/providers", FirstKey)).ShouldBe(HttpStatusCode.OK, "keys work beside");
    }

    [Fact]
    public async Task Should_follow_when_the_provider_changes_its_key()
    {
        await using var place = await Place.Make();
        var before = await place.Mint(_ => { });
        (await place.Call(HttpMethod.Get, "/v1/providers", before)).ShouldBe(HttpStatusCode.OK);

        await place.Provider.Rotate();
        var after = await place.Mint(_ => { });

        await place.Until(HttpStatusCode.OK, after);
        await place.Until(HttpStatusCode.Unauthorized, before);
    }

    [Fact]
    public async Task Should_go_on_while_the_provider_is_away_as_far_as_it_is_known()
    {
        await using var place = await Place.Make();
        var token = await place.Mint(_ => { });
        (await place.Call(HttpMethod.Get, "/v1/providers", token)).ShouldBe(HttpStatusCode.OK);
        await using var fresh = await Place.HostOf(FreePort.Take(), place.Provider.Issuer);

        await place.Provider.Stop();

        (await place.Call(HttpMethod.Get, "/v1/providers", token)).ShouldBe(HttpStatusCode.OK, "its keys are known here");
        using var unknown = await Place.Send(fresh, HttpMethod.Get, "/v1/providers", token);
        unknown.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable, await unknown.Content.ReadAsStringAsync());
        unknown.Headers.RetryAfter.ShouldNotBeNull();
        using var browser = new Browser(fresh.Client.BaseAddress!);
        (await browser.Get("/sign-in/openid")).Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        using var keyed = await Place.Send(fresh, HttpMethod.Get, "/v1/providers", FirstKey);
        keyed.StatusCode.ShouldBe(HttpStatusCode.OK, "keys need no provider");
    }

    /// <summary>A provider, and a host that trusts it.</summary>
    sealed class Place(OpenIdProvider provider, HostInProcess host) : IAsyncDisposable
    {
        public OpenIdProvider Provider => provider;

        public HostInProcess Host => host;

        public static async Task<Place> Make(string roles = "api,worker")
        {
            var port = FreePort.Take();
            var provider = await OpenIdProvider.Start(port);
            return new Place(provider, await HostOf(port, provider.Issuer, roles));
        }

        public static Task<HostInProcess> HostOf(int port, string issuer, string roles = "api,worker") =>
            HostInProcess.Start(
                new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["Urls"] = $"http://127.0.0.1:{port}",
                    ["Roles"] = roles,
                    ["Auth:Mode"] = "Keys",
                    ["Auth:FirstKey"] = FirstKey,
                    ["Auth:OpenIdConnect:Authority"] = issuer,
                    ["Auth:OpenIdConnect:ClientId"] = OpenIdProvider.ClientId,
                    ["Auth:OpenIdConnect:ClientSecret"] = OpenIdProvider.ClientSecret,
                    ["Auth:OpenIdConnect:Audience"] = OpenIdProvider.Audience,
                }
            );

        public Dictionary<string, object> Claims(string role)
        {
            var now = TimeProvider.System.GetUtcNow();
            return new(StringComparer.Ordinal)
            {
                ["iss"] = provider.Issuer,
                ["aud"] = OpenIdProvider.Audience,
                ["sub"] = role,
                ["iat"] = now.ToUnixTimeSeconds(),
                ["exp"] = now.AddMinutes(10).ToUnixTimeSeconds(),
                ["roles"] = role == "nobody" ? [] : (string[])[role],
            };
        }

        public Task<string> Mint(Action<Dictionary<string, object>> change)
        {
            var claims = Claims("viewer");
            change(claims);
            return provider.Mint(claims);
        }

        public async Task<HttpStatusCode> Call(HttpMethod method, string path, string token, object? body = null)
        {
            using var answer = await Send(method, path, token, body);
            return answer.StatusCode;
        }

        public async Task<JsonElement> Json(string path, string token)
        {
            using var answer = await Send(HttpMethod.Get, path, token);
            return await answer.Content.ReadFromJsonAsync<JsonElement>();
        }

        public async Task Until(HttpStatusCode status, string token)
        {
            var waiting = Stopwatch.StartNew();
            while (await Call(HttpMethod.Get, "/v1/providers", token) != status)
            {
                if (waiting.Elapsed > Soon)
                    throw new TimeoutException($"It is still not answered {status}");

                await Task.Delay(100);
            }
        }

        public Task<HttpResponseMessage> Send(HttpMethod method, string path, string token, object? body = null) =>
            Send(host, method, path, token, body);

        public static async Task<HttpResponseMessage> Send(
            HostInProcess host,
            HttpMethod method,
            string path,
            string token,
            object? body = null
        )
        {
            using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            return await host.Client.SendAsync(request);
        }

        public async ValueTask DisposeAsync()
        {
            await host.DisposeAsync();
            await provider.DisposeAsync();
        }
    }

    /// <summary>As much of a browser as it takes: cookies, and each step by itself.</summary>
    sealed partial class Browser(Uri home) : IDisposable
    {
        const int MostSteps = 20;

        readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() });

        public List<Uri> Visited { get; } = [];

        public List<string> SetCookies { get; } = [];

        public Task<Step> Get(string path) => Take(HttpMethod.Get, new Uri(home, path), form: null);

        public async Task<Step> Visit(string path, string login) => await Follow(await Get(path), login);

        public async Task<Step> Post(string path, string until) =>
            await Follow(await Take(HttpMethod.Post, new Uri(home, path), []), login: "nobody", until);

        /// <summary>Goes where it is led, and fills in the provider's forms.</summary>
        async Task<Step> Follow(Step step, string login, string? until = null)
        {
            for (var steps = 0; steps < MostSteps; steps++)
            {
                if (step.Url.Port == home.Port && step.Url.AbsolutePath == until)
                    return step;
                if (step.Location is { } location)
                    step = await Take(HttpMethod.Get, new Uri(step.Url, location), form: null);
                else if (step.Url.Port != home.Port && Form().Match(step.Body) is { Success: true } form)
                    step = await Take(
                        HttpMethod.Post,
                        new Uri(step.Url, WebUtility.HtmlDecode(form.Groups["action"].Value)),
                        Fill(step.Body, login)
                    );
                else
                    return step;
            }

            throw new TimeoutException($"It leads on for ever: {string.Join(", ", Visited)}");
        }

        static Dictionary<string, string> Fill(string page, string login)
        {
            var fields = Hidden()
                .Matches(page)
                .ToDictionary(field => field.Groups["name"].Value, field => field.Groups["value"].Value, StringComparer.Ordinal);
            fields.TryAdd("login", login);
            fields.TryAdd("password", "any");
            fields.TryAdd("logout", "yes");
            return fields;
        }

        async Task<Step> Take(HttpMethod method, Uri url, Dictionary<string, string>? form)
        {
            Visited.Add(url);
            using var request = new HttpRequestMessage(method, url) { Content = form is null ? null : new FormUrlEncodedContent(form) };
            request.Headers.Accept.ParseAdd("text/html");
            using var answer = await _client.SendAsync(request);
            if (answer.Headers.TryGetValues("Set-Cookie", out var cookies))
                SetCookies.AddRange(cookies);
            var refresh = answer.Headers.TryGetValues("Refresh", out var values) ? values.Single().Split("url=")[1] : null;
            return new Step(
                answer.StatusCode,
                url,
                answer.Headers.Location ?? (refresh is null ? null : new Uri(url, refresh)),
                await answer.Content.ReadAsStringAsync()
            );
        }

        public void Dispose() => _client.Dispose();

        [GeneratedRegex("<form[^>]*action=\"(?<action>[^\"]+)\"", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
        private static partial Regex Form();

        [GeneratedRegex(
            "<input[^>]*type=\"hidden\"[^>]*name=\"(?<name>[^\"]+)\"[^>]*value=\"(?<value>[^\"]*)\"",
            RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
        )]
        private static partial Regex Hidden();
    }

    sealed record Step(HttpStatusCode Status, Uri Url, Uri? Location, string Body);
}
