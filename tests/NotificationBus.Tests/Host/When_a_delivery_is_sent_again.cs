using System.Net;
using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Host;
using static NotificationBus.Tests.Host.HostWithServices;

namespace NotificationBus.Tests.Host;

/// <summary>Row 72: one delivery is sent once more, as a notification that names it.</summary>
public sealed class When_a_delivery_is_sent_again(HostWithServices services) : IClassFixture<HostWithServices>
{
    const string By = """{"by":"ann","why":"it never came"}""";

    readonly string _mailbox = $"{Guid.NewGuid():N}@example.com";

    [Fact]
    public async Task Should_send_what_has_failed_once_however_often_somebody_clicks()
    {
        Refuse();
        var (self, delivery) = await Ended("failed");
        Accept();
        var before = CallsFor(_mailbox, services.Gateway);

        var clicks = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => services.Host.Post(Resend(self, delivery), By)));

        clicks.ShouldAllBe(click => click.Status == HttpStatusCode.Accepted);
        var again = clicks.Select(click => Text(click.Json, "id")).Distinct().ShouldHaveSingleItem()!;
        var notification = await services.Host.Outcome($"/v1/notifications/{again}");
        Text(notification, "status").ShouldBe("delivered");
        Text(notification, "category").ShouldBe("order-placed");
        Text(notification, "eventId").ShouldBe($"resend-{Bare(self.Split('/')[^1])}-{Bare(delivery)}");
        Text(Delivery(notification), "channel").ShouldBe("email");
        var late = await services.Host.Post(Resend(self, delivery), By);
        (late.Status, Text(late.Json, "id"), Text(late.Json, "status")).ShouldBe((HttpStatusCode.Accepted, again, "delivered"));
        (CallsFor(_mailbox, services.Gateway) - before).ShouldBe(1);
        Text((await services.Host.Get(self)).Json, "status").ShouldBe("failed", "the first one stays as it ended");
        var change = (await Changes(self)).ShouldHaveSingleItem("they clicked four times, and one of the clicks began it");
        (Text(change, "who"), Text(change, "why")).ShouldBe(("ann", "it never came"));
        (Text(change.GetProperty("after"), "resend"), Text(change.GetProperty("after"), "notification")).ShouldBe((delivery, again));
        (await services.Host.Get($"/v1/notifications/{again}/explain")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Should_send_what_a_provider_took_and_the_person_did_not_get()
    {
        var (self, delivery) = await Ended("sent");

        var again = await services.Host.Post(Resend(self, delivery), By);
        await services.Host.Outcome($"/v1/notifications/{Text(again.Json, "id")}");

        CallsFor(_mailbox, services.Gateway).ShouldBe(2);
    }

    /// <summary>Who asks once more whether that came either sends the second one again.</summary>
    [Fact]
    public async Task Should_send_again_what_was_sent_again()
    {
        var (self, delivery) = await Ended("sent");
        for (var times = 2; times <= 3; times++)
        {
            var again = await services.Host.Post(Resend(self, delivery), By);
            self = $"/v1/notifications/{Text(again.Json, "id")}";
            delivery = Text(Delivery(await services.Host.Outcome(self)), "id")!;
            CallsFor(_mailbox, services.Gateway).ShouldBe(times);
        }
    }

    [Fact]
    public async Task Should_not_send_what_is_under_way()
    {
        services.Gateway.Answers("503 Service Unavailable");
        services.Backup.Answers("503 Service Unavailable");
        var self = await services.PlaceOrder(_mailbox);
        var waiting = await services.Host.Until(self, one => one.TryGetProperty("deliveries", out var all) && all.GetArrayLength() == 1);
        var delivery = Text(Delivery(waiting), "id")!;

        var answer = await services.Host.Post(Resend(self, delivery), By);

        answer.ShouldBeProblem(HttpStatusCode.Conflict, "under-way");
        (await Changes(self)).ShouldBeEmpty("nothing was done");

        await services.Host.Post($"{self}/cancel", By);
        Accept();
        await services.Host.Until(self, one => Text(one, "status") == "cancelled");
        var again = await services.Host.Post(Resend(self, delivery), By);
        again.Status.ShouldBe(HttpStatusCode.Accepted, again.Body);
        Text(await services.Host.Outcome($"/v1/notifications/{Text(again.Json, "id")}"), "status").ShouldBe("delivered");
    }

    [Fact]
    public async Task Should_leave_alone_an_address_that_is_suppressed()
    {
        var (self, delivery) = await Ended("sent");
        await services.Host.Post(
            "/v1/suppressions",
            $$"""{"channel":"email","address":"{{_mailbox}}","by":"ann","why":"she asked us to"}"""
        );

        (await services.Host.Post(Resend(self, delivery), By)).ShouldBeProblem(HttpStatusCode.Conflict, "suppressed");

        CallsFor(_mailbox, services.Gateway).ShouldBe(1);
    }

    [Fact]
    public async Task Should_not_send_what_was_withdrawn()
    {
        Accept();
        var order = $"{Guid.NewGuid():N}";
        var accepted = await services.Host.Post("/v1/events/order-placed", Occurrence.With("order-placed", "orderId", order));
        var delivery = Text(Delivery(await services.Host.Outcome(accepted.Self)), "id")!;
        await services.Host.Post(
            "/v1/withdrawals",
            $$"""{"key":"order:{{order}}","categories":["order-placed"],"by":"ann","why":"it is sold elsewhere"}"""
        );

        (await services.Host.Post(Resend(accepted.Self, delivery), By)).ShouldBeProblem(HttpStatusCode.Conflict, "withdrawn");
    }

    [Fact]
    public async Task Should_send_to_the_one_address_alone()
    {
        await using var host = new RunningHost { Settings = ["--EventTypes:announcement:Channels=push"] };
        await host.InitializeAsync();
        var accepted = await host.Post(
            "/v1/notifications",
            """
            {"category":"announcement","recipient":{"id":"buyer-7","email":"nok@example.com","pushTokens":["nok-phone","nok-tablet"]},
             "data":{"title":"Hello","text":"Hello"} }
            """
        );
        accepted.Status.ShouldBe(HttpStatusCode.Accepted, accepted.Body);
        var first = await host.Outcome($"/v1/notifications/{Text(accepted.Json, "id")}");
        var push = All(first, "deliveries").Where(one => Text(one, "channel") == "push").ToList();
        push.Count.ShouldBe(2);

        var again = await host.Post(Resend($"/v1/notifications/{Text(first, "id")}", Text(push[1], "id")!), By);

        again.Status.ShouldBe(HttpStatusCode.Accepted, again.Body);
        var delivery = Delivery(await host.Outcome($"/v1/notifications/{Text(again.Json, "id")}"));
        (Text(delivery, "channel"), Text(delivery, "address")).ShouldBe(("push", Text(push[1], "address")));
        host.Inbox.Since(0)
            .Where(caught => caught.Delivery.Channel == "push")
            .CountBy(caught => caught.Delivery.Address)
            .Select(address => address.Value)
            .Order()
            .ShouldBe([1, 2]);
    }

    /// <summary>What is for other channels is left out, and nobody is sent a copy again.</summary>
    [Fact]
    public async Task Should_carry_what_is_for_its_channel_alone()
    {
        Accept();
        var copy = $"copy-{_mailbox}";
        var accepted = await services.Host.Post(
            "/v1/notifications",
            $$$"""
            {"category":"announcement","recipient":{"id":"buyer-7","email":"{{{_mailbox}}}","pushTokens":["nok-phone"]},
             "channels":["email","push"],"data":{"title":"Hello","text":"Hello"},
             "email":{"replyTo":"help@example.com","cc":["{{{copy}}}"]},"push":{"deepLink":"https://example.com/orders/1"} }
            """
        );
        accepted.Status.ShouldBe(HttpStatusCode.Accepted, accepted.Body);
        var self = $"/v1/notifications/{Text(accepted.Json, "id")}";
        var mail = All(await services.Host.Outcome(self), "deliveries").Single(one => Text(one, "channel") == "email");
        CallsFor(copy, services.Gateway).ShouldBe(1, "the copy travels with the mail");

        var again = await services.Host.Post(Resend(self, Text(mail, "id")!), By);

        again.Status.ShouldBe(HttpStatusCode.Accepted, again.Body);
        var delivery = Delivery(await services.Host.Outcome($"/v1/notifications/{Text(again.Json, "id")}"));
        Text(delivery, "channel").ShouldBe("email");
        CallsFor(_mailbox, services.Gateway).ShouldBe(2);
        CallsFor("help@example.com", services.Gateway).ShouldBe(2);
        CallsFor(copy, services.Gateway).ShouldBe(1);
    }

    /// <summary>On the bus a bad address costs only its own channel. It keeps nobody from sending again on another one.</summary>
    [Fact]
    public async Task Should_send_it_though_an_address_of_another_channel_is_malformed()
    {
        Accept();
        var eventId = $"{Guid.NewGuid():N}";
        await services.Host.Bus.Publish(
            new NotificationRequested
            {
                EventId = eventId,
                Category = "announcement",
                Recipient = new Contact
                {
                    Id = "buyer-7",
                    Email = _mailbox,
                    Phone = "abc",
                    Chat = ["nowhere"],
                },
                Channels = ["email"],
                Data = JsonSerializer.SerializeToElement(new { title = "Hello", text = "Hello" }),
            },
            TestContext.Current.CancellationToken
        );
        var found = await services.Host.Until(
            $"/v1/notifications?eventId={eventId}&status=delivered",
            page => All(page, "notifications").Any()
        );
        var self = $"/v1/notifications/{Text(All(found, "notifications").Single(), "id")}";
        var delivery = Text(Delivery((await services.Host.Get(self)).Json), "id")!;

        var again = await services.Host.Post(Resend(self, delivery), By);

        again.Status.ShouldBe(HttpStatusCode.Accepted, again.Body);
        await services.Host.Outcome($"/v1/notifications/{Text(again.Json, "id")}");
        CallsFor(_mailbox, services.Gateway).ShouldBe(2);
    }

    /// <summary>That the withdrawal is about what began before makes it no less withdrawn.</summary>
    [Fact]
    public async Task Should_not_send_what_was_withdrawn_when_nobody_remembers_why()
    {
        services.Gateway.Answers("503 Service Unavailable");
        services.Backup.Answers("503 Service Unavailable");
        var order = $"{Guid.NewGuid():N}";
        var accepted = await services.Host.Post("/v1/events/order-placed", Occurrence.With("order-placed", "orderId", order));
        var waiting = await services.Host.Until(
            accepted.Self,
            one => one.TryGetProperty("deliveries", out var all) && all.GetArrayLength() == 1
        );
        var until = TimeProvider.System.GetUtcNow();
        await services.Host.Post(
            "/v1/withdrawals",
            $$"""{"key":"order:{{order}}","categories":["order-placed"],"before":"{{until:O}}","by":"ann","why":"it is sold elsewhere"}"""
        );
        await services.Host.Until(accepted.Self, one => Text(one, "status") == "cancelled");
        Accept();

        (await services.Host.Post(Resend(accepted.Self, Text(Delivery(waiting), "id")!), By)).ShouldBeProblem(
            HttpStatusCode.Conflict,
            "withdrawn"
        );
    }

    [Fact]
    public async Task Should_be_begun_anew_by_a_repair_or_by_itself_and_never_by_both()
    {
        var (byItself, byRepair) = ($"{Guid.NewGuid():N}", $"{Guid.NewGuid():N}");
        Refuse();
        var (resent, repaired) = (await Rejected(byItself), await Rejected(byRepair));
        Accept();
        var again = await services.Host.Post(Resend(resent.Self, resent.Delivery), By);
        await services.Host.Outcome($"/v1/notifications/{Text(again.Json, "id")}");

        var plan = await services.Host.Post("/v1/repairs", Filter(byItself));
        plan.Json.GetProperty("planned").GetInt32().ShouldBe(0, plan.Body);
        var exclusions = All(plan.Json, "exclusions").Select(reason => $"{Text(reason, "reason")} {reason.GetProperty("count")}");
        exclusions.ShouldBe(["reached 1", "repaired-before 1"], ignoreOrder: true);

        var other = await services.Host.Post("/v1/repairs", Filter(byRepair));
        var repair = $"/v1/repairs/{Text(other.Json.GetProperty("repair"), "id")}";
        (await services.Host.Post($"{repair}/run", By)).Status.ShouldBe(HttpStatusCode.Accepted);
        await services.Host.Until(repair, answer => Text(answer.GetProperty("repair"), "status") == "done");
        var refused = await services.Host.Post(Resend(repaired.Self, repaired.Delivery), By);
        refused.ShouldBeProblem(HttpStatusCode.Conflict, "repaired-before");
        refused.Body.ShouldContain(Text((await services.Host.Get(repaired.Self)).Json, "repairedBy")!);

        static string Filter(string recipient) => $$"""{"filter":{"recipient":"{{recipient}}"},"by":"bob","why":"the vendor is back"}""";

        async Task<(string Self, string Delivery)> Rejected(string recipient)
        {
            var accepted = await services.Host.Post(
                "/v1/notifications",
                $$"""
                {"category":"announcement","recipient":{"id":"{{recipient}}","email":"{{recipient}}@example.com"},"channels":["email"],
                 "data":{"title":"Hello","text":"Hello"} }
                """
            );
            accepted.Status.ShouldBe(HttpStatusCode.Accepted, accepted.Body);
            var self = $"/v1/notifications/{Text(accepted.Json, "id")}";
            var outcome = await services.Host.Outcome(self);
            Text(outcome, "status").ShouldBe("failed");
            return (self, Text(Delivery(outcome), "id")!);
        }
    }

    [Fact]
    public async Task Should_send_it_from_the_command_line()
    {
        var (self, _) = await Ended("sent");
        await using StringWriter output = new();
        string[] args = ["resend", self.Split('/')[^1], "--why", "it never came", "--url", $"{services.Host.Client.BaseAddress}"];

        (await NotificationHost.Run(args, output, output)).ShouldBe(0, $"{output}");

        await services.Host.Until(
            $"/v1/notifications?address={_mailbox}&status=delivered",
            page => All(page, "notifications").Count() == 2
        );
    }

    [Theory]
    [InlineData("""{"by":"ann"}""", "why")]
    [InlineData("""{"why":"so"}""", "by")]
    [InlineData("""{"by":"ann","why":"so","channel":"email"}""", "channel")]
    public async Task Should_say_what_is_wrong(string body, string field) =>
        (await services.Host.Post(Resend($"/v1/notifications/{Guid.NewGuid()}", $"{Guid.NewGuid()}"), body))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")
            .Keys.ShouldBe([field]);

    [Fact]
    public async Task Should_know_only_what_there_is()
    {
        var (self, _) = await Ended("sent");

        (await services.Host.Post(Resend($"/v1/notifications/{Guid.NewGuid()}", $"{Guid.NewGuid()}"), By)).ShouldBeProblem(
            HttpStatusCode.NotFound,
            "unknown-notification"
        );
        (await services.Host.Post(Resend(self, $"{Guid.NewGuid()}"), By)).ShouldBeProblem(HttpStatusCode.NotFound, "unknown-delivery");
    }

    /// <summary>An order whose only delivery has ended so, as far as the services are to blame.</summary>
    async Task<(string Self, string Delivery)> Ended(string status)
    {
        if (status == "sent")
            Accept();
        var self = await services.PlaceOrder(_mailbox);
        var delivery = Delivery(await services.Host.Outcome(self));
        Text(delivery, "status").ShouldBe(status);
        return (self, Text(delivery, "id")!);
    }

    void Refuse()
    {
        services.Gateway.Answers("451 Unavailable For Legal Reasons");
        services.Backup.Answers("451 Unavailable For Legal Reasons");
    }

    void Accept()
    {
        services.Gateway.Answers("200 OK");
        services.Backup.Answers("200 OK");
    }

    async Task<IReadOnlyList<JsonElement>> Changes(string self) =>
        [
            .. All((await services.Host.Get("/v1/changes?limit=200")).Json, "changes")
                .Where(change => Text(change, "subject") == $"notification {self.Split('/')[^1]}"),
        ];

    static string Resend(string self, string delivery) => $"{self}/deliveries/{delivery}/resend";

    static string Bare(string id) => id.Replace("-", "", StringComparison.Ordinal);
}
