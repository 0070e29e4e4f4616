using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Access;
using NotificationBus.Host.Http;
using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Templates;

namespace NotificationBus.Tests.Host;

/// <summary>A14, and what else a list may have in it: each item is taken or refused as it would be alone.</summary>
public sealed class When_many_are_asked_for_in_one_call(RunningHost host) : IClassFixture<RunningHost>
{
    const string Batch = "/v1/notifications/batch";

    [Fact]
    public async Task Should_answer_for_each_what_it_would_be_answered_alone()
    {
        var bad = Occurrence.With("notification-requested", "category", "anouncement");
        var silent = Occurrence.With("notification-requested", "data", new JsonObject());
        var unknown = Occurrence.With("notification-requested", "data2", "x");
        string[] items = [Request("a"), bad, Request("b"), silent, unknown, "7", """{"category":"x","category":"y"}"""];

        var answer = await host.Post(Batch, List(items));

        answer.Status.ShouldBe(HttpStatusCode.MultiStatus);
        answer.Json.GetProperty("accepted").GetInt32().ShouldBe(2);
        answer.Json.GetProperty("refused").GetInt32().ShouldBe(5);
        var told = Items(answer);
        told.Select(item => item.GetProperty("index").GetInt32()).ShouldBe(Enumerable.Range(0, items.Length));
        told.Select(item => item.GetProperty("status").GetInt32()).ShouldBe([202, 400, 202, 422, 400, 400, 400]);
        foreach (var index in (int[])[1, 3, 4, 5, 6])
        {
            var alone = await host.Post(Occurrence.Announcement, items[index]);
            foreach (var name in (string[])["type", "title", "status", "detail", "errors"])
                Text(told[index].GetProperty("problem"), name).ShouldBe(Text(alone.Json, name), $"{name} of item {index}");
        }

        foreach (var index in (int[])[0, 2])
        {
            var notification = await host.Outcome(
                told[index].GetProperty("notification").GetProperty("links").GetProperty("self").GetString()!
            );
            notification.GetProperty("status").GetString().ShouldBe("delivered");
        }

        (await Found("key", "many:alone")).ShouldBe(2, "nothing of what was refused");

        string Request(string eventId) => Of(eventId, "alone");
        static string? Text(JsonElement of, string name) => of.TryGetProperty(name, out var value) ? value.GetRawText() : null;
    }

    [Fact]
    public async Task Should_take_what_stands_there_twice_once_and_say_so()
    {
        var other = JsonNode.Parse(Of("twice", "twice"))!;
        other["data"]!["text"] = "On Tuesday.";

        var answer = await host.Post(Batch, List([Of("once", "twice"), Of("twice", "twice"), Of("twice", "twice"), other.ToJsonString()]));

        var told = Items(answer);
        told.Select(item => item.GetProperty("status").GetInt32()).ShouldBe([202, 202, 202, 422]);
        told[2].GetProperty("duplicateOf").GetInt32().ShouldBe(1);
        told[1].TryGetProperty("duplicateOf", out _).ShouldBeFalse();
        Id(told[2]).ShouldBe(Id(told[1]));
        told[3].GetProperty("problem").GetProperty("type").GetString().ShouldBe("urn:notificationbus:problem:another-event");
        foreach (var taken in told.Take(2))
            await host.Outcome($"/v1/notifications/{Id(taken)}");
        (await Found("key", "many:twice")).ShouldBe(2);
    }

