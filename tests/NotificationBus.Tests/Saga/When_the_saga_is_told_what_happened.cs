using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga;

/// <summary>The state machine alone, on MassTransit's test harness: the test says what became of each delivery, and nobody sends.</summary>
public sealed class When_the_saga_is_told_what_happened : IAsyncLifetime
{
    EmbeddedFlow _flow = null!;

    public async ValueTask InitializeAsync() =>
        _flow = await EmbeddedFlow.Start(new() { NobodySends = true, Mode = DeliveryMode.FirstThatWorks });

    public ValueTask DisposeAsync() => _flow.DisposeAsync();

    [Fact]
    public async Task Should_begin_with_the_event()
    {
        var id = await _flow.Tell(An.OrderPlaced());

        (await _flow.Saga.Exists(id, machine => machine.Sending)).ShouldBe(id);
        (await _flow.Saga.Consumed.Any<OrderPlaced>()).ShouldBeTrue();
        (await _flow.Saga.Sagas.Any(notification => notification.CorrelationId == id)).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_be_delivered_when_the_first_channel_has_sent()
    {
        var notification = await Sending();

        await _flow.Handle(Sent(notification, 0));

        (await _flow.Saga.Exists(notification.CorrelationId, machine => machine.Delivered)).ShouldBe(notification.CorrelationId);
        (await _flow.Harness.Published.Any<NotificationDelivered>()).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_go_on_with_the_next_channel_when_one_has_failed()
    {
        var notification = await Sending();

        await _flow.Handle(Failed(notification, 0));
        (await _flow.Saga.Exists(notification.CorrelationId, machine => machine.Sending)).ShouldBe(notification.CorrelationId);
        _flow
            .Wire.Published.Where(message => message.Type == nameof(SendDelivery))
            .Select(message => message.Place)
            .ShouldBe(["send-email", "send-push"]);

        await _flow.Handle(Failed(notification, 1));
        (await _flow.Saga.Exists(notification.CorrelationId, machine => machine.Failed)).ShouldBe(notification.CorrelationId);
        (await _flow.Harness.Published.Any<NotificationFailed>()).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_wait_for_an_operator_when_nobody_knows()
    {
        var notification = await Sending();
        var (id, first) = (notification.CorrelationId, notification.Deliveries[0].Id);

        await _flow.Handle(
            new DeliveryHeld
            {
                NotificationId = id,
                DeliveryId = first,
                Provider = "scripted",
                Reason = "cut off",
                Attempts = 1,
            }
        );
        (await _flow.Saga.Exists(id, machine => machine.Held)).ShouldBe(id);

        await _flow.Handle(
            new DecideDelivery
            {
                NotificationId = id,
                DeliveryId = first,
                Decision = HeldDecision.Sent,
                Why = "she has it",
            }
        );
        (await _flow.Saga.Exists(id, machine => machine.Delivered)).ShouldBe(id);
    }

    [Fact]
    public async Task Should_expire_when_no_channel_took_it_in_time()
    {
        var notification = await Sending();

        await _flow.Handle(Expired(notification, 0));
        await _flow.Handle(Expired(notification, 1));

        (await _flow.Saga.Exists(notification.CorrelationId, machine => machine.Expired)).ShouldBe(notification.CorrelationId);
        (await _flow.Harness.Published.Any<NotificationExpired>()).ShouldBeTrue();
    }

    /// <summary>
    /// One that had ended was closed by itself, to be sent again, and its command came once more: that calls off nothing else.
    /// </summary>
    [Fact]
    public async Task Should_still_go_on_with_the_next_channel_when_one_that_had_failed_is_found_closed()
    {
        var id = await _flow.Tell(An.Announcement(A.Seller with { PushTokens = ["som-phone", "som-tablet"] }, channels: ["push", "email"]));
        (await _flow.Saga.Exists(id, machine => machine.Sending)).ShouldBe(id);
        var notification = _flow.Find(id)!;
        await _flow.Handle(Failed(notification, 0));

        await _flow.Handle(
            new DeliveryCancelled
            {
                NotificationId = id,
                DeliveryId = notification.Deliveries[0].Id,
                Reason = "ann: it is sent again",
            }
        );
        await _flow.Handle(Failed(notification, 1));

        (await _flow.Saga.Exists(id, machine => machine.Sending)).ShouldBe(id);
        _flow
            .Find(id)!
            .Deliveries.Select(delivery => delivery.Status)
            .ShouldBe([DeliveryStatus.Failed, DeliveryStatus.Failed, DeliveryStatus.Sending]);
    }

    [Fact]
    public async Task Should_stay_one_when_the_event_is_repeated()
    {
        var first = await _flow.Tell(An.OrderPlaced(eventId: "order-4711"));
        (await _flow.Saga.Exists(first)).ShouldBe(first);

        await _flow.Handle(An.OrderPlaced(eventId: "order-4711"));

        _flow.Store.Written.ShouldBe([first]);
        _flow.Wire.Published.Count(message => message.Type == nameof(SendDelivery)).ShouldBe(1);
    }

    async Task<NotificationState> Sending()
    {
        var id = await _flow.Tell(An.OrderPlaced());
        (await _flow.Saga.Exists(id, machine => machine.Sending)).ShouldBe(id);
        return _flow.Find(id)!;
    }

    static DeliverySent Sent(NotificationState notification, int delivery) =>
        new()
        {
            NotificationId = notification.CorrelationId,
            DeliveryId = notification.Deliveries[delivery].Id,
            Provider = "scripted",
        };

    static DeliveryFailed Failed(NotificationState notification, int delivery) =>
        new()
        {
            NotificationId = notification.CorrelationId,
            DeliveryId = notification.Deliveries[delivery].Id,
            Reason = "no such mailbox",
        };

    static DeliveryExpired Expired(NotificationState notification, int delivery) =>
        new()
        {
            NotificationId = notification.CorrelationId,
            DeliveryId = notification.Deliveries[delivery].Id,
            Reason = "nobody took it",
        };
}
