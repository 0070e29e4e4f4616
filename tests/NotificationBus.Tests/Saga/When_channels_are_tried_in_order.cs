using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga;

public sealed class When_channels_are_tried_in_order : IAsyncLifetime
{
    EmbeddedFlow _flow = null!;

    public async ValueTask InitializeAsync() => _flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks });

    public ValueTask DisposeAsync() => _flow.DisposeAsync();

    [Fact]
    public async Task Should_stop_at_the_first_that_works()
    {
        var id = await _flow.Tell(An.OrderPlaced());

        var notification = await _flow.Outcome(id);
        (await _flow.Saga.Exists(notification.CorrelationId, machine => machine.Delivered)).ShouldBe(notification.CorrelationId);
        notification.Deliveries.Select(delivery => delivery.Status).ShouldBe([DeliveryStatus.Sent, DeliveryStatus.NotNeeded]);
        _flow.Push.Calls.ShouldBeEmpty();
        _flow.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<NotificationDelivered>().Channels.ShouldBe(["email"]);
    }

    [Fact]
    public async Task Should_escalate_to_the_next_channel_when_the_first_fails()
    {
        _flow.Email.Answers(ScriptedProvider.Rejected);

        var id = await _flow.Tell(An.OrderPlaced());

        var notification = await _flow.Outcome(id);
        (await _flow.Saga.Exists(notification.CorrelationId, machine => machine.Delivered)).ShouldBe(notification.CorrelationId);
        notification.Deliveries.Select(delivery => delivery.Status).ShouldBe([DeliveryStatus.Failed, DeliveryStatus.Sent]);
        notification.Deliveries[0].Reason.ShouldBe("no such mailbox");
        _flow.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<NotificationDelivered>().Channels.ShouldBe(["push"]);
    }

    [Fact]
    public async Task Should_order_the_next_channel_only_after_the_first_has_failed()
    {
        var answer = new TaskCompletionSource<ProviderResult>();
        _flow.Email.Answers((_, _) => answer.Task);

        var happened = An.OrderPlaced(eventId: "order-4711");
        await _flow.Handle(happened);
        var id = _flow.MapOf<OrderPlaced>().NotificationId(happened, Guid.Empty);

        _flow.Find(id)!.Deliveries.Select(delivery => delivery.Status).ShouldBe([DeliveryStatus.Sending, DeliveryStatus.Waiting]);
        _flow.Wire.Published.Count(message => message.Type == nameof(SendDelivery)).ShouldBe(1);

        answer.SetResult(ScriptedProvider.Unavailable);
        await _flow.Outcome(id);
        (await _flow.Saga.Exists(id, machine => machine.Delivered)).ShouldBe(id);
        _flow.Wire.Published.Count(message => message.Type == nameof(SendDelivery)).ShouldBe(2);
    }

    [Fact]
    public async Task Should_try_every_device_before_the_next_channel()
    {
        _flow.Push.Answers(delivery => delivery.Address == "tablet" ? ScriptedProvider.Accepted : ScriptedProvider.Rejected);
        var seller = A.Seller with { PushTokens = ["phone", "tablet"] };

        var id = await _flow.Tell(An.Announcement(seller));

        var notification = await _flow.Outcome(id);
        (await _flow.Saga.Exists(notification.CorrelationId, machine => machine.Delivered)).ShouldBe(notification.CorrelationId);
        notification
            .Deliveries.Select(delivery => (delivery.Channel, delivery.Step, delivery.Status))
            .ShouldBe([("push", 1, DeliveryStatus.Failed), ("push", 1, DeliveryStatus.Sent), ("email", 2, DeliveryStatus.NotNeeded)]);
    }

    /// <summary>Whoever was told on one of them was told on the channel, without a reason why not.</summary>
    [Theory]
    [InlineData(DeliveryStatus.Sent, "sent", null)]
    [InlineData(DeliveryStatus.NotNeeded, "not-needed", ReasonCode.NotNeeded)]
    public void Should_say_of_a_channel_what_became_of_its_devices(DeliveryStatus other, string result, string? code)
    {
        var notification = new NotificationState { Deliveries = [On("phone", DeliveryStatus.NotNeeded), On("tablet", other)] };

        var push = notification.Results().ShouldHaveSingleItem();

        (push.Result, push.Code).ShouldBe((result, code));

        static DeliveryState On(string device, DeliveryStatus status) =>
            new()
            {
                Id = Guid.NewGuid(),
                Channel = "push",
                Address = device,
                Step = 1,
                Status = status,
            };
    }

    [Fact]
    public async Task Should_fail_when_no_channel_works()
    {
        _flow.Email.Answers(ScriptedProvider.Rejected);
        _flow.Push.Answers(ScriptedProvider.Rejected);

        var id = await _flow.Tell(An.OrderPlaced());

        var notification = await _flow.Outcome(id);
        (await _flow.Saga.Exists(notification.CorrelationId, machine => machine.Failed)).ShouldBe(notification.CorrelationId);
        _flow
            .Outcomes.ShouldHaveSingleItem()
            .ShouldBeOfType<NotificationFailed>()
            .Reason.ShouldBe("email: no such mailbox; push: no such mailbox");
    }
}