    [Fact]
    public async Task Should_stay_the_same_notifications_under_one_key()
    {
        var list = List([Of(null, "key"), Of("its-own", "key"), Of(null, "key")]);

        var first = await host.Post(Batch, list, ("Idempotency-Key", "campaign-7"));
        var again = await host.Post(Batch, list, ("Idempotency-Key", "campaign-7"));
        var changed = await host.Post(
            Batch,
            List([Of(null, "key"), Of("its-own", "key"), Of(null, "key").Replace("On Monday.", "Never.", StringComparison.Ordinal)]),
            ("Idempotency-Key", "campaign-7")
        );

        first.Status.ShouldBe(HttpStatusCode.Accepted, first.Body);
        again.Status.ShouldBe(HttpStatusCode.Accepted);
        Items(first).Select(item => item.GetProperty("eventId").GetString()).ShouldBe(["campaign-7:0", "its-own", "campaign-7:2"]);
        Items(first).Select(Id).Distinct().Count().ShouldBe(3);
        Items(again).Select(Id).ShouldBe(Items(first).Select(Id));
        Items(changed).Select(item => item.GetProperty("status").GetInt32()).ShouldBe([202, 202, 422]);
        foreach (var item in Items(first))
            await host.Outcome($"/v1/notifications/{Id(item)}");
        (await Found("key", "many:key")).ShouldBe(3);
    }

    [Fact]
    public async Task Should_stay_the_same_under_one_key_wherever_they_stand()
    {
        string[] all = [To("ann"), To("bob"), To("bob", "Again."), To("cho")];
        var first = Items(await host.Post(Batch, List(all), ("Idempotency-Key", "moved"))).Select(Id).ToList();

        var moved = Items(await host.Post(Batch, List([all[3], "{}", all[1], all[2]]), ("Idempotency-Key", "moved")));
        var other = Items(await host.Post(Batch, List([all[0]]), ("Idempotency-Key", "another")));

        first.Distinct(StringComparer.Ordinal).Count().ShouldBe(4);
        moved.Select(item => item.GetProperty("status").GetInt32()).ShouldBe([202, 400, 202, 202]);
        new[] { moved[0], moved[2], moved[3] }.Select(Id).ShouldBe([first[3], first[1], first[2]]);
        Id(other[0]).ShouldNotBe(first[0]);
        foreach (var id in (List<string>)[.. first, Id(other[0])])
            await host.Outcome($"/v1/notifications/{id}");
        (await Found("key", "many:moved")).ShouldBe(5);

        static string To(string recipient, string text = "On Monday.")
        {
            var item = JsonNode.Parse(Of(null, "moved"))!;
            item["recipient"]!["id"] = recipient;
            item["data"]!["text"] = text;
            return item.ToJsonString();
        }
    }

    [Fact]
    public async Task Should_stay_the_same_when_one_before_them_was_refused_and_is_mended()
    {
        var (misspelt, second, third) = (To("category", "catgory"), To(null, null), To(null, null));
        var first = Items(await host.Post(Batch, List([misspelt, second, third]), ("Idempotency-Key", "mended")));
        first.Select(item => item.GetProperty("status").GetInt32()).ShouldBe([400, 202, 202]);

        var named = JsonNode.Parse(third)!;
        named["eventId"] = "mended-third";
        var again = Items(await host.Post(Batch, List([To(null, null), second, named.ToJsonString()]), ("Idempotency-Key", "mended")));

        again.Select(item => item.GetProperty("status").GetInt32()).ShouldBe([202, 202, 202]);
        Id(again[1]).ShouldBe(Id(first[1]));
        again.Select(Id).Distinct(StringComparer.Ordinal).Count().ShouldBe(3);

        static string To(string? property, string? misspelt)
        {
            var item = Of(null, "mended");
            return property is null ? item : item.Replace($"\"{property}\"", $"\"{misspelt}\"", StringComparison.Ordinal);
        }
    }

    /// <summary>Nothing else leads to it: what it was is in the log alone.</summary>
    [Fact]
    public async Task Should_say_of_what_failed_here_where_the_log_has_it()
    {
        await using var broken = new RunningHost { Configure = services => services.AddSingleton<ITemplates, BrokenTemplates>() };
        await broken.InitializeAsync();

        var answer = await broken.Post(Batch, List([Of(null, "broken"), "{}"]));

        Items(answer).Select(item => item.GetProperty("status").GetInt32()).ShouldBe([500, 400]);
        Items(answer)[0].GetProperty("problem").GetProperty("traceId").GetString().ShouldNotBeNullOrEmpty();
        Items(answer)[1].GetProperty("problem").TryGetProperty("traceId", out _).ShouldBeFalse();
    }

