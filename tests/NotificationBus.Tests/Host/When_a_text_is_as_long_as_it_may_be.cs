using System.Net;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using NotificationBus.Contracts;
using NotificationBus.Host.Http;
using NotificationBus.Intake;

namespace NotificationBus.Tests.Host;

/// <summary>
/// B: a string without a length. Every text of every contract and of every body, found by reflection: at its longest it is taken, and one
/// character more is refused by its name.
/// </summary>
public sealed class When_a_text_is_as_long_as_it_may_be : IClassFixture<When_a_text_is_as_long_as_it_may_be.AllChannels>
{
    readonly RunningHost _host;

    public When_a_text_is_as_long_as_it_may_be(AllChannels channels) => _host = channels.Host;

    /// <summary>Every text of every event, such as <c>seller.pushTokens[0]</c>, with its longest.</summary>
    public static TheoryData<string, string, int> Texts()
    {
        var texts = new TheoryData<string, string, int>();
        foreach (var name in Occurrence.ByName.Keys)
        {
            var contract = typeof(Contact).Assembly.GetTypes().Single(type => Spell(type.Name) == name);
            foreach (var (path, longest) in TextsOf(contract))
                texts.Add(name, path, longest);
        }

        return texts;
    }

    /// <summary>B: a string without a length</summary>
    [Theory]
    [MemberData(nameof(Texts))]
    public async Task Should_take_it(string name, string path, int longest)
    {
        var answer = await _host.Post(Occurrence.AddressOf(name), With(name, path, Valid(path, longest)));

        answer.Status.ShouldBe(HttpStatusCode.Accepted, answer.Body);
        // Stored, and shown.
        var notification = await _host.Outcome(answer.Self);
        notification.GetProperty("status").GetString().ShouldBeOneOf("delivered", "partly-delivered");
        if (path is "eventId")
            notification.GetProperty("eventId").GetString()!.Length.ShouldBe(longest);
    }

    /// <summary>B: a string without a length</summary>
    [Theory]
    [MemberData(nameof(Texts))]
    public async Task Should_refuse_one_character_more(string name, string path, int longest)
    {
        var answer = await _host.Post(Occurrence.AddressOf(name), With(name, path, Valid(path, longest) + "a"));

        // What only decorates is cut or left out, and costs nobody the notification.
        if (Decorates(name, path))
            answer.Status.ShouldBe(HttpStatusCode.Accepted, answer.Body);
        else
            answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation").Keys.ShouldContain(path);
    }

    /// <summary>B: a string without a length</summary>
    [Fact]
    public async Task Should_refuse_a_long_text_within_the_data_by_its_place()
    {
        var answer = await _host.Post(
            Occurrence.Announcement,
            Occurrence.With(
                "notification-requested",
                "data",
                new JsonObject
                {
                    ["title"] = "t",
                    ["text"] = "t",
                    ["rows"] = new JsonArray("short", new string('x', TextLengths.Usual + 1)),
                }
            )
        );

        answer
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")
            .ShouldBe([KeyValuePair.Create("data.rows[1]", $"must be at most {TextLengths.Usual} characters")]);
    }

    public static TheoryData<string, string, string> BodiesOfOperators()
    {
        var bodies = new TheoryData<string, string, string>();
        foreach (
            var (method, path, body) in new (string, string, Type)[]
            {
                ("POST", $"/v1/notifications/{Guid.NewGuid()}/cancel", typeof(Cancellation)),
                ("POST", $"/v1/notifications/{Guid.NewGuid()}/deliveries/{Guid.NewGuid()}/decision", typeof(Decision)),
                ("POST", $"/v1/notifications/{Guid.NewGuid()}/deliveries/{Guid.NewGuid()}/resend", typeof(ResendOfOne)),
                ("POST", "/v1/suppressions", typeof(SuppressAddress)),
                ("POST", $"/v1/repairs/{Guid.NewGuid()}/run", typeof(RunRepair)),
                ("POST", $"/v1/repairs/{Guid.NewGuid()}/stop", typeof(EndRepair)),
                ("POST", $"/v1/failed-messages/{Guid.NewGuid()}/replay", typeof(ReplayOfOne)),
                ("POST", $"/v1/failed-messages/{Guid.NewGuid()}/archive", typeof(DecisionOnOne)),
                ("POST", "/v1/failed-messages/archive", typeof(DecisionOnMany)),
                ("PUT", "/v1/providers/sandbox", typeof(SetProvider)),
                ("PUT", "/v1/providers/sandbox/breaker", typeof(SetBreaker)),
                ("PUT", "/v1/event-types/announcement", typeof(SetEventType)),
                ("PUT", "/v1/channels/email", typeof(SetChannel)),
            }
        )
        {
            foreach (var (property, longest) in TextsOf(body))
                bodies.Add($"{method} {path}", property, Body(body, property, new string('a', Math.Min(longest, 200_000) + 1)));
        }

        return bodies;
    }

    /// <summary>B: a string without a length</summary>
    [Theory]
    [MemberData(nameof(BodiesOfOperators))]
    public async Task Should_refuse_what_an_operator_says_at_length(string call, string property, string body)
    {
        var (method, path) = (call.Split(' ')[0], call.Split(' ')[1]);

        var answer = await _host.Send(new HttpMethod(method), path, RunningHost.Json(System.Text.Encoding.UTF8.GetBytes(body)));

        answer
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")
            .Keys.ShouldContain(place => place.Split('[')[0] == property.Split('[')[0], answer.Body);
    }

