using System.Net;
using System.Text.Json;
using static NotificationBus.Tests.Host.HostWithServices;

namespace NotificationBus.Tests.Host;

/// <summary>18.1</summary>
public sealed class When_notifications_are_withdrawn_over_HTTP(HostWithServices services) : IClassFixture<HostWithServices>, IAsyncLifetime
{
    readonly string _mailbox = $"{Guid.NewGuid():N}@example.com";
    readonly string _order = $"{Guid.NewGuid():N}";

    public async ValueTask InitializeAsync()
    {
        services.Gateway.Answers("200 OK");
        await services.SetProvider("gateway", """{"pin":"closed"}""");
        await services.SetEmail("{}");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Should_say_what_became_of_each_delivery_and_the_same_again()
    {
        var sent = await Ask();
        await services.Host.Outcome(sent);
        await services.SetEmail("""{"paused":true}""");
        var waiting = await Ask();
        await UntilWaiting(waiting);

        var answer = await Withdraw();

        answer.Status.ShouldBe(HttpStatusCode.Accepted, answer.Body);
        Counts(answer).ShouldBe((1, 1, 0));
        answer.Json.GetProperty("isComplete").GetBoolean().ShouldBeTrue();
        var ended = await services.Host.Outcome(waiting);
        (Text(ended, "status"), Text(ended, "reason"), Text(Delivery(ended), "code")).ShouldBe(
            ("cancelled", "email: withdrawn by shop: it was paid", "withdrawn")
        );
        Counts(await Withdraw()).ShouldBe((1, 1, 0));
        await services.SetEmail("{}");
        CallsFor(_mailbox, services.Gateway).ShouldBe(1);
    }

    [Fact]
    public async Task Should_also_withdraw_what_is_asked_for_afterwards()
    {
        Counts(await Withdraw()).ShouldBe((0, 0, 0));

        var later = await services.Host.Outcome(await Ask());

        Text(later, "status").ShouldBe("cancelled");
        Counts(await Withdraw()).ShouldBe((1, 0, 0));
        CallsFor(_mailbox, services.Gateway).ShouldBe(0);
        var story = await services.Host.Get($"/v1/notifications/{Text(later, "id")}/explain");
        story.Body.ShouldContain("email to");
        story.Body.ShouldContain("was not sent: withdrawn by shop: it was paid");
    }

    [Fact]
    public async Task Should_say_that_it_is_in_doubt_while_a_provider_is_called()
    {
        services.Gateway.Answer = null;
        var self = await Ask();
        await services.Host.Until(
            self,
            notification =>
                Text(notification, "status") == "sending" && Delivery(notification).GetProperty("attempts").GetArrayLength() == 1
        );

        Counts(await Withdraw()).ShouldBe((0, 0, 1));
    }

    [Fact]
    public async Task Should_change_nothing_for_a_preview()
    {
        await services.SetEmail("""{"paused":true}""");
        var waiting = await Ask();
        await UntilWaiting(waiting);

        var preview = await services.Host.Post(
            "/v1/withdrawals",
            $$"""{"key":"order:{{_order}}","categories":["announcement"],"preview":true}"""
        );

        preview.Status.ShouldBe(HttpStatusCode.OK, preview.Body);
        preview.Body.ShouldBe("""{"found":1,"statuses":{"sending":1},"isComplete":true}""");
        await services.SetEmail("{}");
        Text(await services.Host.Outcome(waiting), "status").ShouldBe("delivered");
        Text(await services.Host.Outcome(await Ask()), "status").ShouldBe("delivered");
    }

    [Fact]
    public async Task Should_keep_who_withdrew_it_and_why()
    {
        await Withdraw();

        var change = All((await services.Host.Get("/v1/changes?limit=1")).Json, "changes").ShouldHaveSingleItem();
        (Text(change, "subject"), Text(change, "who"), Text(change, "why")).ShouldBe(($"key order:{_order}", "shop", "it was paid"));
    }

    [Fact]
    public async Task Should_take_the_event_of_an_order_that_was_paid_and_begin_nothing()
    {
        var answer = await services.Host.Post("/v1/events/order-paid", $$"""{"orderId":"{{_order}}"}""");

        (answer.Status, answer.Body).ShouldBe((HttpStatusCode.Accepted, """{"notifications":[]}"""));
    }

    [Theory]
    [InlineData("""{"orderId":" "}""", "orderId")]
    [InlineData("""{"orderId":"4711","eventId":""}""", "eventId")]
    [InlineData("""{"orderId":"4711","paid":true}""", "paid")]
    public async Task Should_name_the_field_of_an_event_that_is_wrong(string body, string field) =>
        (await services.Host.Post("/v1/events/order-paid", body))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")
            .Keys.ShouldBe([field]);

    [Theory]
    [InlineData("""{"key":"order","categories":["announcement"],"by":"shop","why":"paid"}""", "key")]
    [InlineData("""{"key":"order:","categories":["announcement"],"by":"shop","why":"paid"}""", "key")]
    [InlineData("""{"key":"order:4711","categories":[],"by":"shop","why":"paid"}""", "categories")]
    [InlineData("""{"key":"order:4711","categories":["announcement","announcements"],"by":"shop","why":"paid"}""", "categories[1]")]
    [InlineData("""{"key":"order:4711","categories":["announcement"],"why":"paid"}""", "by")]
    [InlineData("""{"key":"order:4711","categories":["announcement"],"by":"shop"}""", "why")]
    [InlineData(
        """{"key":"order:4711","categories":["announcement"],"by":"shop","why":"paid","before":"9999-12-31T00:00:00Z"}""",
        "before"
    )]
    [InlineData("""{"key":"order:4711","categories":["announcement"],"preview":true,"dryRun":true}""", "dryRun")]
    public async Task Should_name_the_field_that_is_wrong(string body, string field) =>
        (await services.Host.Post("/v1/withdrawals", body)).ShouldBeProblem(HttpStatusCode.BadRequest, "validation").Keys.ShouldBe([field]);

    async Task<string> Ask()
    {
        var answer = await services.Host.Post(
            "/v1/notifications",
            $$$"""
            {"category":"announcement","recipient":{"id":"seller-42","email":"{{{_mailbox}}}"},"channels":["email"],
             "data":{"title":"Hours","text":"Open on Sunday."},"keys":{"order":"{{{_order}}}"}}
            """
        );
        answer.Status.ShouldBe(HttpStatusCode.Accepted, answer.Body);
        return answer.Json.GetProperty("links").GetProperty("self").GetString()!;
    }

    Task<JsonElement> UntilWaiting(string self) =>
        services.Host.Until(
            self,
            notification => Text(notification, "status") == "sending" && Delivery(notification).TryGetProperty("waitingFor", out _)
        );

    Task<Answer> Withdraw() =>
        services.Host.Post(
            "/v1/withdrawals",
            $$"""{"key":"order:{{_order}}","categories":["announcement"],"by":"shop","why":"it was paid"}"""
        );

    static (int, int, int) Counts(Answer answer) => (Count(answer, "withdrawn"), Count(answer, "sent"), Count(answer, "inDoubt"));

    static int Count(Answer answer, string name) => answer.Json.GetProperty(name).GetInt32();
}
