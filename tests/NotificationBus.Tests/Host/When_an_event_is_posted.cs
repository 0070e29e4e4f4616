using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NotificationBus.Tests.Host;

public sealed class When_an_event_is_posted(RunningHost host) : IClassFixture<RunningHost>
{
    [Theory]
    [InlineData("order-placed", "seller-42", "email", "push")]
    [InlineData("chat-message-sent", "seller-42", "email", "push")]
    [InlineData("payment-reminder-due", "buyer-7", "push")]
    [InlineData("order-shipped", "buyer-7", "push")]
    [InlineData("notification-requested", "seller-42", "push", "email")]
    public async Task Should_reach_its_recipient_on_its_channels(string name, string recipient, params string[] channels)
    {
        var accepted = await host.Post(Occurrence.AddressOf(name), Occurrence.ByName[name]);

        accepted.Status.ShouldBe(HttpStatusCode.Accepted);
        var notification = await host.Outcome(accepted.Self);
        notification.GetProperty("status").GetString().ShouldBe("delivered");
        notification.GetProperty("event").GetString().ShouldBe(name);
        notification.GetProperty("recipient").GetString().ShouldBe(recipient);
        notification
            .GetProperty("deliveries")
            .EnumerateArray()
            .Select(delivery => delivery.GetProperty("channel").GetString())
            .ShouldBe(channels);
    }

    [Fact]
    public async Task Should_answer_as_documented()
    {
        var accepted = await host.Post("/v1/events/order-placed", Occurrence.ByName["order-placed"]);

        var id = accepted.Self.Split('/')[^1];
        Guid.TryParseExact(id, "D", out _).ShouldBeTrue();
        accepted.Body.ShouldBe(
            $$$"""{"notifications":[{"id":"{{{id}}}","status":"accepted","links":{"self":"/v1/notifications/{{{id}}}"}}]}"""
        );
        accepted.ContentHeaders.ContentType!.MediaType.ShouldBe("application/json");
        accepted.Headers.Contains("Server").ShouldBeFalse();
    }

    [Fact]
    public async Task Should_show_the_whole_notification_as_documented()
    {
        var accepted = await host.Post("/v1/events/order-placed", Occurrence.With("order-placed", "eventId", "shape-1"));

        var notification = await host.Outcome(accepted.Self);

        Names(notification)
            .ShouldBe([
                "id",
                "application",
                "status",
                "event",
                "eventId",
                "category",
                "recipient",
                "keys",
                "mode",
                "templateVersion",
                "createdAt",
                "completedAt",
                "expiresAt",
                "deliveries",
                "decisions",
                "results",
            ]);
        notification.GetProperty("id").GetGuid().ShouldBe(Guid.Parse(accepted.Self.Split('/')[^1]));
        notification.GetProperty("eventId").GetString().ShouldBe("shape-1");
        notification.GetProperty("category").GetString().ShouldBe("order-placed");
        notification.GetProperty("mode").GetString().ShouldBe("all-at-once");
        notification
            .GetProperty("completedAt")
            .GetDateTimeOffset()
            .ShouldBeGreaterThanOrEqualTo(notification.GetProperty("createdAt").GetDateTimeOffset());
        notification
            .GetProperty("decisions")
            .EnumerateArray()
            .Select(decision => decision.GetString())
            .ShouldBe(["email: planned", "push: planned"]);

        var delivery = notification.GetProperty("deliveries")[0];
        Names(delivery)
            .ShouldBe(["id", "channel", "address", "step", "status", "begunAt", "provider", "providerMessageId", "settledAt", "attempts"]);
        delivery.GetProperty("channel").GetString().ShouldBe("email");
        delivery.GetProperty("status").GetString().ShouldBe("sent");
        delivery.GetProperty("provider").GetString().ShouldBe("sandbox");
        delivery.GetProperty("address").GetString().ShouldBe("s…@example.com");

        var attempt = delivery.GetProperty("attempts").EnumerateArray().ShouldHaveSingleItem();
        Names(attempt).ShouldBe(["number", "provider", "status", "content", "startedAt", "finishedAt"]);
        attempt.GetProperty("number").GetInt32().ShouldBe(1);
        attempt.GetProperty("status").GetString().ShouldBe("accepted");
    }

    [Fact]
    public async Task Should_be_one_notification_however_often_it_comes()
    {
        var json = Occurrence.With("order-placed", "eventId", "order-4711-placed");

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => host.Post("/v1/events/order-placed", json)));

        answers.ShouldAllBe(answer => answer.Status == HttpStatusCode.Accepted);
        var self = answers.Select(answer => answer.Self).Distinct(StringComparer.Ordinal).ShouldHaveSingleItem();
        var notification = await host.Outcome(self);
        notification.GetProperty("status").GetString().ShouldBe("delivered");

        // What comes after the repetitions is done after them: by then a second mail would have gone out too.
        await host.Outcome((await host.Post("/v1/events/order-placed", Occurrence.With("order-placed", "eventId", "the one after"))).Self);
        var id = notification.GetProperty("id").GetGuid();
        host.Inbox.Since(0)
            .Where(caught => caught.Delivery.NotificationId == id)
            .Select(caught => caught.Delivery.Channel)
            .Order(StringComparer.Ordinal)
            .ShouldBe(["email", "push"]);
    }

    [Fact]
    public async Task Should_be_another_notification_without_an_event_id()
    {
        var first = await host.Post("/v1/events/order-shipped", Occurrence.ByName["order-shipped"]);
        var second = await host.Post("/v1/events/order-shipped", Occurrence.ByName["order-shipped"]);

        second.Self.ShouldNotBe(first.Self);
    }

    [Fact]
    public async Task Should_be_known_from_the_moment_it_was_accepted()
    {
        for (var i = 0; i < 50; i++)
        {
            var accepted = await host.Post("/v1/events/order-shipped", Occurrence.ByName["order-shipped"]);
            var asked = await host.Get(accepted.Self);

            asked.Status.ShouldBe(HttpStatusCode.OK);
            asked.Json.GetProperty("id").GetString().ShouldBe(accepted.Self.Split('/')[^1]);
        }
    }

    [Fact]
    public async Task Should_take_every_spelling_of_the_media_type()
    {
        foreach (
            var type in (string[])
                ["application/json", "Application/JSON", "application/json; charset=UTF-8", "application/json; charset=\"utf-8\""]
        )
        {
            using var body = new StringContent(Occurrence.ByName["order-shipped"]);
            body.Headers.Remove("Content-Type");
            body.Headers.TryAddWithoutValidation("Content-Type", type);

            (await host.Post("/v1/events/order-shipped", body)).Status.ShouldBe(HttpStatusCode.Accepted, type);
        }
    }

    [Fact]
    public async Task Should_fail_visibly_when_the_recipient_has_no_address()
    {
        var accepted = await host.Post("/v1/events/order-shipped", Occurrence.With("order-shipped", "buyer.pushTokens", new JsonArray()));

        var notification = await host.Outcome(accepted.Self);

        notification.GetProperty("status").GetString().ShouldBe("failed");
        notification.GetProperty("reason").GetString().ShouldBe("push: the recipient has no address there");
    }

    static IEnumerable<string> Names(JsonElement element) => element.EnumerateObject().Select(property => property.Name);
}
