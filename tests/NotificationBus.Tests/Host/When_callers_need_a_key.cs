using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using NotificationBus.Access;
using NotificationBus.Embedded;
using NotificationBus.Host;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Tests.Host;

/// <summary>D: everybody who reaches the port may switch a provider off, and sign as anyone.</summary>
public sealed partial class When_callers_need_a_key(HostWithKeys keyed) : IClassFixture<HostWithKeys>
{
    static readonly Scope[] Scopes = Enum.GetValues<Scope>();

    readonly RunningHost _host = keyed.Host;

    /// <summary>Every route there is, with no key, with a wrong one, and with a key of each scope alone.</summary>
    [Fact]
    public async Task Should_open_each_route_with_its_scope_alone()
    {
        var keys = new Dictionary<Scope, string>();
        foreach (var scope in Scopes)
            keys[scope] = (await Make(scope)).Key;

        var routes = The_scopes_of_routes.Routes(_host);
        routes.Count.ShouldBeGreaterThan(50);
        foreach (var (name, method, path, scope) in routes)
        {
            var target = Filled(path);
            if (scope!.AnyOf.Count == 0)
            {
                (await Send(new HttpMethod(method), target, key: null)).Body.ShouldNotContain("needs-key", Case.Sensitive, name);
                continue;
            }

            (await Status(method, target, key: null)).ShouldBe(HttpStatusCode.Unauthorized, name);
            (await Status(method, target, KeyText.New("shop").Reveal())).ShouldBe(HttpStatusCode.Unauthorized, name);
            foreach (var (held, key) in keys)
            {
                var status = await Status(method, target, key);
                if (scope.AnyOf.Contains(held))
                    (status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden).ShouldBeFalse($"{name} with {held}: {status}");
                else
                    status.ShouldBe(HttpStatusCode.Forbidden, $"{name} with {held}");
            }
        }
    }

    [Fact]
    public async Task Should_say_what_is_missing_as_the_standard_has_it()
    {
        var none = await Send(HttpMethod.Get, "/v1/providers", key: null);
        none.ShouldBeProblem(HttpStatusCode.Unauthorized, "needs-key");
        none.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer realm=\"NotificationBus\"");

