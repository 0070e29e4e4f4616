using System.Net;
using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Repairs;
using static NotificationBus.Tests.Host.HostWithServices;

namespace NotificationBus.Tests.Host;

/// <summary>3.7: a plan is shown before anything is sent, and what is run is that plan.</summary>
public sealed class When_operators_plan_a_repair(HostWithServices services) : IClassFixture<HostWithServices>
{
    const string By = """ "by":"ann","why":"they are back" """;

    // Other tests of the host have notifications of their own.
    readonly string _recipient = $"{Guid.NewGuid():N}";

    [Fact]
    public async Task Should_plan_first_and_begin_each_once_when_it_is_run()
    {
        services.Gateway.Answers("451 Unavailable For Legal Reasons");
        services.Backup.Answers("451 Unavailable For Legal Reasons");
        var failed = new List<string>();
        for (var i = 0; i < 3; i++)
            failed.Add(
                (await services.Host.Post("/v1/events/order-placed", Occurrence.With("order-placed", "seller.id", _recipient))).Self
            );
        foreach (var self in failed)
            await services.Host.Until(self, notification => Text(notification, "status") == "failed");
        services.Gateway.Answers("200 OK");

        var plan = await Plan();

        (plan.Json.GetProperty("planned").GetInt32(), plan.Json.GetProperty("leftOut").GetInt32()).ShouldBe((3, 0));
        var repairs = $"/v1/repairs/{Text(plan.Json.GetProperty("repair"), "id")}";
        (await services.Host.Post($"{repairs}/pause", $"{{{By}}}")).Status.ShouldBe(HttpStatusCode.Conflict, "it does not run");
        (await services.Host.Post($"{repairs}/run", $$"""{"limit":2,"perSecond":100,{{By}}}""")).Status.ShouldBe(HttpStatusCode.Accepted);
        var paused = await services.Host.Until(repairs, repair => Text(repair.GetProperty("repair"), "status") == "paused");
        (paused.GetProperty("repaired").GetInt32(), paused.GetProperty("planned").GetInt32()).ShouldBe((2, 1));
        await services.Host.Post($"{repairs}/run", $$"""{"perSecond":100,{{By}}}""");
        await services.Host.Until(repairs, repair => Text(repair.GetProperty("repair"), "status") == "done");

        var items = All((await services.Host.Get($"{repairs}/items?status=repaired")).Json, "items").ToList();
        items.Select(item => $"/v1/notifications/{Text(item, "notificationId")}").ShouldBe(failed, ignoreOrder: true);
        // What was begun is done with for the repair before the saga has taken it.
        var delivered = await services.Host.Until(
            $"/v1/notifications?recipient={_recipient}&status=delivered",
            page => All(page, "notifications").Count() == 3
        );
        All(delivered, "notifications")
            .Select(one => Text(one, "id"))
            .ShouldBe(items.Select(item => Text(item, "repairedBy")), ignoreOrder: true);
        foreach (var item in items)
            Text((await services.Host.Get($"/v1/notifications/{Text(item, "notificationId")}")).Json, "repairedBy")
                .ShouldBe(Text(item, "repairedBy"));
        var again = await Plan();
        again.Json.GetProperty("planned").GetInt32().ShouldBe(0);
        All(again.Json, "exclusions")
            .Select(reason => $"{Text(reason, "reason")} {reason.GetProperty("count")}")
            .ShouldBe(["reached 3", "repaired-before 3"]);
        (await services.Host.Get("/v1/repairs?limit=1")).Json.GetProperty("next").GetString().ShouldStartWith("/v1/repairs?");
    }

    /// <summary>Of a host whose clock stands still the runner looks for none by itself.</summary>
    [Fact]
    public async Task Should_begin_at_once_on_the_host_that_was_told_to_run_it()
    {
        await using var host = new RunningHost { Configure = adding => adding.AddSingleton(new StartedRepairs(new FakeTimeProvider())) };
        await host.InitializeAsync();

        // One alone may be found by the last look before the wait.
        for (var number = 0; number < 20; number++)
        {
            var plan = await host.Post("/v1/repairs", $$"""{"filter":{"recipient":"{{_recipient}}"},{{By}}}""");
            var repair = $"/v1/repairs/{Text(plan.Json.GetProperty("repair"), "id")}";
            await host.Post($"{repair}/run", $"{{{By}}}");
            await host.Until(repair, answer => Text(answer.GetProperty("repair"), "status") == "done");
        }
    }