    /// <summary>B: what is cheap to ask and dear to answer is held no matter how few bytes it has.</summary>
    [Fact]
    public async Task Should_have_a_place_for_many_items_however_small_they_are()
    {
        using var bodies = new RequestBodies(new FakeTimeProvider());
        await using var busy = new RunningHost { Configure = services => services.AddSingleton(bodies) };
        await busy.InitializeAsync();
        var held = await Task.WhenAll(Enumerable.Range(0, RequestBodies.LargeBatchesAtOnce).Select(_ => bodies.ReadBatch(Large())));
        var line = Enumerable.Range(0, RequestBodies.LargeBatchesAtOnce).Select(_ => bodies.ReadBatch(Large())).ToList();

        var many = await busy.Post(Batch, Wrong(10_000));
        var few = await busy.Post(Batch, Wrong(RequestBodies.FewItems));

        many.Status.ShouldBe(HttpStatusCode.TooManyRequests);
        few.Status.ShouldBe(HttpStatusCode.MultiStatus);
        foreach (var body in held)
            body.Dispose();
        foreach (var body in await Task.WhenAll(line))
            body.Dispose();
        var again = await busy.Post(Batch, Wrong(10_000));
        again.Json.GetProperty("refused").GetInt32().ShouldBe(10_000);
        bodies.LargeNow.ShouldBe(0);

        static string Wrong(int count) => List(Enumerable.Repeat("1", count));
        static HttpRequest Large() =>
            new DefaultHttpContext { Request = { Body = new MemoryStream(new byte[RequestBodies.Small + 1]) } }.Request;
    }

    [Theory]
    [InlineData("[]", HttpStatusCode.BadRequest, "validation")]
    [InlineData("{}", HttpStatusCode.BadRequest, "validation")]
    [InlineData("null", HttpStatusCode.BadRequest, "validation")]
    [InlineData("", HttpStatusCode.BadRequest, "malformed-json")]
    [InlineData("[{}", HttpStatusCode.BadRequest, "malformed-json")]
    [InlineData("[{}] x", HttpStatusCode.BadRequest, "malformed-json")]
    [InlineData("[{},]", HttpStatusCode.BadRequest, "malformed-json")]
    public async Task Should_refuse_what_is_no_list_of_items(string body, HttpStatusCode status, string type) =>
        (await host.Post(Batch, body)).ShouldBeProblem(status, type);

