using System.Net;
using static NotificationBus.Tests.Host.HostWithServices;

namespace NotificationBus.Tests.Host;

/// <summary>A10: a group that is held is decided in one call, after a look at what that would be.</summary>
public sealed class When_operators_decide_about_many(HostWithServices services) : IClassFixture<HostWithServices>, IAsyncLifetime
{
    // Other tests of the host hold something too.
    readonly string _buyer = $"{Guid.NewGuid():N}";

    public async ValueTask InitializeAsync()
    {
        services.Gateway.Answers("200 OK");
        services.Gateway.Resets = true;
        services.Gateway.Answer = [];
        await services.SetProvider("gateway", """{"pin":"closed"}""");
    }

    public ValueTask DisposeAsync()
    {
        services.Gateway.Resets = false;
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Should_show_first_what_it_would_be_about_and_change_nothing()
    {
        await Hold(3);

        var preview = await Post("\"preview\":true");

        preview.Status.ShouldBe(HttpStatusCode.OK, preview.Body);
        preview.Json.GetProperty("found").GetInt32().ShouldBe(3);
        var cause = All(preview.Json, "causes").ShouldHaveSingleItem();
        (Text(cause, "channel"), Text(cause, "provider"), cause.GetProperty("count").GetInt32()).ShouldBe(("email", "gateway", 3));
        Text(cause, "reason").ShouldNotBeNullOrEmpty();
        (await Post("\"preview\":true,\"decision\":\"resend\"")).Json.GetProperty("found").GetInt32().ShouldBe(3, "nothing was decided");
    }

    [Fact]
    public async Task Should_have_all_sent_again_and_each_decision_kept()
    {
        var held = await Hold(3);
        services.Gateway.Resets = false;
        services.Gateway.Answers("200 OK");

        var taken = await Post("\"decision\":\"resend\",\"by\":\"ann\",\"why\":\"they are back\"");

        taken.Status.ShouldBe(HttpStatusCode.Accepted, taken.Body);
        taken.Body.ShouldBe("""{"decided":3,"notNeeded":0,"left":0}""");
        foreach (var self in held)
        {
            var delivered = await services.Host.Until(self, notification => Text(notification, "status") == "delivered");
            All(Delivery(delivered), "attempts").Select(attempt => Text(attempt, "status")).ShouldBe(["in-doubt", "accepted"]);
            var change = All((await services.Host.Get("/v1/changes?limit=200")).Json, "changes")
                .Single(change => Text(change, "subject") == $"delivery {Text(Delivery(delivered), "id")}");
            (Text(change, "who"), Text(change, "why"), Text(change.GetProperty("after"), "decision")).ShouldBe(
                ("ann", "they are back", "resend")
            );
        }

        (await Post("\"decision\":\"resend\",\"by\":\"ann\",\"why\":\"once more\"")).Body.ShouldBe(
            """{"decided":0,"notNeeded":0,"left":0}"""
        );
    }

    [Fact]
    public async Task Should_decide_about_no_more_than_asked_for_and_say_how_many_are_left()
    {
        var held = await Hold(3);

        (await Post("\"decision\":\"failed\",\"limit\":2,\"by\":\"ann\",\"why\":\"too old\"")).Body.ShouldBe(
            """{"decided":2,"notNeeded":0,"left":1}"""
        );
        (await Post("\"decision\":\"failed\",\"limit\":2,\"by\":\"ann\",\"why\":\"too old\"")).Body.ShouldBe(
            """{"decided":1,"notNeeded":0,"left":0}"""
        );

        foreach (var self in held)
            await services.Host.Until(self, notification => Text(notification, "status") == "failed");
    }

    [Theory]
    [InlineData("""{"decision":"sent","by":"ann","why":"so"}""", "filter")]
    [InlineData("""{"filter":{},"by":"ann","why":"so"}""", "decision")]
    [InlineData("""{"filter":{},"decision":"again","by":"ann","why":"so"}""", "decision")]
    [InlineData("""{"filter":{},"decision":"sent","why":"so"}""", "by")]
    [InlineData("""{"filter":{},"decision":"sent","by":"ann"}""", "why")]
    [InlineData("""{"filter":{},"decision":"sent","by":"ann","why":"so","limit":0}""", "limit")]
    [InlineData("""{"filter":{},"decision":"sent","by":"ann","why":"so","limit":1001}""", "limit")]
    [InlineData("""{"filter":{"status":"failed"},"decision":"sent","by":"ann","why":"so"}""", "filter.status")]
    [InlineData("""{"filter":{"chanel":"email"},"decision":"sent","by":"ann","why":"so"}""", "filter.chanel")]
    [InlineData("""{"filter":{"category":""},"decision":"sent","by":"ann","why":"so"}""", "filter.category")]
    [InlineData("""{"filter":{"reason":"a\u0000"},"preview":true}""", "filter.reason")]
    [InlineData("""{"filter":{"from":"2026-11-29T00:00:00Z","to":"2026-11-28T00:00:00Z"},"preview":true}""", "filter.to")]
    [InlineData("""{"filter":{"from":"yesterday"},"preview":true}""", "filter.from")]
    public async Task Should_say_what_is_wrong(string body, string field)
    {
        var refused = await services.Host.Post("/v1/decisions", body);

        refused.ShouldBeProblem(HttpStatusCode.BadRequest, "validation");
        refused.Json.GetProperty("errors").EnumerateObject().ShouldHaveSingleItem().Name.ShouldBe(field);
    }

    /// <summary>Has so many orders held.</summary>
    /// <returns>Where their notifications are.</returns>
    async Task<IReadOnlyList<string>> Hold(int count)
    {
        var held = new List<string>();
        for (var i = 0; i < count; i++)
        {
            var accepted = await services.Host.Post("/v1/events/order-placed", Occurrence.With("order-placed", "seller.id", _buyer));
            held.Add(accepted.Self);
        }

        foreach (var self in held)
            await services.Host.Until(self, notification => Text(notification, "status") == "held");
        return held;
    }

    Task<Answer> Post(string rest) =>
        services.Host.Post("/v1/decisions", $$$"""{"filter":{"recipient":"{{{_buyer}}}","category":"order-placed"},{{{rest}}}}""");
}