    /// <summary>No template says what its producer said otherwise, and the text is not part of what is kept of the notification.</summary>
    [Fact]
    public async Task Should_leave_out_what_was_given_its_content()
    {
        services.Gateway.Answers("451 Unavailable For Legal Reasons");
        services.Backup.Answers("451 Unavailable For Legal Reasons");
        var rejected = await Give(""" "email":"som@example.com" """);
        var unreachable = await Give(""" "phone":"+66812345678" """);
        foreach (var self in (string[])[rejected, unreachable])
            await services.Host.Until(self, notification => Text(notification, "status") == "failed");
        services.Gateway.Answers("200 OK");

        var plan = await Plan();

        (plan.Json.GetProperty("planned").GetInt32(), plan.Json.GetProperty("leftOut").GetInt32()).ShouldBe((0, 2));
        var items = All((await services.Host.Get($"/v1/repairs/{Text(plan.Json.GetProperty("repair"), "id")}/items")).Json, "items")
            .ToList();
        items.Select(item => $"/v1/notifications/{Text(item, "notificationId")}").ShouldBe([rejected, unreachable], ignoreOrder: true);
        items
            .Select(item => $"{Text(item, "leftOut")}: {Text(item, "detail")}")
            .ShouldAllBe(why => why == "still-fails: its producer gave what it says; ask for it anew");

        async Task<string> Give(string address)
        {
            var accepted = await services.Host.Post(
                "/v1/notifications",
                $$"""
                {"category":"announcement","recipient":{"id":"{{_recipient}}",{{address}}},"channels":["email"],
                 "data":{"title":"Of the template","text":"Of the template."},"content":{"email":{"subject":"Given","text":"Given."} } }
                """
            );
            accepted.Status.ShouldBe(HttpStatusCode.Accepted, accepted.Body);
            return $"/v1/notifications/{accepted.Json.GetProperty("id")}";
        }
    }

    [Theory]
    [InlineData("""{"by":"ann","why":"so"}""", "filter")]
    [InlineData("""{"filter":{},"by":"ann","why":"so"}""", "filter")]
    [InlineData("""{"filter":{"status":"failed"},"why":"so"}""", "by")]
    [InlineData("""{"filter":{"status":"failed"},"by":"ann"}""", "why")]
    [InlineData("""{"filter":{"status":"broken"},"by":"ann","why":"so"}""", "filter.status")]
    [InlineData("""{"filter":{"chanel":"email"},"by":"ann","why":"so"}""", "filter.chanel")]
    [InlineData("""{"filter":{"category":""},"by":"ann","why":"so"}""", "filter.category")]
    [InlineData("""{"filter":{"recipient":"a\u0000"},"by":"ann","why":"so"}""", "filter.recipient")]
    [InlineData("""{"filter":{"from":"2026-11-29","to":"2026-11-28"},"by":"ann","why":"so"}""", "filter.to")]
    [InlineData("""{"filter":{"status":"failed"},"limit":10001,"by":"ann","why":"so"}""", "limit")]
    public async Task Should_say_what_is_wrong(string body, string field)
    {
        var refused = await services.Host.Post("/v1/repairs", body);

        refused.ShouldBeProblem(HttpStatusCode.BadRequest, "validation");
        refused.Json.GetProperty("errors").EnumerateObject().ShouldHaveSingleItem().Name.ShouldBe(field);
    }

    [Theory]
    [InlineData("run", """{"perSecond":0,"by":"ann","why":"so"}""", "perSecond")]
    [InlineData("run", """{"perSecond":101,"by":"ann","why":"so"}""", "perSecond")]
    [InlineData("run", """{"limit":0,"by":"ann","why":"so"}""", "limit")]
    [InlineData("stop", """{"by":"ann"}""", "why")]
    public async Task Should_say_what_is_wrong_with_a_run(string what, string body, string field)
    {
        var refused = await services.Host.Post($"/v1/repairs/{Guid.NewGuid()}/{what}", body);

        refused.ShouldBeProblem(HttpStatusCode.BadRequest, "validation");
        refused.Json.GetProperty("errors").EnumerateObject().ShouldHaveSingleItem().Name.ShouldBe(field);
        (await services.Host.Post($"/v1/repairs/{Guid.NewGuid()}/{what}", $"{{{By}}}")).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    async Task<Answer> Plan()
    {
        var plan = await services.Host.Post("/v1/repairs", $$"""{"filter":{"recipient":"{{_recipient}}"},{{By}}}""");
        plan.Status.ShouldBe(HttpStatusCode.Created, plan.Body);
        return plan;
    }
}
