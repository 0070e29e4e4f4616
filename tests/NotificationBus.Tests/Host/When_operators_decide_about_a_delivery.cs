using System.Net;
using System.Text.Json;
using static NotificationBus.Tests.Host.HostWithServices;

namespace NotificationBus.Tests.Host;

public sealed class When_operators_decide_about_a_delivery(HostWithServices services) : IClassFixture<HostWithServices>, IAsyncLifetime
{
    readonly string _mailbox = $"{Guid.NewGuid():N}@example.com";

    public async ValueTask InitializeAsync()
    {
        services.Gateway.Answers("500 Internal Server Error");
        // It fails in every test, and its circuit is not what they are about.
        await services.SetProvider("gateway", """{"pin":"closed"}""");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Should_list_it_as_held_until_then()
    {
        var held = await Hold();

        (Text(held, "status"), Text(Delivery(held), "status"), Text(Delivery(held), "provider")).ShouldBe(("held", "held", "gateway"));
        Text(Delivery(held).GetProperty("attempts")[0], "status").ShouldBe("in-doubt");
        CallsFor(_mailbox, services.Backup).ShouldBe(0, "nothing is sent twice");
        All((await services.Host.Get("/v1/notifications?status=held")).Json, "notifications")
            .Select(line => Text(line, "id"))
            .ShouldContain(Text(held, "id"));
    }

    [Fact]
    public async Task Should_send_it_again_when_they_say_so()
    {
        var held = await Hold();
        services.Gateway.Answers("200 OK");

        await Decide(held, "resend");

        var delivered = await services.Host.Until(Self(held), notification => Text(notification, "status") == "delivered");
        All(Delivery(delivered), "attempts").Select(attempt => Text(attempt, "status")).ShouldBe(["in-doubt", "accepted"]);
        CallsFor(_mailbox, services.Gateway).ShouldBe(2);
    }

    [Theory]
    [InlineData("sent", "delivered")]
    [InlineData("failed", "failed")]
    public async Task Should_end_it_without_another_call_when_they_know_what_became_of_it(string decision, string status)
    {
        var held = await Hold();

        await Decide(held, decision);

        var ended = await services.Host.Until(Self(held), notification => Text(notification, "status") == status);
        (Text(Delivery(ended), "status"), Text(Delivery(ended), "reason")).ShouldBe((decision, "decided by an operator: ann: I asked her"));
        CallsFor(_mailbox, services.Gateway).ShouldBe(1);
        CallsFor(_mailbox, services.Backup).ShouldBe(0);
    }

    [Fact]
    public async Task Should_keep_who_decided_what_and_why()
    {
        var held = await Hold();

        await Decide(held, "failed");

        var change = All((await services.Host.Get("/v1/changes?limit=1")).Json, "changes").ShouldHaveSingleItem();
        (Text(change, "subject"), Text(change, "who"), Text(change, "why")).ShouldBe(
            ($"delivery {Text(Delivery(held), "id")}", "ann", "I asked her")
        );
        $"{change.GetProperty("after")}".ShouldBe($$"""{"notification":"{{Text(held, "id")}}","decision":"failed"}""");
    }

    [Fact]
    public async Task Should_say_that_there_is_nothing_to_decide_any_more()
    {
        var held = await Hold();
        await Decide(held, "failed");
        await services.Host.Until(Self(held), notification => Text(notification, "status") == "failed");

        var late = await services.Host.Post(Address(held), Decision("resend"));

        late.ShouldBeProblem(HttpStatusCode.Conflict, "nothing-to-decide");
        Text(late.Json, "detail").ShouldStartWith("It is failed.");
        CallsFor(_mailbox, services.Gateway).ShouldBe(1);
    }

    [Fact]
    public async Task Should_say_that_there_is_no_such_delivery()
    {
        var held = await Hold();

        (await services.Host.Post($"{Self(held)}/deliveries/{Guid.NewGuid()}/decision", Decision("sent"))).ShouldBeProblem(
            HttpStatusCode.NotFound,
            "unknown-delivery"
        );
        (
            await services.Host.Post(
                $"/v1/notifications/{Guid.NewGuid()}/deliveries/{Text(Delivery(held), "id")}/decision",
                Decision("sent")
            )
        ).ShouldBeProblem(HttpStatusCode.NotFound, "unknown-notification");
        Text((await services.Host.Get(Self(held))).Json, "status").ShouldBe("held");
    }

    [Fact]
    public async Task Should_take_the_same_decision_twice_and_no_other_one_after_it()
    {
        var held = await Hold();
        await Decide(held, "sent");

        // It may be followed before this arrives.
        foreach (
            var again in new[]
            {
                await services.Host.Post(Address(held), Decision("sent")),
                await services.Host.Post(Address(held), Decision("failed")),
            }
        )
            again.Status.ShouldBeOneOf(HttpStatusCode.Accepted, HttpStatusCode.Conflict);

        await services.Host.Until(Self(held), notification => Text(notification, "status") == "delivered");
        All((await services.Host.Get("/v1/changes?limit=20")).Json, "changes")
            .Count(change => Text(change, "subject") == $"delivery {Text(Delivery(held), "id")}")
            .ShouldBe(1);
    }

    async Task<JsonElement> Hold() => await services.Host.Outcome(await services.PlaceOrder(_mailbox));

    async Task Decide(JsonElement held, string decision)
    {
        var taken = await services.Host.Post(Address(held), Decision(decision));
        taken.Status.ShouldBe(HttpStatusCode.Accepted, taken.Body);
        taken.Headers.Location!.ToString().ShouldBe(Self(held));
    }

    static string Self(JsonElement notification) => $"/v1/notifications/{Text(notification, "id")}";

    static string Address(JsonElement notification) => $"{Self(notification)}/deliveries/{Text(Delivery(notification), "id")}/decision";

    static string Decision(string word) => $$"""{"decision":"{{word}}","by":"ann","why":"I asked her"}""";
}
