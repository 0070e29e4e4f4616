using System.Net;
using System.Text.Json;
using static NotificationBus.Tests.Host.HostWithServices;

namespace NotificationBus.Tests.Host;

public sealed class When_operators_control_a_provider(HostWithServices services) : IClassFixture<HostWithServices>, IAsyncLifetime
{
    public async ValueTask InitializeAsync()
    {
        await services.SetProvider("gateway", "{}");
        await services.SetProvider("backup", "{}");
        await services.SetEmail("{}");
    }

    public async ValueTask DisposeAsync() => await SetBreaker("");

    [Fact]
    public async Task Should_show_every_account_and_how_it_stands()
    {
        var providers = All((await services.Host.Get("/v1/providers")).Json, "providers").ToList();

        providers
            .Select(provider => (Text(provider, "channel"), Text(provider, "account")))
            .ShouldBe(
                [
                    ("email", "gateway"),
                    ("email", "backup"),
                    ("push", "sandbox"),
                    ("sms", "sandbox"),
                    ("chat", "sandbox"),
                    ("webhook", "sandbox"),
                ],
                ignoreOrder: true
            );
        providers[0]
            .EnumerateObject()
            .Select(property => property.Name)
            // One whose circuit another test has opened before says since when it is closed.
            .Where(name => name != "since")
            .ShouldBe(["account", "channel", "switch", "circuit", "breaker", "needsAttention", "concurrency"]);
        $"{providers[0].GetProperty("breaker")}".ShouldBe(
            """{"minimumCalls":8,"failureShare":0.9,"openFor":"00:00:30","halfOpenCalls":3}"""
        );
        providers[0].GetProperty("concurrency").GetProperty("limit").GetInt32().ShouldBeOneOf(3, 32);
        providers.ShouldAllBe(provider => Text(provider, "switch") == "on" && Text(provider, "circuit") == "closed");
    }

    [Theory]
    [InlineData("""{"switch":"off"}""")]
    [InlineData("""{"switch":"drain"}""")]
    [InlineData("""{"pin":"open"}""")]
    public async Task Should_send_through_the_next_one_until_it_is_used_again(string setting)
    {
        var (without, with) = (Mailbox(), Mailbox());

        await services.SetProvider("gateway", setting);
        Text(Delivery(await services.Host.Outcome(await services.PlaceOrder(without))), "provider").ShouldBe("backup");
        CallsFor(without, services.Gateway).ShouldBe(0);

        await services.SetProvider("gateway", "{}");
        Text(Delivery(await services.Host.Outcome(await services.PlaceOrder(with))), "provider").ShouldBe("gateway");
        CallsFor(with, services.Backup).ShouldBe(0);
    }

    [Fact]
    public async Task Should_call_one_whose_circuit_is_held_closed_whatever_it_answers()
    {
        await services.SetProvider("gateway", """{"pin":"closed"}""");
        services.Gateway.Answers("408 Request Timeout");
        try
        {
            var mailboxes = Enumerable.Range(0, 12).Select(_ => Mailbox()).ToList();
            foreach (var mailbox in mailboxes)
                Text(Delivery(await services.Host.Outcome(await services.PlaceOrder(mailbox))), "provider").ShouldBe("backup");

            mailboxes.ShouldAllBe(mailbox => CallsFor(mailbox, services.Gateway) == 1);
            Text(await Provider("gateway"), "circuit").ShouldBe("closed");
        }
        finally
        {
            services.Gateway.Answers("200 OK");
        }
    }

    [Fact]
    public async Task Should_send_first_through_the_one_that_has_all_the_weight()
    {
        await services.SetProvider("backup", """{"weight":1}""");

        for (var i = 0; i < 5; i++)
            Text(Delivery(await services.Host.Outcome(await services.PlaceOrder(Mailbox()))), "provider").ShouldBe("backup");
    }

    [Fact]
    public async Task Should_call_it_no_more_often_than_was_set()
    {
        await services.SetProvider("gateway", """{"perSecond":2}""");

        var placed = new List<string>();
        for (var i = 0; i < 3; i++)
            placed.Add(await services.PlaceOrder(Mailbox()));
        var calls = new List<DateTimeOffset>();
        foreach (var self in placed)
            calls.Add(Delivery(await services.Host.Outcome(self)).GetProperty("attempts")[0].GetProperty("startedAt").GetDateTimeOffset());

        (calls.Max() - calls.Min()).ShouldBeGreaterThan(
            TimeSpan.FromMilliseconds(700),
            "two turns of half a second, less the quarter that is not worth a wait"
        );
    }

