using System.Net;
using System.Text.Json;

namespace NotificationBus.Tests.Host;

public sealed class When_failed_messages_are_looked_up(RunningHost host) : IClassFixture<RunningHost>
{
    const string Path = "/v1/failed-messages";

    [Fact]
    public async Task Should_page_through_all_with_each_exactly_once()
    {
        var failed = new List<string>();
        for (var number = 0; number < 7; number++)
            failed.Add(await Fail("paging", failed.Count));
        var cause = (await host.Get($"{Path}/{failed[0]}")).Json.GetProperty("message").GetProperty("cause").GetString();

        var seen = new List<string>();
        var pages = 0;
        for (var next = $"{Path}?cause={cause}&state=failed&queue=notifications-bulk&limit=3"; next is not null; pages++)
        {
            var page = (await host.Get(next)).Json;
            seen.AddRange(page.GetProperty("failedMessages").EnumerateArray().Select(message => message.GetProperty("id").GetString()!));
            next = page.TryGetProperty("next", out var after) ? after.GetString() : null;
        }

        pages.ShouldBeGreaterThanOrEqualTo(3);
        seen.ShouldBeUnique();
        seen.Where(failed.Contains).ShouldBe(failed.AsEnumerable().Reverse());
    }

    [Fact]
    public async Task Should_show_what_came_and_why_it_failed()
    {
        var id = await Fail("shown", 0);

        var view = (await host.Get($"{Path}/{id}")).Json;

        view.EnumerateObject().Select(property => property.Name).ShouldBe(["message", "headers", "body", "text"]);
        var message = view.GetProperty("message");
        message
            .EnumerateObject()
            .Select(property => property.Name)
            .ShouldBe([
                "id",
                "state",
                "kind",
                "cause",
                "reason",
                "exceptionType",
                "queue",
                "canBeReplayed",
                "messageId",
                "messageTypes",
                "contentType",
                "bodyLength",
                "firstFailedAt",
                "failedAt",
                "times",
            ]);
        (
            message.GetProperty("state").GetString(),
            message.GetProperty("kind").GetString(),
            message.GetProperty("queue").GetString(),
            message.GetProperty("times").GetInt32()
        ).ShouldBe(("failed", "failed", "notifications-bulk", 1));
        message.GetProperty("reason").GetString().ShouldStartWith("category is unknown, allowed are");
        message.GetProperty("messageTypes")[0].GetString().ShouldBe("urn:message:NotificationBus.Contracts:NotificationRequested");
        view.GetProperty("text").GetString().ShouldBe(System.Text.Encoding.UTF8.GetString(view.GetProperty("body").GetBytesFromBase64()));
        using var download = await host.Client.GetAsync(new Uri($"{Path}/{id}/body", UriKind.Relative));
        download.Content.Headers.ContentType!.MediaType.ShouldBe("application/octet-stream");
        (await download.Content.ReadAsByteArrayAsync()).ShouldBe(view.GetProperty("body").GetBytesFromBase64());
    }

