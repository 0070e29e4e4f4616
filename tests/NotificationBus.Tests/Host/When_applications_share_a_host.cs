using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Security.Claims;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using NotificationBus.Access;
using NotificationBus.Host.Access;

namespace NotificationBus.Tests.Host;

/// <summary>Nobody of one application sees or changes anything of another one: every route, with a key of each scope.</summary>
public sealed partial class When_applications_share_a_host(HostOfTwoApplications two) : IClassFixture<HostOfTwoApplications>
{
    // The console and its parts ask the API, with the same key; these say nothing of anybody.
    static readonly string[] NeverEnd = ["/_blazor"];

    // A test of its own reads it.
    const string StreamOfAll = "GET /v1/events";

    readonly RunningHost _host = two.Host;

    [Fact]
    public async Task Should_stream_to_each_what_is_its_own()
    {
        using var cups = await Stream(two.Cup, lastEventId: null);
        using var jars = await Stream(two.Jar, lastEventId: null);
        var (ofCups, ofJars) = (await First(cups), await First(jars));

        var foreign = await Open(two.Jar, ofCups.Id);
        var wrong = await Open(two.Jar, lastEventId: null, "?application=cup");

        two.Jar.MustNotShow(ofCups.Text, "the stream of cup");
        two.Cup.MustNotShow(ofJars.Text, "the stream of jar");
        foreign.StatusCode.ShouldBe(HttpStatusCode.Gone, "as one that nobody has opened");
        wrong.StatusCode.ShouldBe(HttpStatusCode.Forbidden);

        async Task<(string Id, string Text)> First(HttpResponseMessage stream)
        {
            using var patience = new CancellationTokenSource(RunningHost.Patience);
            var parser = SseParser.Create(await stream.Content.ReadAsStreamAsync(patience.Token));
            await using var events = parser.EnumerateAsync(patience.Token).GetAsyncEnumerator(patience.Token);
            foreach (var pot in (Pot[])[two.Cup, two.Jar])
            {
                var told = Body($"{Guid.NewGuid()}", $"{pot.Word}-streamed", pot.Word);
                await two.Call("POST", "/v1/notifications", pot.Keys[Scope.Send], told);
            }

            (await events.MoveNextAsync()).ShouldBeTrue();
            return (parser.LastEventId, events.Current.Data);
        }

        async Task<HttpResponseMessage> Stream(Pot pot, string? lastEventId)
        {
            var answer = await Open(pot, lastEventId);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            return answer;
        }

        async Task<HttpResponseMessage> Open(Pot pot, string? lastEventId, string query = "")
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/events{query}");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", pot.Keys[Scope.Read]);
            if (lastEventId is not null)
                request.Headers.Add("Last-Event-ID", lastEventId);
            return await _host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        }
    }

    /// <summary>The matrix: what is another's is not there, and what is everybody's is not for one.</summary>
    [Fact]
    public async Task Should_answer_what_is_anothers_as_what_is_not_there()
    {
        var before = await two.Standing(two.Cup);
        var walked = 0;
        foreach (var (name, method, path, scope) in The_scopes_of_routes.Routes(_host))
        {
            if (scope!.AnyOf.Count == 0 || NeverEnd.Any(path.StartsWith) || name == StreamOfAll)
                continue;

            scope.Reach.ShouldNotBe(Reach.Unsaid, name);
            foreach (var held in (Scope[])[Scope.Send, Scope.Read, Scope.Operate])
            {
                var (status, body) = await two.Call(method, Filled(path, two.Cup, scope.Reach), two.Jar.Keys[held]);
                two.Cup.MustNotShow(body, $"{name} with {held}");
                if (!scope.AnyOf.Contains(held))
                {
                    status.ShouldBe(HttpStatusCode.Forbidden, $"{name} with {held}");
                    continue;
                }

                walked++;
                switch (scope.Reach)
                {
                    case Reach.OfAll:
                        status.ShouldBe(HttpStatusCode.Forbidden, $"{name} with {held}");
                        if (method != "HEAD")
                            body.ShouldContain("of-one-application", Case.Sensitive, name);
                        break;
                    case Reach.Notification or Reach.Subscription or Reach.Repair:
                        status.ShouldBe(HttpStatusCode.NotFound, $"{name} with {held}");
                        // To the last word what is said of an id that nobody has.
                        var unknown = await two.Call(method, Filled(path, Pot.Nobodys, scope.Reach), two.Jar.Keys[held]);
                        (status, Untraced(body)).ShouldBe((unknown.Status, Untraced(unknown.Body)), name);
                        break;
                    default:
                        ((int)status).ShouldBeLessThan(500, $"{name} with {held}: {body}");
                        break;
                }
            }
        }

        walked.ShouldBeGreaterThan(60);
        (await two.Standing(two.Cup)).ShouldBe(before);
    }

    /// <summary>Every address that is described is one of those that are walked.</summary>
    [Fact]
    public async Task Should_be_asked_of_every_address_that_is_described()
    {
        var described = (await two.Call("GET", "/openapi/v1.json", HostWithKeys.FirstKey)).Body;
        var walked = The_scopes_of_routes
            .Routes(_host)
            .Select(route => route.Path.Replace(":guid", "", StringComparison.Ordinal))
            .ToHashSet();
        foreach (var path in JsonElement.Parse(described).GetProperty("paths").EnumerateObject())
            walked.ShouldContain(EventName().Replace(path.Name, "/v1/events/{name}"));
    }

    [Fact]
    public async Task Should_show_each_its_own()
    {
        foreach (var (own, other) in (IEnumerable<(Pot, Pot)>)[(two.Cup, two.Jar), (two.Jar, two.Cup)])
        {
            var read = own.Keys[Scope.Read];
            (await two.Call("GET", $"/v1/notifications/{own.Notification}", read)).Status.ShouldBe(HttpStatusCode.OK);
            (await two.Call("GET", $"/v1/subscriptions/{own.Subscription}", read)).Status.ShouldBe(HttpStatusCode.OK);
            (await two.Call("GET", $"/v1/repairs/{own.Repair}", read)).Status.ShouldBe(HttpStatusCode.OK);
            foreach (var path in (string[])["/v1/notifications", "/v1/subscriptions", "/v1/repairs"])
            {
                var (status, body) = await two.Call("GET", path, read);
                status.ShouldBe(HttpStatusCode.OK);
                other.MustNotShow(body, path);
                own.Ids.Any(id => body.Contains($"{id}", StringComparison.Ordinal)).ShouldBeTrue($"{path}: {body}");
            }

            (await two.Call("GET", $"/v1/notifications?recipient={other.Word}", read)).Body.ShouldContain("\"notifications\":[]");
            (await two.Call("GET", $"/v1/notifications?key=order:{other.Word}", read)).Body.ShouldContain("\"notifications\":[]");
            (await two.Call("GET", $"/v1/notifications?application={own.Application}", read)).Status.ShouldBe(HttpStatusCode.OK);
            var named = await two.Call("GET", $"/v1/notifications?application={other.Application}", read);
            (named.Status, named.Body.Contains("of-one-application", StringComparison.Ordinal)).ShouldBe((HttpStatusCode.Forbidden, true));
        }
    }

    /// <summary>Two pages poll at the same time: what one was answered a moment ago is not for the other.</summary>
    [Fact]
    public void Should_be_the_same_in_the_console_to_those_alone_who_see_the_same()
    {
        string[] applications = ["cup", "jar", "platform"];
        var sights = applications.Select(application =>
            KeyHolder.SightOf(KeyHolder.Of(KeyIssuer.Of(KeyText.New(application), "a page", [Scope.Read], DateTimeOffset.UnixEpoch)))
        );
        var another = KeyHolder.SightOf(KeyHolder.Of(KeyIssuer.Of(KeyText.New("cup"), "another", [Scope.Read], DateTimeOffset.UnixEpoch)));

        sights.Distinct(StringComparer.Ordinal).Count().ShouldBe(applications.Length);
        another.ShouldBe(sights.First());
    }

    [Theory]
    [InlineData("shop", "application=shop+scope=read")]
    [InlineData("[\"shop\"]", "application=shop+scope=read")]
    [InlineData("{\"name\":\"shop\"}", null)]
    [InlineData("[]", null)]
    [InlineData("[7]", null)]
    [InlineData("No Application", null)]
    public void Should_limit_people_to_what_a_claim_says_and_refuse_who_has_one_that_cannot_be_read(string said, string? sight)
    {
        var nested = said.StartsWith('[') || said.StartsWith('{') ? said : $"\"{said}\"";
        SightOf("app", said).ShouldBe(sight);
        SightOf("realm.app", $"{{\"app\":{nested}}}").ShouldBe(sight);
        SightOf("realm.app", "{\"app\":7}").ShouldBeNull();
        SightOf("realm.app", "no JSON").ShouldBeNull();
        SightOf("realm.app", "{\"roles\":[]}").ShouldBe("scope=read+sees=all");

        static string? SightOf(string path, string value)
        {
            var options = new SignInOptions { ApplicationClaim = path };
            Claim[] claims = [new("sub", "ann"), new(options.RoleClaim, options.ViewerRole), new(path.Split('.')[0], value)];
            return Person.Of(claims, options) is { } person ? KeyHolder.SightOf(person) : null;
        }
    }

    /// <summary>One id, two people: of the application that is named alone.</summary>
    [Fact]
    public async Task Should_erase_nobody_of_another_application()
    {
        var id = $"shared-{Guid.NewGuid():N}";
        var body = When_applications_share_a_host.Body($"{Guid.NewGuid():N}", id, "hello");
        var asked = new Dictionary<Pot, Guid>();
        foreach (var pot in (Pot[])[two.Cup, two.Jar])
            asked[pot] = JsonElement
                .Parse((await two.Call("POST", "/v1/notifications", pot.Keys[Scope.Send], body, "wait=30")).Body)
                .GetProperty("id")
                .GetGuid();
        var erasure = $$"""{"recipient":"{{id}}","why":"a test"}""";

        var unnamed = await two.Call("POST", "/v1/recipients/erase", HostWithKeys.FirstKey, erasure);
        var erased = await two.Call("POST", "/v1/recipients/erase?application=cup", HostWithKeys.FirstKey, erasure);

        (unnamed.Status, unnamed.Body.Contains("?application=shop", StringComparison.Ordinal)).ShouldBe((HttpStatusCode.BadRequest, true));
        erased.Status.ShouldBe(HttpStatusCode.OK, erased.Body);
        JsonElement.Parse(erased.Body).GetProperty("notifications").GetInt32().ShouldBe(1);
        (await two.Call("GET", $"/v1/notifications/{asked[two.Cup]}", two.Cup.Keys[Scope.Read])).Body.ShouldNotContain(id);
        (await two.Call("GET", $"/v1/notifications/{asked[two.Jar]}", two.Jar.Keys[Scope.Read])).Body.ShouldContain(id);
    }

    [Fact]
    public async Task Should_have_whoever_sees_all_say_whose_is_withdrawn()
    {
        const string Body = """{"key":"order:nobodys","categories":["payment-reminder-due"],"by":"Ann","why":"paid"}""";
        foreach (var key in (string[])[HostWithKeys.FirstKey, two.Platform[Scope.Operate]])
        {
            var (status, body) = await two.Call("POST", "/v1/withdrawals", key, Body);
            (status, body.Contains("?application=", StringComparison.Ordinal)).ShouldBe((HttpStatusCode.BadRequest, true));
            (await two.Call("POST", $"/v1/withdrawals?application={two.Cup.Application}", key, Body)).Status.ShouldBe(
                HttpStatusCode.Accepted
            );
        }

        (await two.Call("POST", "/v1/withdrawals", two.Cup.Keys[Scope.Operate], Body)).Status.ShouldBe(HttpStatusCode.Accepted);
    }

    /// <summary>Who has paused a channel for all, and why, is told to those who see all.</summary>
    [Fact]
    public async Task Should_explain_to_one_what_was_changed_for_all_and_not_by_whom()
    {
        const string Why = "the bounces of another";
        const string Request = """
            {"category":"announcement","recipient":{"id":"told","email":"t@example.com"},"channels":["email"],
             "data":{"title":"a","text":"b"}}
            """;
        (
            await two.Call("PUT", "/v1/channels/email", HostWithKeys.FirstKey, $$"""{"paused":true,"by":"Ann","why":"{{Why}}"}""")
        ).Status.ShouldBe(HttpStatusCode.OK);
        var sent = await two.Call("POST", "/v1/notifications", two.Cup.Keys[Scope.Send], Request);
        var id = JsonElement.Parse(sent.Body).GetProperty("id").GetGuid();
        using var patience = new CancellationTokenSource(RunningHost.Patience);
        while (
            !(await two.Call("GET", $"/v1/notifications/{id}/explain", HostWithKeys.FirstKey)).Body.Contains(Why, StringComparison.Ordinal)
        )
            await Task.Delay(10, patience.Token);

        var (status, story) = await two.Call("GET", $"/v1/notifications/{id}/explain", two.Cup.Keys[Scope.Read]);
        (
            await two.Call("PUT", "/v1/channels/email", HostWithKeys.FirstKey, $$"""{"paused":false,"by":"Ann","why":"{{Why}}"}""")
        ).Status.ShouldBe(HttpStatusCode.OK);

        status.ShouldBe(HttpStatusCode.OK);
        story.ShouldContain("channel email");
        story.ShouldNotContain(Why);
        story.ShouldNotContain("first/");
    }

    [Fact]
    public async Task Should_show_all_to_those_of_the_platform()
    {
        foreach (var key in (string[])[HostWithKeys.FirstKey, two.Platform[Scope.Read]])
        {
            var (_, all) = await two.Call("GET", "/v1/notifications", key);
            all.ShouldContain($"{two.Cup.Notification}");
            all.ShouldContain($"{two.Jar.Notification}");
            var (_, ofOne) = await two.Call("GET", $"/v1/notifications?application={two.Jar.Application}", key);
            ofOne.ShouldContain($"{two.Jar.Notification}");
            two.Cup.MustNotShow(ofOne, "one that was named");
            (await two.Call("GET", $"/v1/notifications/{two.Cup.Notification}", key)).Status.ShouldBe(HttpStatusCode.OK);
            (await two.Call("GET", $"/v1/notifications/{two.Cup.Notification}?application={two.Jar.Application}", key)).Status.ShouldBe(
                HttpStatusCode.NotFound
            );
            (await two.Call("GET", "/v1/status", key)).Status.ShouldBe(HttpStatusCode.OK);
            (await two.Call("GET", "/v1/notifications?application=A%20B", key)).Status.ShouldBe(HttpStatusCode.BadRequest);
        }
    }

    /// <summary>One event id, one recipient, two applications: two notifications, and no word of a conflict.</summary>
    [Fact]
    public async Task Should_keep_ids_and_keys_apart()
    {
        var ids = new HashSet<string>();
        foreach (
            var (pot, text) in (IEnumerable<(Pot, string)>)[(two.Cup, "of the one"), (two.Jar, "of the other"), (two.Cup, "of the one")]
        )
        {
            var asked = await two.Call("POST", "/v1/notifications", pot.Keys[Scope.Send], Body("the-same", "somebody", text), prefer: null);
            asked.Status.ShouldBe(HttpStatusCode.Accepted, asked.Body);
            ids.Add(JsonElement.Parse(asked.Body).GetProperty("id").GetString()!);
        }

        ids.Count.ShouldBe(2);
        var another = await two.Call(
            "POST",
            "/v1/notifications",
            two.Jar.Keys[Scope.Send],
            Body("the-same", "somebody", "other words"),
            prefer: null
        );
        another.Status.ShouldBe(HttpStatusCode.UnprocessableEntity, another.Body);
    }

    /// <summary>Who knows an id, or guesses it, calls nothing off; and is not told sooner that it is there.</summary>
    [Fact]
    public async Task Should_call_nothing_off_that_is_anothers()
    {
        var why = """{"by":"jar","why":"a test"}""";
        var foreign = await two.Call("POST", $"/v1/notifications/{two.Cup.Notification}/cancel", two.Jar.Keys[Scope.Send], why, "wait=1");
        var unknown = await two.Call("POST", $"/v1/notifications/{Guid.NewGuid()}/cancel", two.Jar.Keys[Scope.Send], why, "wait=1");
        (foreign.Status, foreign.Body).ShouldBe((unknown.Status, unknown.Body));

        var withdrawal = $$"""{"key":"order:{{two.Cup.Word}}","categories":["announcement"],"why":"a test"}""";
        var preview = withdrawal.Replace("{\"key", "{\"preview\":true,\"key", StringComparison.Ordinal);
        (await two.Call("POST", "/v1/withdrawals", two.Jar.Keys[Scope.Send], preview)).Body.ShouldContain("\"found\":0");
        (await two.Call("POST", "/v1/withdrawals", two.Jar.Keys[Scope.Send], withdrawal)).Body.ShouldContain("\"withdrawn\":0");
        (await two.Call("POST", "/v1/withdrawals", two.Cup.Keys[Scope.Send], preview)).Body.ShouldContain("\"found\":1");
        // Also not what begins later, which the withdrawal is remembered for.
        var later = await two.Call("POST", "/v1/notifications", two.Cup.Keys[Scope.Send], Body("later", two.Cup.Word, "later"), "wait=10");
        later.Body.ShouldContain("\"delivered\"");
        (await two.Status(two.Cup)).ShouldBe("sending");

        var own = await two.Ask(two.Cup, "to-be-cancelled", delay: "PT1H");
        (await two.Call("POST", $"/v1/notifications/{own}/cancel", two.Cup.Keys[Scope.Send], why, "wait=10")).Body.ShouldContain(
            "\"cancelled\""
        );
        var others = await two.Ask(two.Jar, "to-be-cancelled", delay: "PT1H");
        (await two.Call("POST", $"/v1/notifications/{others}/cancel", HostWithKeys.FirstKey, why, "wait=10")).Body.ShouldContain(
            "\"cancelled\""
        );
    }

    /// <summary>What asks for many asks for its own.</summary>
    [Fact]
    public async Task Should_plan_and_decide_for_its_own()
    {
        var planned = await two.Call(
            "POST",
            "/v1/repairs",
            two.Jar.Keys[Scope.Operate],
            """{"filter":{"status":"sending"},"why":"a test"}"""
        );
        planned.Status.ShouldBe(HttpStatusCode.Created, planned.Body);
        var id = JsonElement.Parse(planned.Body).GetProperty("repair").GetProperty("id").GetGuid();
        var (_, items) = await two.Call("GET", $"/v1/repairs/{id}/items", two.Jar.Keys[Scope.Read]);
        items.ShouldContain($"{two.Jar.Notification}");
        items.ShouldNotContain($"{two.Cup.Notification}");
        (await two.Call("GET", $"/v1/repairs/{id}", two.Cup.Keys[Scope.Read])).Status.ShouldBe(HttpStatusCode.NotFound);
        var decision = $$"""{"filter":{"recipient":"{{two.Cup.Word}}"},"preview":true}""";
        (await two.Call("POST", "/v1/decisions", two.Jar.Keys[Scope.Operate], decision)).Body.ShouldContain("\"found\":0");
    }

    internal static string Body(string eventId, string recipient, string text, string? delay = null) =>
        JsonSerializer.Serialize(
            new Dictionary<string, object?>
            {
                ["eventId"] = eventId,
                ["category"] = "announcement",
                ["recipient"] = new { id = recipient, email = $"{recipient}@example.com" },
                ["data"] = new { title = text, text },
                ["channels"] = new[] { "email" },
                ["keys"] = new { order = recipient },
                ["delay"] = delay,
            }
                .Where(one => one.Value is not null)
                .ToDictionary()
        );

    static string Filled(string path, Pot of, Reach reach) =>
        Parameter()
            .Replace(
                path,
                match =>
                    match.Value.StartsWith("{deliveryId", StringComparison.Ordinal) ? $"{of.Delivery}"
                    : match.Value.Contains(":guid", StringComparison.Ordinal)
                        ? $"{(reach == Reach.Subscription ? of.Subscription : reach == Reach.Repair ? of.Repair : of.Notification)}"
                    : match.Value.Contains(":long", StringComparison.Ordinal) ? "1"
                    : match.Value == "{name}" ? "order-placed"
                    : "v1"
            );

    static string Untraced(string body) => Trace().Replace(body, "");

    [GeneratedRegex("{[^}]+}", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Parameter();

    [GeneratedRegex("^/v1/events/[a-z-]+", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex EventName();

    [GeneratedRegex("\"traceId\":\"[^\"]*\"", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Trace();
}

/// <summary>One application: its keys, and what there is of it.</summary>
internal sealed record Pot(string Application)
{
    /// <summary>What nobody has.</summary>
    public static Pot Nobodys { get; } =
        new("nobody")
        {
            Notification = Guid.NewGuid(),
            Delivery = Guid.NewGuid(),
            Subscription = Guid.NewGuid(),
            Repair = Guid.NewGuid(),
        };

    /// <summary>A word that stands in all that it sends, and nowhere else.</summary>
    public string Word { get; } = $"canary-of-{Application}";

    public Dictionary<Scope, string> Keys { get; init; } = [];

    public Guid Notification { get; set; }

    public Guid Delivery { get; set; }

    public Guid Subscription { get; set; }

    public Guid Repair { get; set; }

    public IEnumerable<Guid> Ids => [Notification, Delivery, Subscription, Repair];

    /// <summary>Fails when something of it is shown. What was asked for by its id is named back to whoever has the id.</summary>
    public void MustNotShow(string body, string where)
    {
        body.Contains(Word, StringComparison.OrdinalIgnoreCase).ShouldBeFalse($"{where}: {body}");
        body.Contains($"\"id\":\"{Notification}", StringComparison.OrdinalIgnoreCase).ShouldBeFalse($"{where}: {body}");
        body.Contains($"\"id\":\"{Subscription}", StringComparison.OrdinalIgnoreCase).ShouldBeFalse($"{where}: {body}");
        body.Contains($"\"id\":\"{Repair}", StringComparison.OrdinalIgnoreCase).ShouldBeFalse($"{where}: {body}");
        body.Contains($"{Delivery}", StringComparison.OrdinalIgnoreCase).ShouldBeFalse($"{where}: {body}");
    }
}

/// <summary>A host with two applications, a notification, a subscription and a repair of each.</summary>
public sealed partial class HostOfTwoApplications : IAsyncLifetime
{
    internal RunningHost Host { get; } =
        new()
        {
            Settings =
            [
                "--Auth:Mode=Keys",
                $"--Auth:FirstKey={HostWithKeys.FirstKey}",
                "--RateLimits:CallsPerKey=100000",
                "--RateLimits:CallsPerApplication=100000",
            ],
        };

    internal Pot Cup { get; } = new("cup");

    internal Pot Jar { get; } = new("jar");

    internal Dictionary<Scope, string> Platform { get; } = [];

    public async ValueTask InitializeAsync()
    {
        await Host.InitializeAsync();
        foreach (
            var (application, keys) in ((string, Dictionary<Scope, string>)[])[("cup", Cup.Keys), ("jar", Jar.Keys), ("platform", Platform)]
        )
        {
            foreach (var scope in (Scope[])[Scope.Send, Scope.Read, Scope.Operate])
            {
                var body = $$"""{"application":"{{application}}","scopes":["{{scope.Spell()}}"],"why":"a test"}""";
                var made = await Call("POST", "/v1/keys", HostWithKeys.FirstKey, body);
                keys[scope] = JsonElement.Parse(made.Body).GetProperty("key").GetString()!;
            }
        }

        foreach (var pot in (Pot[])[Cup, Jar])
        {
            pot.Notification = await Ask(pot, "first", delay: "PT1H");
            while (
                (await Call("GET", $"/v1/notifications/{pot.Notification}", pot.Keys[Scope.Read])).Body.Contains(
                    "accepted",
                    StringComparison.Ordinal
                )
            )
                await Task.Delay(10);
            pot.Delivery = JsonElement
                .Parse((await Call("GET", $"/v1/notifications/{pot.Notification}", pot.Keys[Scope.Read])).Body)
                .GetProperty("deliveries")[0]
                .GetProperty("id")
                .GetGuid();
            var subscription = $$"""{"url":"https://example.com/{{pot.Word}}"}""";
            var subscribed = await Call("POST", "/v1/subscriptions", pot.Keys[Scope.Operate], subscription);
            pot.Subscription = JsonElement.Parse(subscribed.Body).GetProperty("subscription").GetProperty("id").GetGuid();
            var repair = $$"""{"filter":{"recipient":"{{pot.Word}}"},"why":"a test"}""";
            var planned = (await Call("POST", "/v1/repairs", pot.Keys[Scope.Operate], repair)).Body;
            pot.Repair = JsonElement.Parse(planned).GetProperty("repair").GetProperty("id").GetGuid();
        }
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    internal async Task<Guid> Ask(Pot pot, string eventId, string? delay = null)
    {
        var asked = await Call(
            "POST",
            "/v1/notifications",
            pot.Keys[Scope.Send],
            When_applications_share_a_host.Body(eventId, pot.Word, pot.Word, delay)
        );
        asked.Status.ShouldBe(HttpStatusCode.Accepted, asked.Body);
        return JsonElement.Parse(asked.Body).GetProperty("id").GetGuid();
    }

    internal async Task<string> Status(Pot pot) =>
        JsonElement
            .Parse((await Call("GET", $"/v1/notifications/{pot.Notification}", pot.Keys[Scope.Read])).Body)
            .GetProperty("status")
            .GetString()!;

    /// <summary>How all of it stands.</summary>
    internal async Task<string> Standing(Pot pot)
    {
        var all = new StringBuilder();
        foreach (var path in (string[])[$"notifications/{pot.Notification}", $"subscriptions/{pot.Subscription}", $"repairs/{pot.Repair}"])
            all.AppendLine((await Call("GET", $"/v1/{path}", pot.Keys[Scope.Read])).Body);
        // Nobody listens where the events go: when that is noticed, no other caller has done it.
        return FailingSince().Replace(all.ToString(), "");
    }

    [GeneratedRegex(",\"failingSince\":\"[^\"]*\"", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FailingSince();

    /// <summary>A call, with a body that fits where none is given.</summary>
    internal async Task<(HttpStatusCode Status, string Body)> Call(
        string method,
        string path,
        string key,
        string? json = null,
        string? prefer = "wait=1"
    )
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (prefer is not null && method == "POST")
            request.Headers.Add("Prefer", prefer);
        if (method is "POST" or "PUT" or "PATCH")
            request.Content = new StringContent(json ?? Usual(path), Encoding.UTF8, "application/json");
        using var client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = Host.Client.BaseAddress };
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var body = answer.Content.Headers.ContentType?.MediaType == "text/event-stream" ? "" : await answer.Content.ReadAsStringAsync();
        return (answer.StatusCode, body);
    }

    static string Usual(string path) =>
        path.EndsWith("/decision", StringComparison.Ordinal) ? """{"decision":"sent","by":"a test","why":"a test"}"""
        : path.EndsWith("/recover", StringComparison.Ordinal) ? """{"since":"2026-01-01T00:00:00Z"}"""
        : path.EndsWith("/batch", StringComparison.Ordinal) ? "[]"
        : """{"by":"a test","why":"a test"}""";
}
