using System.Net;
using System.Text.Json;
using static NotificationBus.Tests.Host.HostWithServices;

namespace NotificationBus.Tests.Host;

/// <summary>What begins goes by what is set at that moment; what has begun keeps the plan that it was given.</summary>
public sealed class When_operators_change_an_event_type(HostWithServices services) : IClassFixture<HostWithServices>, IAsyncLifetime
{
    public async ValueTask InitializeAsync() => await services.SetEmail("{}");

    public async ValueTask DisposeAsync()
    {
        await services.SetEmail("{}");
        foreach (var category in (string[])["order-placed", "announcement"])
            await Set(category, "");
    }

    [Fact]
    public async Task Should_list_them_with_what_is_set_beside_what_is_configured()
    {
        var types = All((await services.Host.Get("/v1/event-types")).Json, "eventTypes").ToList();
        types
            .Select(type => Text(type, "category"))
            .ShouldBe(["announcement", "chat-message-sent", "order-placed", "order-shipped", "payment-reminder-due"]);
        var shipped = types.Single(type => Text(type, "category") == "order-shipped");
        $"{shipped}".ShouldBe(
            """{"category":"order-shipped","switch":"on","version":0,"plan":{"channels":["push"],"mode":"all-at-once","""
                + """ "lifetime":"1.00:00:00","escalateUnless":"sent"}}""".TrimStart()
        );

        await Set("announcement", """ "channels":["email","push"],"escalateAfter":"00:10:00","escalateUnless":"read", """);

        var changed = await EventType("announcement");
        $"{changed.GetProperty("plan")}".ShouldBe(
            """{"channels":["email","push"],"mode":"first-that-works","lifetime":"1.00:00:00","escalateAfter":"00:10:00","""
                + """ "escalateUnless":"read"}""".TrimStart()
        );
        $"{changed.GetProperty("configured")}".ShouldBe(
            """{"channels":["push","email"],"mode":"first-that-works","lifetime":"1.00:00:00","escalateUnless":"sent"}"""
        );
        // What only the other mode has use for goes with it, and comes back with it.
        await Set("announcement", """ "mode":"all-at-once", """);
        (await EventType("announcement")).GetProperty("plan").TryGetProperty("escalateAfter", out _).ShouldBeFalse();

        await Set("announcement", "");
        changed = await EventType("announcement");
        (changed.TryGetProperty("set", out _) || changed.TryGetProperty("configured", out _)).ShouldBeFalse();
        changed.GetProperty("version").GetInt32().ShouldBeGreaterThanOrEqualTo(3, "the number goes on");
    }

