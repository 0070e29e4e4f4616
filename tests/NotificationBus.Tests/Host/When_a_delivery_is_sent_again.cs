using System.Net;
using System.Text.Json;
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
        var change = (await Changes(self))[0];
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
