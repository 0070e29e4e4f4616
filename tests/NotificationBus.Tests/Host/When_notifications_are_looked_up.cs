using System.Net;
using System.Text;

namespace NotificationBus.Tests.Host;

public sealed class When_notifications_are_looked_up(RunningHost host) : IClassFixture<RunningHost>
{
    const string Path = "/v1/notifications";

    [Fact]
    public async Task Should_page_through_all_with_each_exactly_once()
    {
        var posted = new List<string>();
        for (var number = 0; number < 23; number++)
            posted.Add((await Delivered("order-shipped", "buyer", "paging"))[^36..]);

        var seen = new List<string>();
        var pages = 0;
        for (var next = $"{Path}?recipient=paging&status=delivered&limit=5"; next is not null; pages++)
        {
            var page = (await host.Get(next)).Json;
            seen.AddRange(
                page.GetProperty("notifications").EnumerateArray().Select(notification => notification.GetProperty("id").GetString()!)
            );
            next = page.TryGetProperty("next", out var after) ? after.GetString() : null;
        }

        pages.ShouldBe(5);
        seen.ShouldBe(posted.AsEnumerable().Reverse());
    }

    [Fact]
    public async Task Should_filter_by_recipient_category_and_status()
    {
        await Delivered("order-placed", "seller", "filtered");
        await Delivered("chat-message-sent", "seller", "filtered");
        await Delivered("order-placed", "seller", "somebody else");

        (await Events("recipient=filtered")).ShouldBe(["chat-message-sent", "order-placed"]);
        (await Events("recipient=filtered&category=order-placed")).ShouldBe(["order-placed"]);
        (await Events("recipient=filtered&status=delivered")).Count.ShouldBe(2);
        (await Events("recipient=filtered&status=failed")).ShouldBeEmpty();
        (await Events("recipient=nobody")).ShouldBeEmpty();
        (await Events("recipient=Somebody%20else")).ShouldBeEmpty("an id is another one in capitals");
        (await Events("recipient=somebody%20else")).ShouldHaveSingleItem();
    }

    /// <summary>"Did order 4711's seller get it?" in one call.</summary>
    [Fact]
    public async Task Should_find_it_by_what_the_caller_knows()
    {
        var day = TimeProvider.System.GetUtcNow();
        var accepted = await host.Post(
            Path,
            """
            {"eventId":"found-1","category":"announcement","recipient":{"id":"found","email":"Som@EXAMPLE.com","pushTokens":["demo-token"]},
             "data":{"title":"Sale","text":"Today"},"channels":["email"],"keys":{"campaign":"11.11: all","shop":"7"}}
            """
        );
        (await host.Outcome(accepted.Json.GetProperty("links").GetProperty("self").GetString()!))
            .GetProperty("status")
            .GetString()
            .ShouldBe("delivered");

        foreach (
            var query in (string[])
                [
                    "eventId=found-1",
                    "key=campaign:11.11:%20all",
                    "key=shop:7",
                    "address=sOm@example.com",
                    "address=som@example.com&channel=email",
                    "channel=email&provider=sandbox",
                    $"from={day:yyyy-MM-dd}&category=announcement",
                    "from=2020-01-01T00:00:00%2B07:00&key=shop:7&status=delivered&recipient=found",
                ]
        )
        {
            var found = (await host.Get($"{Path}?{query}")).Json.GetProperty("notifications");
            found
                .EnumerateArray()
                .Select(one => one.TryGetProperty("eventId", out var id) ? id.GetString() : null)
                .ShouldContain("found-1", query);
        }

        foreach (
            var query in (string[])
                [
                    "eventId=found-2",
                    "key=shop:8",
                    "key=Shop:7",
                    "address=demo-token&recipient=found",
                    "channel=sms&recipient=found",
                    "to=2020-01-01",
                ]
        )
        {
            (await host.Get($"{Path}?{query}")).Json.GetProperty("notifications").GetArrayLength().ShouldBe(0, query);
        }

        var listed = (await host.Get($"{Path}?eventId=found-1")).Json.GetProperty("notifications")[0];
        listed.GetProperty("keys").GetRawText().ShouldBe("""{"campaign":"11.11: all","shop":"7"}""");
        listed.GetProperty("channels").GetRawText().ShouldBe("""["email"]""");
    }

    [Theory]
    [InlineData("order-placed", "seller", "key=order:")]
    [InlineData("order-shipped", "buyer", "key=order:")]
    [InlineData("payment-reminder-due", "buyer", "key=order:")]
    [InlineData("chat-message-sent", "seller", "key=conversation:")]
    public async Task Should_find_an_event_by_its_own_number(string name, string person, string key)
    {
        await Delivered(name, person, $"keyed-{name}");

        var found = (await host.Get($"{Path}?recipient=keyed-{name}")).Json.GetProperty("notifications")[0];
        var number = found.GetProperty("keys").EnumerateObject().Single();

        $"key={number.Name}:".ShouldBe(key);
        (await host.Get($"{Path}?{key}{Uri.EscapeDataString(number.Value.GetString()!)}&recipient=keyed-{name}"))
            .Json.GetProperty("notifications")
            .GetArrayLength()
            .ShouldBe(1);
    }