    [Fact]
    public async Task Should_take_none_of_one_too_many()
    {
        var item = Of(null, "too-many");

        var refused = await host.Post(Batch, List(Enumerable.Repeat(item, 10_001)));

        refused.ShouldBeProblem(HttpStatusCode.RequestEntityTooLarge, "too-many-items");
        (await Found("key", "many:too-many")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_take_ten_thousand()
    {
        // All of them are refused but two, so that the others need not be sent; each is looked at as any is.
        var bad = Occurrence.With("notification-requested", "recipient.email", "som@");
        var list = List(Enumerable.Range(0, 10_000).Select(index => index is 0 or 9_999 ? Of($"of-many-{index}", "ten-thousand") : bad));

        var answer = await host.Post(Batch, list);

        answer.Status.ShouldBe(HttpStatusCode.MultiStatus);
        answer.Json.GetProperty("accepted").GetInt32().ShouldBe(2);
        answer.Json.GetProperty("refused").GetInt32().ShouldBe(9_998);
        var told = Items(answer);
        told.Count.ShouldBe(10_000);
        told.ShouldAllBe(item =>
            item.GetProperty("index").GetInt32() == 0
            || item.GetProperty("status").GetInt32() == 400
            || item.GetProperty("index").GetInt32() == 9_999
        );
        told[1].GetProperty("problem").GetProperty("errors").TryGetProperty("recipient.email", out _).ShouldBeTrue();
        told[9_998].GetProperty("problem").TryGetProperty("errors", out _).ShouldBeFalse("the answer has a bound");
        await host.Outcome($"/v1/notifications/{Id(told[9_999])}");
    }

    [Fact]
    public async Task Should_refuse_an_item_that_is_too_large_alone_and_a_body_that_is_wholly()
    {
        var large = JsonNode.Parse(Of("large", "large"))!;
        large["data"]!["more"] = new JsonArray([.. Enumerable.Repeat(new string('x', 19_000), 15).Select(text => JsonValue.Create(text))]);

        var answer = await host.Post(Batch, List([large.ToJsonString(), Of("small", "large")]));
        using var tooLarge = await RawRequest.Begin(
            host.Client.BaseAddress!,
            $"POST {Batch} HTTP/1.1\nHost: a\nContent-Type: application/json\nContent-Length: {10 * 1024 * 1024 + 1}\n\n"
        );

        Items(answer).Select(item => item.GetProperty("status").GetInt32()).ShouldBe([413, 202]);
        (await tooLarge.Answer(RunningHost.Patience)).ShouldStartWith("HTTP/1.1 413 ");
    }

    [Fact]
    public async Task Should_refuse_an_item_that_is_too_deep_alone()
    {
        var deep = $"{new string('[', 100_000)}{new string(']', 100_000)}";

        var answer = await host.Post(Batch, List([deep, Of("shallow", "deep")]));

        Items(answer).Select(item => item.GetProperty("status").GetInt32()).ShouldBe([400, 202]);
        Items(answer)[0].GetProperty("problem").GetProperty("type").GetString().ShouldBe("urn:notificationbus:problem:malformed-json");
    }

    [Fact]
    public async Task Should_name_few_places_of_each()
    {
        var many = JsonNode.Parse(Of(null, "places"))!;
        for (var index = 0; index < 50; index++)
            many[$"unknown{index}"] = 1;

        var answer = await host.Post(Batch, List([many.ToJsonString()]));

        Items(answer)[0].GetProperty("problem").GetProperty("errors").EnumerateObject().Count().ShouldBe(10);
    }

    [Fact]
    public async Task Should_wait_for_no_outcome_and_say_so()
    {
        var answer = await host.Post(Batch, List([Of(null, "prefer")]), ("Prefer", "wait=5, handling=strict"));

        answer.Status.ShouldBe(HttpStatusCode.Accepted);
        answer.Headers.GetValues("Preference-Applied").ShouldBe(["handling=strict"]);
        answer.Headers.GetValues("Preference-Ignored").ShouldBe(["wait"]);
    }

    [Theory]
    [InlineData(250, HttpStatusCode.BadRequest)]
    [InlineData(249, HttpStatusCode.Accepted)]
    public async Task Should_leave_room_for_the_place_in_a_key(int length, HttpStatusCode status) =>
        (await host.Post(Batch, List([Of(null, "keys")]), ("Idempotency-Key", new string('k', length)))).Status.ShouldBe(status);

    [Fact]
    public async Task Should_take_events_and_what_withdraws()
    {
        var placed = Occurrence.With("order-placed", "eventId", "placed-in-a-list");
        var orderless = Occurrence.With("order-placed", "orderId", "");

        var events = await host.Post("/v1/events/order-placed/batch", List([placed, orderless, placed]));
        var paid = await host.Post("/v1/events/order-paid/batch", """[{"orderId":"4711-of-a-list"},{"orderId":""}]""");

        Items(events).Select(item => item.GetProperty("status").GetInt32()).ShouldBe([202, 400, 202]);
        Items(events)[2].GetProperty("duplicateOf").GetInt32().ShouldBe(0);
        await host.Outcome($"/v1/notifications/{Id(Items(events)[0])}");
        Items(paid).Select(item => item.GetProperty("status").GetInt32()).ShouldBe([202, 400]);
        Items(paid)[0].TryGetProperty("notification", out _).ShouldBeFalse("it begins none");
        (await host.Post("/v1/events/order-plced/batch", List([placed]))).ShouldBeProblem(HttpStatusCode.NotFound, "unknown-event");
        (await host.Post("/v1/events/order-placed/batch", List([placed]), ("Idempotency-Key", "k")))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")
            .Keys.ShouldBe(["Idempotency-Key"]);
    }

    [Fact]
    public async Task Should_say_of_each_that_nothing_is_taken_now_and_take_it_when_it_comes_again()
    {
        await using var closed = new RunningHost();
        await closed.InitializeAsync();
        var list = List([Of(null, "closed"), Of(null, "closed"), "{}"]);
        closed.Of<IntakeGate>().Close("a policy would drop it");

        var refused = await closed.Post(Batch, list, ("Idempotency-Key", "again"));
        closed.Of<IntakeGate>().Open();
        var taken = await closed.Post(Batch, list, ("Idempotency-Key", "again"));

        refused.Status.ShouldBe(HttpStatusCode.MultiStatus);
        Items(refused).Select(item => item.GetProperty("status").GetInt32()).ShouldBe([503, 503, 400]);
        refused.Headers.RetryAfter.ShouldNotBeNull();
        Items(taken).Select(item => item.GetProperty("status").GetInt32()).ShouldBe([202, 202, 400]);
    }

    /// <summary>A list is as many calls as it has items, and all that are allowed in a window at most: none can never be made.</summary>
    [Fact]
    public async Task Should_count_its_items_as_calls()
    {
        await using var limited = new RunningHost
        {
            Settings =
            [
                "--Auth:Mode=Keys",
                $"--Auth:FirstKey={HostWithKeys.FirstKey}",
                "--RateLimits:CallsPerKey=5",
                "--RateLimits:CallsPerApplication=100",
                "--RateLimits:Window=01:00:00",
            ],
        };
        await limited.InitializeAsync();
        var (few, many) = (await Make(limited), await Make(limited));

        var four = await Call(few, 4);
        var twoMore = await Call(few, 2);
        var six = await Call(many, 6);

        four.Status.ShouldBe(HttpStatusCode.Accepted);
        four.Headers.GetValues("RateLimit").Single().ShouldStartWith("\"key\";r=1;t=");
        twoMore.ShouldBeProblem(HttpStatusCode.TooManyRequests, "too-many-calls");
        six.Status.ShouldBe(HttpStatusCode.Accepted);
        six.Headers.GetValues("RateLimit").Single().ShouldStartWith("\"key\";r=0;t=");

        Task<Answer> Call(string key, int items) =>
            limited.Post(Batch, List(Enumerable.Repeat(Of(null, "limits"), items)), ("Authorization", $"Bearer {key}"));

        static async Task<string> Make(RunningHost host)
        {
            var made = await host.Of<KeyIssuer>()
                .Create("shop", "a test", [Scope.Send], new("a test", "a test"), TestContext.Current.CancellationToken);
            await host.Of<KeyRing>().Refresh(TestContext.Current.CancellationToken);
            return made.Text;
        }
    }

    async Task<int> Found(string name, string value)
    {
        var found = await host.Get($"/v1/notifications?{name}={value}");
        return found.Json.GetProperty("notifications").GetArrayLength();
    }

    static string Of(string? eventId, string key)
    {
        var item = JsonNode.Parse(Occurrence.ByName["notification-requested"])!;
        if (eventId is not null)
            item["eventId"] = eventId;
        item["keys"] = new JsonObject { ["many"] = key };
        return item.ToJsonString();
    }

    static string List(IEnumerable<string> items) => $"[{string.Join(",\n", items)}]";

    static IReadOnlyList<JsonElement> Items(Answer answer) => [.. answer.Json.GetProperty("items").EnumerateArray()];

    static string Id(JsonElement item) => item.GetProperty("notification").GetProperty("id").GetString()!;

    sealed class BrokenTemplates : ITemplates
    {
        public IReadOnlyCollection<string> Categories => [.. Occurrence.ByName.Keys, "announcement"];

        public bool Has(string category, string channel) => true;

        public Content Render(string category, IChannel channel, string? locale, string? recipientName, JsonElement data) =>
            throw new InvalidOperationException("nobody planned this");
    }
}