        var wrong = await Send(HttpMethod.Get, "/v1/providers", "nb_shop_0");
        wrong.ShouldBeProblem(HttpStatusCode.Unauthorized, "refused-key");
        wrong.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer realm=\"NotificationBus\", error=\"invalid_token\"");

        var other = await Send(HttpMethod.Get, "/v1/providers", (await Make(Scope.Send)).Key);
        other.ShouldBeProblem(HttpStatusCode.Forbidden, "not-allowed");
        other.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer realm=\"NotificationBus\", error=\"insufficient_scope\", scope=\"read\"");
        other.Body.ShouldContain("It needs the scope read.");
    }

    [Fact]
    public async Task Should_name_what_is_not_there_to_who_has_a_key_alone()
    {
        (await Send(HttpMethod.Get, "/v1/nothing", key: null)).ShouldBeProblem(HttpStatusCode.Unauthorized, "needs-key");
        (await Send(HttpMethod.Get, "/v1/nothing", (await Make(Scope.Send)).Key)).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        (await Send(HttpMethod.Patch, "/v1/providers", (await Make(Scope.Read)).Key)).ShouldBeProblem(
            HttpStatusCode.MethodNotAllowed,
            "method-not-allowed"
        );
    }

    /// <summary>A: a digit more, less or other, another application, another id.</summary>
    [Fact]
    public async Task Should_take_the_whole_key_and_nothing_like_it()
    {
        var (key, id) = await Make(Scope.Read);
        var otherDigit = key[^1] == '0' ? '1' : '0';
        string[] wrong =
        [
            key + "0",
            key[..^1],
            key[..^1] + otherDigit,
            key.Replace("nb_", "NB_", StringComparison.Ordinal),
            key.Replace("_platform_", "_platfork_", StringComparison.Ordinal),
            key.Replace(id, "0123456789abcdef", StringComparison.Ordinal),
            key.ToUpperInvariant(),
            $"{key} {key}",
            "",
            new('a', 100_000 / 8),
            id,
            "nb_shop_" + Guid.NewGuid(),
        ];

        (await Send(HttpMethod.Get, "/v1/providers", key)).Status.ShouldBe(HttpStatusCode.OK);
        foreach (var one in wrong)
            (await Send(HttpMethod.Get, "/v1/providers", one)).Status.ShouldBe(HttpStatusCode.Unauthorized, one);
    }

    [Fact]
    public async Task Should_take_it_in_one_header_and_in_no_address()
    {
        var (key, _) = await Make(Scope.Read, Scope.Send);

        (await _host.Send(HttpMethod.Get, "/v1/providers", null, ("X-Api-Key", key))).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await Send(HttpMethod.Get, $"/v1/providers?key={key}", key: null)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await _host.Send(HttpMethod.Get, "/v1/providers", null, ("Authorization", $"bearer  {key}"))).Status.ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>A browser asks for a password, and then sends it by itself, wherever another site leads it.</summary>
    [Fact]
    public async Task Should_take_it_as_a_password_for_pages_alone()
    {
        var (key, _) = await Make(Scope.Read, Scope.Operate);
        var password = ("Authorization", $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"ann:{key}"))}");

        (await _host.Send(HttpMethod.Get, "/inbox", null, password)).Status.ShouldBe(HttpStatusCode.OK);
        (await _host.Send(HttpMethod.Get, "/docs/", null, password)).Status.ShouldBe(HttpStatusCode.OK);
        (await _host.Send(HttpMethod.Get, "/v1/providers", null, password)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await _host.Send(HttpMethod.Get, "/inbox", null, ("Authorization", "Basic !"))).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await _host.Send(HttpMethod.Get, "/inbox", null, ("Authorization", $"Basic {new string('A', 2000)}"))).Status.ShouldBe(
            HttpStatusCode.Unauthorized
        );

        var asked = await Send(HttpMethod.Get, "/inbox", key: null);
        asked.Headers.WwwAuthenticate.Select(challenge => challenge.Scheme).ShouldBe(["Bearer", "Basic"]);
    }

    [Fact]
    public async Task Should_show_a_key_once()
    {
        var (key, id) = await Make(Scope.Read);
        key.ShouldMatch("^nb_platform_[0-9a-f]{16}_[0-9a-f]{64}$");

        var listed = await Send(HttpMethod.Get, "/v1/keys", HostWithKeys.FirstKey);
        listed.Body.ShouldContain(id);
        listed.Body.ShouldNotContain(key[^64..]);
        listed.Body.ShouldNotContain("hash", Case.Insensitive);
        (await Send(HttpMethod.Get, "/v1/changes", HostWithKeys.FirstKey)).Body.ShouldNotContain(key[^64..]);
        var secret = key[^64..];
        _host.Logged.ShouldNotContain(line => line.Contains(secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_refuse_a_revoked_key_at_once_and_for_ever()
    {
        var (key, id) = await Make(Scope.Read);
        (await Send(HttpMethod.Get, "/v1/providers", key)).Status.ShouldBe(HttpStatusCode.OK);

        var revoked = await Post($"/v1/keys/{id}/revoke", """{"why":"it was in a log"}""");
        revoked.Status.ShouldBe(HttpStatusCode.OK);
        revoked.Json.TryGetProperty("revokedAt", out _).ShouldBeTrue();

        (await Send(HttpMethod.Get, "/v1/providers", key)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await Post($"/v1/keys/{id}/revoke", """{"why":"again"}""")).Status.ShouldBe(HttpStatusCode.OK);
        (await Post($"/v1/keys/{id}/rotate", """{"why":"back"}""")).ShouldBeProblem(HttpStatusCode.NotFound, "unknown-key");
        (await Post("/v1/keys/nobody/revoke", """{"why":"unknown"}""")).ShouldBeProblem(HttpStatusCode.NotFound, "unknown-key");
        (await Send(HttpMethod.Get, "/v1/providers", key)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Should_take_the_key_before_for_the_time_of_grace()
    {
        var (before, id) = await Make(Scope.Read);

        var after = await Rotated(id, """{"graceSeconds":3600,"why":"yearly"}""");
        after.ShouldNotBe(before);
        foreach (var key in (string[])[before, after])
            (await Send(HttpMethod.Get, "/v1/providers", key)).Status.ShouldBe(HttpStatusCode.OK);

        var last = await Rotated(id, """{"graceSeconds":0,"why":"it was in a log"}""");
        foreach (var key in (string[])[before, after])
            (await Send(HttpMethod.Get, "/v1/providers", key)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await Send(HttpMethod.Get, "/v1/providers", last)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("""{"application":"Shop","scopes":["send"],"why":"a"}""", "application")]
    [InlineData("""{"application":"a_b","scopes":["send"],"why":"a"}""", "application")]
    [InlineData("""{"application":"","scopes":["send"],"why":"a"}""", "application")]
    [InlineData("""{"application":"shop","scopes":[],"why":"a"}""", "scopes")]
    [InlineData("""{"application":"shop","scopes":["sent"],"why":"a"}""", "scopes")]
    [InlineData("""{"application":"shop","scopes":["send"],"why":""}""", "why")]
    [InlineData("""{"application":"shop","scopes":["send"],"name":"a\u0007","why":"a"}""", "name")]
    [InlineData("""{"application":"shop","scopes":["send"],"why":"a","id":"0123456789abcdef"}""", "id")]
    public async Task Should_make_no_key_of_a_wrong_request(string body, string field) =>
        (await Post("/v1/keys", body)).ShouldBeProblem(HttpStatusCode.BadRequest, "validation").Keys.ShouldBe([field]);

    [Theory]
    [InlineData("""{"graceSeconds":-1,"why":"a"}""")]
    [InlineData("""{"graceSeconds":604801,"why":"a"}""")]
    public async Task Should_have_no_grace_beyond_a_week(string body) =>
        (await Post($"/v1/keys/{(await Make(Scope.Read)).Id}/rotate", body)).ShouldBeProblem(HttpStatusCode.BadRequest, "validation");

    /// <summary>The record says whose key it was; what a caller says besides, it says for whom.</summary>
    [Fact]
    public async Task Should_write_down_the_key_and_not_what_the_caller_calls_itself()
    {
        var (key, id) = await Make(Scope.Operate, Scope.Read);

        (await Put("/v1/providers/sandbox", """{"weight":7,"by":"the director","why":"cheaper"}""", key)).Status.ShouldBe(
            HttpStatusCode.OK
        );
        (await Put("/v1/providers/sandbox", """{"why":"as before"}""", key)).Status.ShouldBe(HttpStatusCode.OK);
        (
            await Send(
                HttpMethod.Post,
                "/v1/suppressions",
                key,
                """{"channel":"email","address":"a@example.com","by":"ann","why":"asked"}"""
            )
        ).Status.ShouldBe(HttpStatusCode.NoContent);

        var changes = (await Send(HttpMethod.Get, "/v1/changes", key))
            .Json.GetProperty("changes")
            .EnumerateArray()
            .Where(change => change.GetProperty("who").GetString() == $"key platform/{id}")
            .Select(change =>
                $"{change.GetProperty("subject")} for {(change.TryGetProperty("onBehalfOf", out var whom) ? whom : "nobody")}"
            );
        changes.ShouldContain("provider sandbox for the director");
        changes.ShouldContain("provider sandbox for nobody");
        (await Send(HttpMethod.Get, "/v1/suppressions", key)).Body.ShouldContain($"operator key platform/{id}");
    }

    [Fact]
    public async Task Should_write_down_who_made_a_key()
    {
        var (_, id) = await Make(Scope.Send);

        var change = (await Send(HttpMethod.Get, "/v1/changes", HostWithKeys.FirstKey))
            .Json.GetProperty("changes")
            .EnumerateArray()
            .First(change => change.GetProperty("subject").GetString() == $"key platform/{id}");
        change.GetProperty("who").GetString().ShouldStartWith("key first/");
        change.GetProperty("after").GetProperty("scopes")[0].GetString().ShouldBe("send");
    }

    [Fact]
    public async Task Should_describe_it()
    {
        var document = (await Send(HttpMethod.Get, "/openapi/v1.json", HostWithKeys.FirstKey)).Json;

        document
            .GetProperty("components")
            .GetProperty("securitySchemes")
            .GetProperty("key")
            .GetProperty("scheme")
            .GetString()
            .ShouldBe("bearer");
        foreach (
            var (name, method, path, scope) in The_scopes_of_routes
                .Routes(_host)
                .Where(route => route.Path.StartsWith("/v1/", StringComparison.Ordinal))
        )
        {
            var described = path.Replace("/events/{name}", "/events/order-placed", StringComparison.Ordinal)
                .Replace(":guid", "", StringComparison.Ordinal);
            if (method == "HEAD")
                continue;

            var operation = document.GetProperty("paths").GetProperty(described).GetProperty(method.ToLowerInvariant());
            IEnumerable<string> said = operation.TryGetProperty("security", out var security)
                ? security.EnumerateArray().Select(one => one.GetProperty("key")[0].GetString()!)
                : [];
            said.ShouldBe(scope!.AnyOf.Select(one => one.Spell()), name);
        }
    }

    [Fact]
    public async Task Should_note_when_a_key_was_used()
    {
        var (clock, keys, ring) = await Ring();
        var text = KeyText.New("shop");
        await keys.Add(KeyIssuer.Of(text, "shop", [Scope.Send], clock.GetUtcNow()), new ChangedBy("ann", "a test"), CancellationToken.None);
        await ring.Refresh(CancellationToken.None);

        ring.Check(text.Reveal())!.Identity!.Name.ShouldBe($"key shop/{text.Id}");
        await ring.StopAsync(CancellationToken.None);

        var used = (await keys.Load(CancellationToken.None)).Single(key => key.Id == text.Id);
        used.LastUsedAt.ShouldBe(clock.GetUtcNow());
    }

    [Fact]
    public async Task Should_take_the_key_before_no_longer_than_that()
    {
        var (clock, keys, ring) = await Ring();
        var (before, by) = (KeyText.New("shop"), new ChangedBy("ann", "a test"));
        await keys.Add(KeyIssuer.Of(before, "shop", [Scope.Send], clock.GetUtcNow()), by, CancellationToken.None);
        await keys.Rotate(before.Id, KeyText.New("shop", before.Id).Hash(), TimeSpan.FromMinutes(10), by, CancellationToken.None);
        await ring.Refresh(CancellationToken.None);

        clock.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromTicks(1));
        ring.Check(before.Reveal()).ShouldNotBeNull();
        clock.Advance(TimeSpan.FromTicks(1));
        ring.Check(before.Reveal()).ShouldBeNull();
    }

    /// <summary>While the store is away the keys known last are taken, and not for ever.</summary>
    [Fact]
    public async Task Should_take_the_keys_known_last_for_an_hour()
    {
        var (clock, _, ring) = await Ring();

        clock.Advance(TimeSpan.FromMinutes(59));
        ring.Check(HostWithKeys.FirstKey).ShouldNotBeNull();
        clock.Advance(TimeSpan.FromMinutes(2));
        Should.Throw<KeysOutdatedException>(() => ring.Check(HostWithKeys.FirstKey));
    }

    [Theory]
    [InlineData("--Urls=http://0.0.0.0:0")]
    [InlineData("--Urls=http://127.0.0.1:0;http://*:0")]
    [InlineData("--Urls=http://[::]:0")]
    [InlineData("--Urls=http://notify.example.com:0")]
    [InlineData("--Urls= --Http_Ports=8080")]
    [InlineData("--Urls=http://127.0.0.1:0 --Kestrel:Endpoints:Http:Url=http://0.0.0.0:0")]
    [InlineData("--Urls=http://127.0.0.1:0 --Auth:Mode=Keys")]
    public async Task Should_not_start_where_others_reach_it_and_nobody_has_one(string settings)
    {
        await using var host = NotificationHost.Build(settings.Split(' '));

        (await Should.ThrowAsync<SettingsException>(() => host.StartAsync())).Message.ShouldBe(KeyRing.NoKey);
    }

    [Theory]
    [InlineData("--Urls=http://127.0.0.1:0")]
    [InlineData("--Urls=http://127.0.0.1:0 --Auth:Mode=None")]
    public async Task Should_ask_nobody_on_this_machine_alone(string settings)
    {
        await using var host = new RunningHost { Settings = settings.Split(' ') };
        await host.InitializeAsync();

        (await host.Get("/v1/providers")).Status.ShouldBe(HttpStatusCode.OK);
        host.Logged.ShouldContain(line => line.Contains("Nobody is asked for a key", StringComparison.Ordinal));
        (await host.Post("/v1/keys", """{"application":"shop","scopes":["admin"],"by":"ann","why":"for later"}""")).ShouldBeProblem(
            HttpStatusCode.Conflict,
            "keys-not-asked-for"
        );
    }

    [Fact]
    public async Task Should_be_called_from_the_command_line_with_a_key_in_a_file()
    {
        var (file, wrong) = (Path.GetTempFileName(), Path.GetTempFileName());
        await File.WriteAllTextAsync(file, $"{(await Make(Scope.Read)).Key}\n", TestContext.Current.CancellationToken);
        string[] status = ["status", "--json", "--url", $"{_host.Client.BaseAddress}"];
        await using StringWriter output = new(),
            error = new();

        (await NotificationHost.Run(status, output, error)).ShouldBe(2);
        $"{error}".ShouldContain("asks for a key: put it into NOTIFICATIONBUS_KEY");
        await File.WriteAllTextAsync(wrong, KeyText.New("shop").Reveal(), TestContext.Current.CancellationToken);
        (await NotificationHost.Run([.. status, "--key-file", wrong], output, error)).ShouldBe(2);
        $"{error}".ShouldContain("is not taken");
        await File.WriteAllTextAsync(wrong, " ", TestContext.Current.CancellationToken);
        (await NotificationHost.Run([.. status, "--key-file", wrong], output, error)).ShouldBe(2);
        $"{error}".ShouldContain("holds is no whole key");
        (await NotificationHost.Run([.. status, "--key-file", file], output, error)).ShouldNotBe(2, $"{error}");
        $"{output}".ShouldContain("\"problems\"");
        await error.DisposeAsync();
        File.Delete(file);
        File.Delete(wrong);
    }

    [Theory]
    [InlineData("keys generate shop", 0, "^nb_shop_[0-9a-f]{16}_[0-9a-f]{64}\\s$")]
    [InlineData("keys generate a_b", 2, "the application must be 1 to 40 small letters")]
    [InlineData("keys", 2, "keys: say create, list, rotate, revoke, generate")]
    [InlineData("keys make shop", 2, "keys: say create, list, rotate, revoke, generate")]
    [InlineData("keys create shop --scopes send", 2, "embedded the keys are in memory")]
    [InlineData("keys create shop --scopes", 2, "keys create: .*--scopes")]
    [InlineData("keys list --Trnsport=RabbitMq", 2, "Trnsport is unknown")]
    public async Task Should_be_told_on_the_command_line(string arguments, int exitCode, string expected)
    {
        await using var output = new StringWriter();

        (await NotificationHost.Run(arguments.Split(' '), output, output)).ShouldBe(exitCode, $"{output}");

        output.ToString().ShouldMatch(expected);
    }

    [Theory]
    [InlineData("nb_shop_1")]
    [InlineData("secret")]
    [InlineData("8f14e45f-ceea-467f-a8b9-d2c3b0b3c9a1")]
    public void Should_take_no_first_key_of_another_form(string key) =>
        Should
            .Throw<SettingsException>(() => NotificationHost.Build([$"--Auth:FirstKey={key}"]))
            .Message.ShouldContain("Auth:FirstKey: must be a key as 'keys generate APPLICATION' prints it");

    static async Task<(FakeTimeProvider Clock, InMemoryAccessKeys Keys, KeyRing Ring)> Ring()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        var controls = new InMemoryControls(clock);
        var keys = new InMemoryAccessKeys(controls, clock);
        var board = new ControlBoard(controls, clock, Microsoft.Extensions.Logging.Abstractions.NullLogger<ControlBoard>.Instance);
        var ring = new KeyRing(
            keys,
            board,
            Options.Create(new AuthOptions { FirstKey = HostWithKeys.FirstKey }),
            clock,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<KeyRing>.Instance
        );
        await ring.Prepare(CancellationToken.None);
        return (clock, keys, ring);
    }

    async Task<(string Key, string Id)> Make(params Scope[] scopes)
    {
        var made = await Post(
            "/v1/keys",
            JsonSerializer.Serialize(
                new
                {
                    application = "platform",
                    scopes = scopes.Select(scope => scope.Spell()),
                    why = "a test",
                }
            )
        );
        made.Status.ShouldBe(HttpStatusCode.Created, made.Body);
        return (made.Json.GetProperty("key").GetString()!, made.Json.GetProperty("onRecord").GetProperty("id").GetString()!);
    }

    async Task<string> Rotated(string id, string body)
    {
        var rotated = await Post($"/v1/keys/{id}/rotate", body);
        rotated.Status.ShouldBe(HttpStatusCode.OK, rotated.Body);
        return rotated.Json.GetProperty("key").GetString()!;
    }

    Task<Answer> Post(string path, string json) => Send(HttpMethod.Post, path, HostWithKeys.FirstKey, json);

    Task<Answer> Put(string path, string json, string key) => Send(HttpMethod.Put, path, key, json);

    Task<Answer> Send(HttpMethod method, string path, string? key, string? json = null) =>
        _host.Send(
            method,
            path,
            json is null ? null : RunningHost.Json(Encoding.UTF8.GetBytes(json)),
            key is null ? [] : [("Authorization", $"Bearer {key}")]
        );

    /// <summary>The status alone: some answers never end.</summary>
    async Task<HttpStatusCode> Status(string method, string path, string? key)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        if (key is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        // A client that follows leaves the key behind.
        using var client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = _host.Client.BaseAddress };
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return answer.StatusCode;
    }

    static string Filled(string path) =>
        Parameter()
            .Replace(
                path,
                match =>
                    match.Value.Contains(":guid", StringComparison.Ordinal) ? $"{Guid.Empty}"
                    : match.Value.Contains(":long", StringComparison.Ordinal) ? "1"
                    : "v1"
            );

    [GeneratedRegex("{[^}]+}", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Parameter();
}

/// <summary>A host that asks for keys, and its first one.</summary>
public sealed class HostWithKeys : IAsyncLifetime
{
    /// <summary>A key of the tests.</summary>
    public static readonly string FirstKey = KeyText.New("first").Reveal();

    internal RunningHost Host { get; } = new() { Settings = ["--Auth:Mode=Keys", $"--Auth:FirstKey={FirstKey}"] };

    public ValueTask InitializeAsync() => Host.InitializeAsync();

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}