    [Fact]
    public async Task Should_bring_those_who_wait_for_their_turn_forward_when_a_higher_rate_is_set()
    {
        await services.SetProvider("gateway", """{"perSecond":0.01}""");
        var placed = new List<string>();
        for (var i = 0; i < 3; i++)
            placed.Add(await services.PlaceOrder(Mailbox()));
        // Whichever comes first is sent.
        var waiting = 0;
        foreach (var self in placed)
        {
            var notification = await services.Host.Until(
                self,
                notification => Waits(notification) || Text(notification, "status") == "delivered"
            );
            waiting += Waits(notification) ? 1 : 0;
        }

        waiting.ShouldBe(2);

        await services.SetProvider("gateway", """{"perSecond":100}""");

        // The last of them would have waited for three minutes, which is longer than anybody waits here.
        foreach (var self in placed)
            Text(Delivery(await services.Host.Outcome(self)), "provider").ShouldBe("gateway");
    }

    [Fact]
    public async Task Should_try_them_in_the_order_that_was_set_and_show_the_configured_one_beside_it()
    {
        await services.SetEmail("""{"order":["backup"]}""");

        var email = All((await services.Host.Get("/v1/channels")).Json, "channels").Single(channel => Text(channel, "channel") == "email");
        email.EnumerateObject().Select(property => property.Name).ShouldBe(["channel", "paused", "providers", "configured", "routes"]);
        $"{email.GetProperty("configured")}".ShouldBe("""["gateway","backup"]""");
        Text(Delivery(await services.Host.Outcome(await services.PlaceOrder(Mailbox()))), "provider").ShouldBe("backup");
    }

    [Fact]
    public async Task Should_answer_with_the_whole_setting_and_forget_what_is_left_out()
    {
        var all = await services.Host.Put(
            "/v1/providers/gateway",
            """{"switch":"drain","pin":"open","weight":3,"perSecond":0.5,"by":"ann","why":"they are down"}"""
        );
        all.Status.ShouldBe(HttpStatusCode.OK);
        all.Body.ShouldBe("""{"switch":"drain","weight":3,"pin":"open","perSecond":0.5}""");

        var rest = await services.Host.Put("/v1/providers/gateway", """{"weight":0,"by":"ann","why":"they are back"}""");
        rest.Body.ShouldBe("""{"switch":"on","weight":0}""");
    }

    [Fact]
    public async Task Should_stop_calling_one_as_soon_as_its_breaker_says()
    {
        await services.Host.Outcome(await services.PlaceOrder(Mailbox()));
        await SetBreaker(""" "minimumCalls":2,"failureShare":0.01,"openFor":"00:00:01","halfOpenCalls":1, """);
        services.Gateway.Answers("503 Service Unavailable");
        try
        {
            // Of those before some may be counted: at the latest the second one says it.
            for (var i = 0; i < 2; i++)
                Text(Delivery(await services.Host.Outcome(await services.PlaceOrder(Mailbox()))), "provider").ShouldBe("backup");
            Text(await Provider("gateway"), "circuit").ShouldNotBe("closed");
        }
        finally
        {
            services.Gateway.Answers("200 OK");
        }

        await UntilClosed();
    }

    [Fact]
    public async Task Should_show_what_was_set_of_a_breaker_beside_what_is_configured_until_it_is_taken_back()
    {
        var set = await SetBreaker(""" "minimumCalls":20,"failureShare":0.5, """);
        $"{set}".ShouldBe("""{"switch":"on","breaker":{"minimumCalls":20,"failureShare":0.5}}""");

        var shown = await Provider("gateway");
        $"{shown.GetProperty("breaker")}".ShouldBe("""{"minimumCalls":20,"failureShare":0.5,"openFor":"00:00:30","halfOpenCalls":3}""");
        $"{shown.GetProperty("breakerSet")}".ShouldBe("""{"minimumCalls":20,"failureShare":0.5}""");
        $"{shown.GetProperty("breakerConfigured")}".ShouldBe(
            """{"minimumCalls":8,"failureShare":0.9,"openFor":"00:00:30","halfOpenCalls":3}"""
        );

        // Whoever switches it off says nothing of its breaker, and sets nothing back.
        await services.SetProvider("gateway", """{"switch":"drain"}""");
        $"{(await Provider("gateway")).GetProperty("breakerSet")}".ShouldBe("""{"minimumCalls":20,"failureShare":0.5}""");

        $"{await SetBreaker("")}".ShouldBe("""{"switch":"drain"}""");
        shown = await Provider("gateway");
        (shown.TryGetProperty("breakerSet", out _) || shown.TryGetProperty("breakerConfigured", out _)).ShouldBeFalse();
        var change = All((await services.Host.Get("/v1/changes?limit=1")).Json, "changes").Single();
        (
            Text(change, "subject"),
            Text(change, "who"),
            Text(change, "why"),
            $"{change.GetProperty("before").GetProperty("breaker")}",
            $"{change.GetProperty("after")}"
        ).ShouldBe(("provider gateway", "ann", "they flap", """{"minimumCalls":20,"failureShare":0.5}""", """{"switch":"drain"}"""));
    }

