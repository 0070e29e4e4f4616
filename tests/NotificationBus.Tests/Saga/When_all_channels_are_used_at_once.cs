using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga;

public sealed class When_all_channels_are_used_at_once : IAsyncLifetime
{
    EmbeddedFlow _flow = null!;

    public async ValueTask InitializeAsync() => _flow = await EmbeddedFlow.Start();

    public ValueTask DisposeAsync() => _flow.DisposeAsync();

    [Fact]
    public async Task Should_say_which_channel_took_it_and_which_did_not()
    {
        _flow.Push.Answers(ScriptedProvider.Rejected);

        var id = await _flow.Tell(An.OrderPlaced(eventId: "order-4711"));

        var notification = await _flow.Outcome(id);
        (await _flow.Saga.Exists(notification.CorrelationId, machine => machine.PartlyDelivered)).ShouldBe(notification.CorrelationId);
        notification.CompletedAt.ShouldBe(_flow.Clock.GetUtcNow());
        var told = _flow.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<NotificationPartlyDelivered>();
        told.NotificationId.ShouldBe(id);
        told.EventName.ShouldBe("order-placed");
        told.EventId.ShouldBe("order-4711");
        told.RecipientId.ShouldBe("seller-42");
        told.Channels.ShouldBe(["email"]);
        told.FailedChannels.ShouldBe(["push"]);
        told.Reason.ShouldBe("push: no such mailbox");
    }

    [Fact]
    public async Task Should_fail_when_every_channel_fails()
    {
        _flow.Email.Answers(ScriptedProvider.Rejected);
        _flow.Push.Answers(ScriptedProvider.Rejected);

        var id = await _flow.Tell(An.OrderPlaced(eventId: "order-4711"));

        var notification = await _flow.Outcome(id);
        (await _flow.Saga.Exists(notification.CorrelationId, machine => machine.Failed)).ShouldBe(notification.CorrelationId);
        var told = _flow.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<NotificationFailed>();
        told.NotificationId.ShouldBe(id);
        told.EventName.ShouldBe("order-placed");
        told.EventId.ShouldBe("order-4711");
        told.RecipientId.ShouldBe("seller-42");
        told.Reason.ShouldBe("email: no such mailbox; push: no such mailbox");
    }

    [Fact]
    public async Task Should_count_a_channel_as_reached_when_one_of_its_devices_was()
    {
        _flow.Push.Answers(delivery => delivery.Address == "old-phone" ? ScriptedProvider.Rejected : ScriptedProvider.Accepted);

        var id = await _flow.Tell(An.OrderPlaced(A.Seller with { PushTokens = ["old-phone", "phone"] }));

        var notification = await _flow.Outcome(id);
        (await _flow.Saga.Exists(notification.CorrelationId, machine => machine.Delivered)).ShouldBe(notification.CorrelationId);
        notification
            .Deliveries.Select(delivery => delivery.Status)
            .ShouldBe([DeliveryStatus.Sent, DeliveryStatus.Failed, DeliveryStatus.Sent]);
        _flow.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<NotificationDelivered>().Channels.ShouldBe(["email", "push"]);
    }

    [Fact]
    public async Task Should_write_down_who_took_it_and_under_which_name()
    {
        var id = await _flow.Tell(An.OrderPlaced());

        var delivery = (await _flow.Outcome(id)).Deliveries[0];
        delivery.Provider.ShouldBe("scripted");
        delivery.ProviderMessageId.ShouldBe("their-id");
        delivery.SettledAt.ShouldBe(_flow.Clock.GetUtcNow());
        _flow.Email.Calls.ShouldHaveSingleItem().Id.ShouldBe(delivery.Id);
    }

    [Fact]
    public async Task Should_put_the_attempts_beside_the_deliveries()
    {
        _flow.Push.Answers(ScriptedProvider.Rejected);
        var id = await _flow.Tell(An.OrderPlaced());
        await _flow.Outcome(id);

        var view = (await _flow.Queries.Find(id, CancellationToken.None)).ShouldNotBeNull();

        view.Status.ShouldBe("partly-delivered");
        view.Deliveries.Select(delivery => delivery.Address).ShouldBe(["s…@example.com", "phon…"]);
        var attempt = view.Deliveries[1].Attempts.ShouldHaveSingleItem();
        (attempt.Number, attempt.Provider, attempt.Status, attempt.Reason).ShouldBe(
            (1, "scripted", NotificationBus.Model.AttemptStatus.Rejected, "no such mailbox")
        );
    }
}