    /// <summary>B: a string without a length</summary>
    [Theory]
    [InlineData("/v1/notifications", "recipient")]
    [InlineData("/v1/notifications", "category")]
    [InlineData("/v1/notifications", "status")]
    [InlineData("/v1/suppressions?channel=email", "address")]
    [InlineData("/v1/suppressions", "category")]
    [InlineData("/v1/failed-messages", "cause")]
    [InlineData("/v1/failed-messages", "queue")]
    [InlineData("/v1/changes", "before")]
    [InlineData("/v1/changes", "who")]
    public async Task Should_refuse_a_query_that_is_longer(string path, string parameter)
    {
        var answer = await _host.Get(
            $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}"
                + $"{parameter}={new string('a', TextLengths.Of(parameter) + 1)}"
        );

        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation").Keys.ShouldContain(parameter);
    }

    static IEnumerable<(string Path, int Longest)> TextsOf(Type type)
    {
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var name =
                property.GetCustomAttribute<System.Text.Json.Serialization.JsonPropertyNameAttribute>()?.Name
                ?? JsonNamingPolicy.CamelCase.ConvertName(property.Name);
            if (property.PropertyType == typeof(string))
                yield return (name, TextLengths.Of(property));
            else if (property.PropertyType == typeof(IReadOnlyList<string>))
                yield return ($"{name}[0]", TextLengths.Of(property));
            else if (property.PropertyType.Assembly == typeof(Contact).Assembly && property.PropertyType.IsClass)
            {
                foreach (var (path, longest) in TextsOf(property.PropertyType))
                    yield return ($"{name}.{path}", longest);
            }
        }
    }

    /// <summary>A text of that length that is right in every other way.</summary>
    static string Valid(string path, int longest) =>
        path.Split('.')[^1] switch
        {
            "category" => "announcement",
            "channels[0]" => "email",
            "currency" => "THB",
            // Past, or at once: its outcome is waited for.
            "sendAt" => "2026-01-01T09:00:00Z",
            "timeZone" => "Asia/Bangkok",
            "delay" => "PT0S",
            "expiresAt" => "9998-12-31T00:00:00Z",
            "country" => "TH",
            "locale" => "en-aaaaaaaa-bbbbbbbb-cccccccc-ddddd",
            "email" or "replyTo" or "cc[0]" => $"{new string('m', 60)}@{string.Join('.', Enumerable.Repeat(new string('d', 47), 4))}.x",
            // Of an international network (ITU-T E.164.1), which belongs to no country.
            "phone" => "+883510000000000",
            "pushTokens[0]" => new string('f', longest),
            "chat[0]" => $"telegram:{new string('1', longest - 9)}",
            "webhookUrl" or "deepLink" or "image" => $"https://example.com/{new string('p', longest - 20)}",
            _ => new string('a', longest),
        };

    static bool Decorates(string name, string path)
    {
        var type = typeof(Contact).Assembly.GetTypes().Single(type => Spell(type.Name) == name);
        foreach (var step in path.Split('.', '['))
        {
            if (
                type.GetProperties().FirstOrDefault(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name) == step)
                is not { } property
            )
                return false;
            if (property.IsDefined(typeof(DecorationAttribute)))
                return true;
            type = property.PropertyType;
        }

        return false;
    }

    static string With(string name, string path, string value)
    {
        var root = JsonNode.Parse(Occurrence.ByName[name])!.AsObject();
        JsonNode at = root;
        var steps = path.Split('.');
        foreach (var step in steps.SkipLast(1))
            at = at[step] ??= new JsonObject();
        if (steps[^1].EndsWith("[0]", StringComparison.Ordinal))
            at[steps[^1][..^3]] = new JsonArray(value);
        else
            at[steps[^1]] = value;
        // Without a wall time a zone says nothing.
        if (path == "timeZone")
            at["sendAt"] = "2026-01-01T09:00:00";
        return root.ToJsonString();
    }

    static string Body(Type type, string property, string value)
    {
        var body = new JsonObject { ["by"] = "ann", ["why"] = "a test" };
        if (type == typeof(Decision))
            body["decision"] = "failed";
        if (type == typeof(SuppressAddress))
            (body["channel"], body["address"]) = ("email", "a@example.com");
        if (property.EndsWith("[0]", StringComparison.Ordinal))
            body[property[..^3]] = new JsonArray(value);
        else
            body[property] = value;
        return body.ToJsonString();
    }

    static string Spell(string contract) => JsonNamingPolicy.KebabCaseLower.ConvertName(contract);

    /// <summary>The host with every channel caught by the sandbox.</summary>
    public sealed class AllChannels : IAsyncLifetime
    {
        public RunningHost Host { get; } =
            new()
            {
                Settings =
                [
                    .. Occurrence
                        .ByName.Keys.Where(name => name != "notification-requested")
                        .Append("announcement")
                        .Select(name => $"--EventTypes:{name}:Channels=email,push"),
                ],
            };

        public ValueTask InitializeAsync() => Host.InitializeAsync();

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