    [Fact]
    public async Task Should_plan_what_begins_by_it_and_leave_what_has_begun_its_plan()
    {
        await services.SetEmail("""{"paused":true}""");
        var begun = await services.PlaceOrder(Mailbox());
        await services.Host.Until(
            begun,
            one => one.TryGetProperty("deliveries", out _) && Text(Delivery(one), "waitingCode") == "channel-paused"
        );

        var version = (await Set("order-placed", """ "channels":["push"], """)).GetProperty("version").GetInt32();

        var next = await services.Host.Outcome(await services.PlaceOrder(Mailbox()));
        Text(Delivery(next), "channel").ShouldBe("push");
        next.GetProperty("planVersion").GetInt32().ShouldBe(version);
        All(next, "decisions").First().GetString().ShouldBe($"planned by version {version} of what operators have set for order-placed");
        await services.SetEmail("{}");
        var earlier = await services.Host.Outcome(begun);
        Text(Delivery(earlier), "channel").ShouldBe("email");
        earlier.TryGetProperty("planVersion", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_tell_who_changed_it_in_the_story_and_in_the_diary()
    {
        await Set("order-placed", """ "channels":["push"], """);
        var version = (await Set("order-placed", """ "channels":["push","email"],"mode":"first-that-works", """))
            .GetProperty("version")
            .GetInt32();
        var self = await services.PlaceOrder(Mailbox());
        await services.Host.Outcome(self);
        await Set("order-placed", "");

        var story = All((await services.Host.Get($"{self}/explain")).Json, "story").Select(step => Text(step, "text")).ToList();
        story.ShouldContain(
            $"ann changed event-type order-placed, channels from [\"push\"] to [\"push\",\"email\"] and version from {version - 1} to "
                + $"{version} and mode from unset to first-that-works: we try it."
        );
        story.ShouldContain($"planned by version {version} of what operators have set for order-placed.");
        story.ShouldNotContain(sentence => sentence!.Contains($"to {version + 1}"), "it was planned before");
        var change = All((await services.Host.Get("/v1/changes?limit=1")).Json, "changes").Single();
        (Text(change, "subject"), Text(change, "who"), Text(change, "why")).ShouldBe(("event-type order-placed", "ann", "we try it"));
        $"{change.GetProperty("before")}".ShouldBe(
            $$"""{"switch":"on","channels":["push","email"],"mode":"first-that-works","version":{{version}}}"""
        );
        $"{change.GetProperty("after")}".ShouldBe($$"""{"switch":"on","version":{{version + 1}}}""");
    }

    [Fact]
    public async Task Should_keep_on_record_and_send_nothing_of_what_is_switched_off_until_a_repair()
    {
        await Set("order-placed", """ "switch":"off", """);
        var mailbox = Mailbox();
        var off = await services.Host.Outcome(await services.PlaceOrder(mailbox));

        (Text(off, "status"), Text(off, "code"), Text(off, "reason")).ShouldBe(
            ("failed", "event-type-off", "an operator has switched order-placed off")
        );
        CallsFor(mailbox, services.Gateway).ShouldBe(0);

        var filter = $$"""{"filter":{"status":"failed","recipient":"seller-42"},"by":"ann","why":"it is mended"}""";
        Planned(await services.Host.Post("/v1/repairs", filter)).ShouldBe(0, "it would fail again");
        await Set("order-placed", "");
        Text(Delivery(await services.Host.Outcome(await services.PlaceOrder(Mailbox()))), "status").ShouldBe("sent");
        Planned(await services.Host.Post("/v1/repairs", filter)).ShouldBe(1);

        static int Planned(Answer plan) => plan.Json.GetProperty("planned").GetInt32();
    }

    /// <summary>Deliveries would wait for nobody, and expire.</summary>
    [Fact]
    public async Task Should_take_no_channel_whose_providers_are_all_switched_off()
    {
        await services.SetProvider("gateway", """{"switch":"off"}""");
        await services.SetProvider("backup", """{"switch":"drain"}""");
        try
        {
            var refused = await services.Host.Put(
                "/v1/event-types/order-placed",
                """{"channels":["push","email"],"by":"ann","why":"so"}"""
            );
            refused
                .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")
                .ShouldBe([
                    KeyValuePair.Create(
                        "channels[1]",
                        "has no provider that is switched on; switch one of gateway, backup on first (PUT /v1/providers/{account})"
                    ),
                ]);
        }
        finally
        {
            await services.SetProvider("gateway", "{}");
            await services.SetProvider("backup", "{}");
        }
    }

    /// <summary>It would be left out of every notification.</summary>
    [Fact]
    public async Task Should_take_no_channel_for_which_nobody_has_written_a_text()
    {
        var folder = Directory.CreateTempSubdirectory("texts-");
        await File.WriteAllTextAsync(
            Path.Combine(folder.CreateSubdirectory("news").FullName, "push.en.liquid"),
            "--- title\nNews\n\n--- body\n{{ text }}\n"
        );
        await using var host = new RunningHost { Settings = [$"--Templates:Folder={folder.FullName}", "--EventTypes:news:Channels=push"] };
        await host.InitializeAsync();

        (await host.Put("/v1/event-types/news", """{"channels":["push","email"],"by":"ann","why":"so"}"""))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")
            .ShouldBe([
                KeyValuePair.Create(
                    "channels[1]",
                    "has no template news/email in the default language; write it, or leave the channel out"
                ),
            ]);
        (await host.Put("/v1/event-types/order-placd", """{"by":"ann","why":"so"}""")).Body.ShouldContain("id you mean order-placed?");
        folder.Delete(recursive: true);
    }

    /// <summary>What a request carries for a channel is refused where it has none: by what is in force.</summary>
    [Fact]
    public async Task Should_check_what_a_request_carries_by_what_is_in_force()
    {
        const string Request = """
            {"category":"announcement","recipient":{"id":"seller-42","email":"som@example.com","pushTokens":["demo-token"]},
             "data":{"title":"Market closed","text":"On Monday."},"email":{"replyTo":"shop@example.com"}}
            """;
        (await services.Host.Post("/v1/notifications", Request)).Status.ShouldBe(HttpStatusCode.Accepted);

        await Set("announcement", """ "channels":["push"], """);

        (await services.Host.Post("/v1/notifications", Request))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")
            .ShouldBe([KeyValuePair.Create("email", "is for the channel email, which is none of this notification's")]);
    }

    async Task<JsonElement> Set(string category, string setting)
    {
        var answer = await services.Host.Put($"/v1/event-types/{category}", $$"""{{{setting}}"by":"ann","why":"we try it"}""");
        answer.Status.ShouldBe(HttpStatusCode.OK, answer.Body);
        return answer.Json;
    }

    async Task<JsonElement> EventType(string category) =>
        All((await services.Host.Get("/v1/event-types")).Json, "eventTypes").Single(type => Text(type, "category") == category);

    static string Mailbox() => $"{Guid.NewGuid():N}@example.com";
}