    [Fact]
    public async Task Should_keep_who_changed_what_when_and_why_with_what_was_there_before()
    {
        await services.Host.Put("/v1/providers/gateway", """{"switch":"off","by":"ann","why":"they are down"}""");
        await services.Host.Put("/v1/channels/email", """{"paused":true,"order":["backup"],"by":" bob ","why":"a wrong template"}""");

        var changes = All((await services.Host.Get("/v1/changes?limit=2")).Json, "changes").ToList();

        changes[0]
            .EnumerateObject()
            .Select(property => property.Name)
            .ShouldBe(["number", "at", "subject", "who", "why", "before", "after"]);
        changes
            .Select(change =>
                (
                    Text(change, "subject"),
                    Text(change, "who"),
                    Text(change, "why"),
                    $"{change.GetProperty("before")}",
                    $"{change.GetProperty("after")}"
                )
            )
            .ShouldBe([
                ("channel email", "bob", "a wrong template", """{"paused":false}""", """{"paused":true,"order":["backup"]}"""),
                ("provider gateway", "ann", "they are down", """{"switch":"on"}""", """{"switch":"off"}"""),
            ]);
        changes.ShouldAllBe(change =>
            (TimeProvider.System.GetUtcNow() - change.GetProperty("at").GetDateTimeOffset()).Duration() < RunningHost.Patience
        );
    }

    [Fact]
    public async Task Should_page_through_the_changes_with_each_exactly_once()
    {
        for (var i = 0; i < 5; i++)
            await services.Host.Put("/v1/providers/backup", $$"""{"weight":{{i}},"by":"ann","why":"paging"}""");

        var (numbers, weights) = (new List<long>(), new List<int>());
        for (var next = "/v1/changes?limit=2"; next is not null; )
        {
            var page = (await services.Host.Get(next)).Json;
            All(page, "changes").Count().ShouldBeInRange(1, 2);
            numbers.AddRange(All(page, "changes").Select(change => change.GetProperty("number").GetInt64()));
            weights.AddRange(
                All(page, "changes")
                    .Where(change => Text(change, "why") == "paging")
                    .Select(change => change.GetProperty("after").GetProperty("weight").GetInt32())
            );
            next = Text(page, "next");
        }

        weights.ShouldBe([4, 3, 2, 1, 0]);
        numbers.ShouldBeUnique();
        numbers.ShouldBe(numbers.OrderDescending());
        numbers[^1].ShouldBe(1);
    }

    async Task<JsonElement> Provider(string account) =>
        All((await services.Host.Get("/v1/providers")).Json, "providers").Single(provider => Text(provider, "account") == account);

    async Task<JsonElement> SetBreaker(string setting)
    {
        var answer = await services.Host.Put("/v1/providers/gateway/breaker", $$"""{{{setting}}"by":"ann","why":"they flap"}""");
        answer.Status.ShouldBe(HttpStatusCode.OK, answer.Body);
        return answer.Json;
    }

    /// <summary>Each delivery is a probe once the break is over.</summary>
    async Task UntilClosed()
    {
        using var patience = new CancellationTokenSource(RunningHost.Patience);
        while (Text(await Provider("gateway"), "circuit") != "closed")
        {
            patience.Token.ThrowIfCancellationRequested();
            await services.Host.Outcome(await services.PlaceOrder(Mailbox()));
        }
    }

    static bool Waits(JsonElement notification) =>
        notification.TryGetProperty("deliveries", out _) && Delivery(notification).TryGetProperty("waitingUntil", out _);

    static string Mailbox() => $"{Guid.NewGuid():N}@example.com";
}