    [Fact]
    public async Task Should_count_a_replay_that_fails_as_the_same_message()
    {
        var id = await Fail("replayed", 0);

        (await host.Post($"{Path}/{id}/replay", """{"by":"som"}""")).Json.GetProperty("replayed").GetInt32().ShouldBe(1);

        var message = await Until(id, message => message.GetProperty("times").GetInt32() == 2);
        message.GetProperty("state").GetString().ShouldBe("failed");
        message.GetProperty("replayedBy").GetString().ShouldBe("som");
        (await Messages("replayed")).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_do_nothing_twice()
    {
        var id = await Fail("twice", 0);

        (await host.Post($"{Path}/{id}/archive", "{}")).Json.GetProperty("archived").GetInt32().ShouldBe(1);
        (await host.Post($"{Path}/{id}/archive", "{}")).Json.GetProperty("archived").GetInt32().ShouldBe(0);

        (await host.Get($"{Path}/{id}")).Json.GetProperty("message").GetProperty("state").GetString().ShouldBe("archived");
    }

    [Fact]
    public async Task Should_replay_one_that_was_archived_when_it_is_named()
    {
        var id = await Fail("archived", 0);
        await host.Post($"{Path}/{id}/archive", "{}");

        await host.Post($"{Path}/replay", """{"all":true}""");
        (await host.Get($"{Path}/{id}")).Json.GetProperty("message").GetProperty("state").GetString().ShouldBe("archived");
        (await host.Post($"{Path}/{id}/replay", "{}")).Json.GetProperty("replayed").GetInt32().ShouldBe(1);

        (await Until(id, message => message.GetProperty("times").GetInt32() == 2)).GetProperty("state").GetString().ShouldBe("failed");
    }

    [Fact]
    public async Task Should_note_who_archived_and_replayed_it_and_why()
    {
        var id = await Fail("noted", 0);

        await host.Post($"{Path}/{id}/archive", """{"by":"som","why":"an old test"}""");
        await host.Post($"{Path}/{id}/archive", """{"by":"som","why":"a second click"}""");
        await host.Post($"{Path}/{id}/replay", """{"by":"nok"}""");

        (await host.Get("/v1/changes?limit=200"))
            .Json.GetProperty("changes")
            .EnumerateArray()
            .Where(change => change.GetProperty("subject").GetString() == $"failed message {id}")
            .Select(change =>
                (change.GetProperty("who").GetString(), change.GetProperty("why").GetString(), change.GetProperty("after").GetRawText())
            )
            .ShouldBe([("nok", "not said", """{"replayed":1}"""), ("som", "an old test", """{"archived":1}""")]);
    }

    [Fact]
    public async Task Should_group_those_that_wait_by_cause()
    {
        var ids = new[] { await Fail("grouped", 0), await Fail("grouped", 1) };
        var cause = (await host.Get($"{Path}/{ids[0]}")).Json.GetProperty("message").GetProperty("cause").GetString();

        var group = (await host.Get($"{Path}/causes"))
            .Json.GetProperty("causes")
            .EnumerateArray()
            .Single(group => group.GetProperty("cause").GetString() == cause);

        group
            .EnumerateObject()
            .Select(property => property.Name)
            .ShouldBe(["cause", "kind", "queue", "reason", "count", "firstFailedAt", "lastFailedAt"]);
        group.GetProperty("count").GetInt32().ShouldBeGreaterThanOrEqualTo(2);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("state=lost", "state")]
    [InlineData("state=Failed", "state")]
    [InlineData("status=failed", "status")]
    [InlineData("cause=a&cause=b", "cause")]
    [InlineData("queue=a%00", "queue")]
    [InlineData("queue=", "queue")]
    [InlineData("after=x", "after")]
    public async Task Should_refuse_a_query_it_does_not_understand(string query, string place)
    {
        (await host.Get($"{Path}?{query}")).ShouldBeProblem(HttpStatusCode.BadRequest, "validation").Keys.ShouldBe([place]);
    }

    [Theory]
    [InlineData("{}", "cause")]
    [InlineData("""{"all":false}""", "cause")]
    [InlineData("""{"all":true,"cause":"failed-1"}""", "cause")]
    [InlineData("""{"cause":""}""", "cause")]
    [InlineData("""{"all":"yes"}""", "all")]
    [InlineData("""{"all":true,"by":""}""", "by")]
    [InlineData("""{"all":true,"why":""}""", "why")]
    [InlineData("""{"everything":true}""", "everything")]
    public async Task Should_refuse_a_decision_that_does_not_say_on_what(string body, string place)
    {
        (await host.Post($"{Path}/replay", body)).ShouldBeProblem(HttpStatusCode.BadRequest, "validation").Keys.ShouldBe([place]);
        (await host.Post($"{Path}/archive", body)).ShouldBeProblem(HttpStatusCode.BadRequest, "validation").Keys.ShouldBe([place]);
    }

    [Fact]
    public async Task Should_not_know_an_id_nobody_gave()
    {
        (await host.Get($"{Path}/{Guid.NewGuid()}")).ShouldBeProblem(HttpStatusCode.NotFound, "unknown-failed-message");
        (await host.Get($"{Path}/{Guid.NewGuid()}/body")).ShouldBeProblem(HttpStatusCode.NotFound, "unknown-failed-message");
        (await host.Post($"{Path}/{Guid.NewGuid()}/replay", "{}")).ShouldBeProblem(HttpStatusCode.NotFound, "unknown-failed-message");
        (await host.Post($"{Path}/{Guid.NewGuid()}/archive", "{}")).ShouldBeProblem(HttpStatusCode.NotFound, "unknown-failed-message");
    }

    /// <summary>Has a message fail on the bus, and waits until it is on record.</summary>
    async Task<string> Fail(string recipient, int earlier)
    {
        await host.Bus.Publish(
            new Contracts.NotificationRequested
            {
                Category = "none",
                Recipient = new Contracts.Contact { Id = recipient },
                Data = JsonSerializer.SerializeToElement(new { title = "Hello" }),
            }
        );

        for (; ; await Task.Delay(5))
        {
            var found = await Messages(recipient);
            if (found.Count > earlier)
                return found[0];
        }
    }

    async Task<IReadOnlyList<string>> Messages(string recipient)
    {
        var found = new List<string>();
        foreach (var message in (await host.Get($"{Path}?limit=200")).Json.GetProperty("failedMessages").EnumerateArray())
        {
            var id = message.GetProperty("id").GetString()!;
            if (
                (await host.Get($"{Path}/{id}"))
                    .Json.GetProperty("text")
                    .GetString()!
                    .Contains($"\"{recipient}\"", StringComparison.Ordinal)
            )
                found.Add(id);
        }

        return found;
    }

    async Task<JsonElement> Until(string id, Func<JsonElement, bool> wanted)
    {
        for (; ; await Task.Delay(5))
        {
            var message = (await host.Get($"{Path}/{id}")).Json.GetProperty("message");
            if (wanted(message))
                return message;
        }
    }
}
