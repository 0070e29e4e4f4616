using System.Net;
using static NotificationBus.Tests.Host.HostWithServices;

namespace NotificationBus.Tests.Host;

public sealed class When_a_notification_is_cancelled_over_HTTP(HostWithServices services) : IClassFixture<HostWithServices>, IAsyncLifetime
{
    const string Body = """{"by":"ann","why":"it is sold"}""";

    readonly string _mailbox = $"{Guid.NewGuid():N}@example.com";

    public async ValueTask InitializeAsync()
    {
        services.Gateway.Answers("200 OK");
        await services.SetProvider("gateway", """{"pin":"closed"}""");
        await services.SetEmail("{}");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Should_answer_with_it_and_never_send_it()
    {
        var self = await Paused();

        var answer = await Cancel(self);

        answer.Status.ShouldBe(HttpStatusCode.OK, answer.Body);
        (Text(answer.Json, "status"), Text(answer.Json, "reason")).ShouldBe(("cancelled", "email: cancelled by ann: it is sold"));
        var delivery = Delivery(answer.Json);
        (
            Text(delivery, "status"),
            Text(delivery, "reason"),
            Text(delivery, "cancellation"),
            delivery.GetProperty("attempts").GetArrayLength()
        ).ShouldBe(("cancelled", "cancelled by ann: it is sold", "cancelled by ann: it is sold", 0));
        await services.SetEmail("{}");
        Text(await services.Host.Outcome(await services.PlaceOrder("another@example.com")), "status").ShouldBe("delivered");
        CallsFor(_mailbox, services.Gateway).ShouldBe(0);
    }

    [Fact]
    public async Task Should_answer_the_same_however_often_it_is_asked()
    {
        var self = await Paused();
        var first = await Cancel(self);

        var second = await Cancel(self);

        (second.Status, second.Body).ShouldBe((HttpStatusCode.OK, first.Body));
    }

    [Fact]
    public async Task Should_list_it_and_keep_who_cancelled_it_and_why()
    {
        var self = await Paused();

        var id = Text((await Cancel(self)).Json, "id");

        All((await services.Host.Get("/v1/notifications?status=cancelled")).Json, "notifications")
            .Select(line => Text(line, "id"))
            .ShouldContain(id);
        var change = All((await services.Host.Get("/v1/changes?limit=1")).Json, "changes").ShouldHaveSingleItem();
        (Text(change, "subject"), Text(change, "who"), Text(change, "why")).ShouldBe(($"notification {id}", "ann", "it is sold"));
    }

    [Fact]
    public async Task Should_say_that_it_is_too_late_when_it_is_sent()
    {
        var self = await services.PlaceOrder(_mailbox);
        await services.Host.Outcome(self);

        var late = await Cancel(self);

        late.ShouldBeProblem(HttpStatusCode.Conflict, "too-late");
        Text(late.Json, "detail").ShouldBe("It is delivered: what was sent cannot be called back. GET it to see what went out.");
        Text((await services.Host.Get(self)).Json, "status").ShouldBe("delivered");
    }

    [Fact]
    public async Task Should_say_so_when_it_is_being_sent()
    {
        services.Gateway.Answer = null;
        var self = await services.PlaceOrder(_mailbox);
        await services.Host.Until(
            self,
            notification =>
                Text(notification, "status") == "sending" && Delivery(notification).GetProperty("attempts").GetArrayLength() == 1
        );

        var unknown = await Cancel(self, ("Prefer", "wait=0"));

        unknown.Status.ShouldBe(HttpStatusCode.Accepted, unknown.Body);
        unknown.Headers.Location!.ToString().ShouldBe(self);
        unknown.Body.ShouldBe("""{"status":"cancelling"}""");
        var ended = await services.Host.Outcome(self);
        (Text(ended, "status"), Text(Delivery(ended), "cancellation")).ShouldBe(
            ("held", "cancelled by ann: it is sold"),
            "the gateway never said whether it had taken it"
        );
        CallsFor(_mailbox, services.Backup).ShouldBe(0);
    }

    [Fact]
    public async Task Should_say_that_what_is_held_may_have_been_sent_and_is_not_sent_again()
    {
        services.Gateway.Answers("500 Internal Server Error");
        var self = await services.PlaceOrder(_mailbox);
        var held = await services.Host.Outcome(self);
        var decision = $"{self}/deliveries/{Text(Delivery(held), "id")}/decision";

        var late = await Cancel(self);

        late.ShouldBeProblem(HttpStatusCode.Conflict, "too-late");
        Text(late.Json, "detail").ShouldBe("It is held: a provider may have it. It is not sent again; decide sent or failed.");
        await services.Host.Until(self, notification => Text(Delivery(notification), "cancellation") is not null);
        (await services.Host.Post(decision, """{"decision":"resend","by":"ann","why":"I changed my mind"}""")).ShouldBeProblem(
            HttpStatusCode.Conflict,
            "cancelled"
        );
        (await services.Host.Post(decision, """{"decision":"sent","by":"ann","why":"I asked her"}""")).Status.ShouldBe(
            HttpStatusCode.Accepted
        );
        Text(await services.Host.Until(self, notification => Text(notification, "status") != "held"), "status").ShouldBe("delivered");
        CallsFor(_mailbox, services.Gateway).ShouldBe(1);
    }

    [Fact]
    public async Task Should_keep_once_who_called_off_what_is_held_however_often_that_is_asked()
    {
        services.Gateway.Answers("500 Internal Server Error");
        var self = await services.PlaceOrder(_mailbox);
        await services.Host.Outcome(self);

        for (var i = 0; i < 3; i++)
        {
            (await Cancel(self)).ShouldBeProblem(HttpStatusCode.Conflict, "too-late");
            await services.Host.Until(self, notification => Text(Delivery(notification), "cancellation") is not null);
        }

        var subject = $"notification {self.Split('/')[^1]}";
        All((await services.Host.Get("/v1/changes?limit=100")).Json, "changes")
            .Count(change => Text(change, "subject") == subject)
            .ShouldBe(1);
    }

    [Fact]
    public async Task Should_be_heard_though_it_is_hardly_accepted()
    {
        await services.SetEmail("""{"paused":true}""");
        for (var i = 0; i < 20; i++)
            (await Cancel(await services.PlaceOrder(_mailbox))).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Should_say_that_it_is_not_on_record_yet_and_cancel_it_when_its_event_comes()
    {
        await services.SetEmail("""{"paused":true}""");
        var happened = Occurrence.With("order-placed", "eventId", _mailbox);
        await using var another = new RunningHost();
        await another.InitializeAsync();
        var self = (await another.Post("/v1/events/order-placed", happened)).Self;

        var early = await Cancel(self, ("Prefer", "wait=0"));

        early.Status.ShouldBe(HttpStatusCode.Accepted, early.Body);
        early.Headers.Location!.ToString().ShouldBe(self);
        (Text(early.Json, "status"), Text(early.Json, "detail")).ShouldBe(
            (
                "cancelling",
                "No such notification is on record yet. Its event is waited for, for a day; what it sends before that is "
                    + "noticed is not called back."
            )
        );
        (await services.Host.Post("/v1/events/order-placed", happened)).Self.ShouldBe(self);
        Text(await services.Host.Outcome(self), "status").ShouldBe("cancelled");
    }

    [Theory]
    [InlineData("""{"by":"ann"}""", "why")]
    [InlineData("""{"by":" ","why":"it is sold"}""", "by")]
    [InlineData("""{"by":"ann","why":"it\nis sold"}""", "why")]
    [InlineData("""{"by":"ann","why":"it is sold","how":"quickly"}""", "how")]
    public async Task Should_name_the_field_that_is_wrong(string body, string field) =>
        (await services.Host.Post($"/v1/notifications/{Guid.NewGuid()}/cancel", body))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")
            .Keys.ShouldBe([field]);

    [Fact]
    public async Task Should_refuse_to_wait_for_ever() =>
        (await Cancel($"/v1/notifications/{Guid.NewGuid()}", ("Prefer", "wait=3600"))).ShouldBeProblem(
            HttpStatusCode.BadRequest,
            "validation"
        );

    async Task<string> Paused()
    {
        await services.SetEmail("""{"paused":true}""");
        var self = await services.PlaceOrder(_mailbox);
        await services.Host.Until(
            self,
            notification =>
                Text(notification, "status") == "sending" && Text(Delivery(notification), "waitingFor") == "channel email is paused"
        );
        return self;
    }

    Task<Answer> Cancel(string self, params (string Name, string Value)[] headers) => services.Host.Post($"{self}/cancel", Body, headers);
}