    [Fact]
    public async Task Should_list_what_is_documented()
    {
        await Delivered("order-placed", "seller", "listed");

        var page = (await host.Get($"{Path}?recipient=listed")).Json;

        page.EnumerateObject().Select(property => property.Name).ShouldBe(["notifications"], "there is no next page");
        page.GetProperty("notifications")[0]
            .EnumerateObject()
            .Select(property => property.Name)
            .ShouldBe(["id", "application", "status", "event", "category", "recipient", "keys", "channels", "createdAt", "completedAt"]);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=-1", "limit")]
    [InlineData("limit=201", "limit")]
    [InlineData("limit=1e9", "limit")]
    [InlineData("limit=99999999999", "limit")]
    [InlineData("limit=5&limit=6", "limit")]
    [InlineData("pageSize=5", "pageSize")]
    [InlineData("sort=;drop", "sort")]
    [InlineData("Status=delivered", "Status")]
    [InlineData("status=sent", "status")]
    [InlineData("recipient=a%00", "recipient")]
    [InlineData("channel=e-mail", "channel")]
    [InlineData("channel=email&channel=sms&address=a", "channel")]
    [InlineData("key=4711", "key")]
    [InlineData("key=:4711", "key")]
    [InlineData("key=order:", "key")]
    [InlineData("key=4:4711", "key")]
    [InlineData("key=order:a%0Ab", "key")]
    [InlineData("from=yesterday", "from")]
    [InlineData("from=2026-02-30", "from")]
    [InlineData("from=2026-11-30T09:00:00", "from")]
    [InlineData("from=2026-11-30T09:00:00+07:00", "from")]
    [InlineData("from=2026-11-30&to=2026-11-30", "to")]
    [InlineData("address=", "address")]
    [InlineData("eventId=a%00", "eventId")]
    [InlineData("after=x", "after")]
    [InlineData("after=-_-_", "after")]
    [InlineData("after=%27;--", "after")]
    [InlineData("after=*", "after")]
    public async Task Should_refuse_a_query_it_does_not_understand(string query, string place)
    {
        var answer = await host.Get($"{Path}?{query}");

        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation").Keys.ShouldBe([place]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1.2")]
    [InlineData("-1.00000000000000000000000000000000")]
    [InlineData("9223372036854775807.00000000000000000000000000000000")]
    [InlineData("99999999999999999999.00000000000000000000000000000000")]
    [InlineData("1.00000000000000000000000000000000.1")]
    [InlineData("1.00000000-0000-0000-0000-000000000000")]
    public async Task Should_refuse_a_cursor_it_did_not_give(string content)
    {
        // "x" keeps the empty one from being no cursor at all.
        var cursor = Convert.ToBase64String(Encoding.ASCII.GetBytes(content + "x")).TrimEnd('=').Replace('+', '-').Replace('/', '_');

        (await host.Get($"{Path}?after={cursor}")).ShouldBeProblem(HttpStatusCode.BadRequest, "validation").Keys.ShouldBe(["after"]);
    }

    [Fact]
    public async Task Should_refuse_a_cursor_that_was_cut()
    {
        await Delivered("order-shipped", "buyer", "cut");
        await Delivered("order-shipped", "buyer", "cut");
        var next = (await host.Get($"{Path}?recipient=cut&limit=1")).Json.GetProperty("next").GetString()!;

        (await host.Get(next)).Status.ShouldBe(HttpStatusCode.OK);
        (await host.Get(next[..^2])).ShouldBeProblem(HttpStatusCode.BadRequest, "validation").Keys.ShouldBe(["after"]);
    }

    [Fact]
    public async Task Should_tell_how_it_came_to_this()
    {
        var steps = (await host.Get($"{await Delivered("order-placed", "seller", "told")}/steps")).Json.GetProperty("steps");

        var first = steps[0];
        first
            .EnumerateObject()
            .Select(property => property.Name)
            .ShouldBe(["number", "at", "message", "messageIds", "before", "after", "deliveries", "caused", "changes", "derived"]);
        (first.GetProperty("message").GetString(), first.GetProperty("before").GetString()).ShouldBe(("OrderPlaced", "initial"));
        first.GetProperty("deliveries")[0].GetProperty("after").GetString().ShouldBe("sending");
        steps[steps.GetArrayLength() - 1].GetProperty("after").GetString().ShouldBe("delivered");
        steps[steps.GetArrayLength() - 1].GetProperty("caused")[0].GetString().ShouldBe("NotificationDelivered");
    }

    [Fact]
    public async Task Should_not_know_an_id_nobody_gave()
    {
        (await host.Get($"{Path}/{Guid.NewGuid()}")).ShouldBeProblem(HttpStatusCode.NotFound, "unknown-notification");
        (await host.Get($"{Path}/{Guid.NewGuid()}/steps")).ShouldBeProblem(HttpStatusCode.NotFound, "unknown-notification");
    }

    [Theory]
    [InlineData("1")]
    [InlineData("not-an-id")]
    [InlineData("00000000-0000-0000-0000-00000000000g")]
    [InlineData("..%2f..%2fetc")]
    public async Task Should_not_find_what_is_no_id(string id)
    {
        (await host.Get($"{Path}/{id}")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }

    async Task<string> Delivered(string name, string role, string recipient)
    {
        var accepted = await host.Post(Occurrence.AddressOf(name), Occurrence.With(name, $"{role}.id", recipient));
        (await host.Outcome(accepted.Self)).GetProperty("status").GetString().ShouldBe("delivered");
        return accepted.Self;
    }

    async Task<IReadOnlyList<string?>> Events(string query) =>
        [
            .. (await host.Get($"{Path}?{query}"))
                .Json.GetProperty("notifications")
                .EnumerateArray()
                .Select(notification => notification.GetProperty("event").GetString()),
        ];
}
