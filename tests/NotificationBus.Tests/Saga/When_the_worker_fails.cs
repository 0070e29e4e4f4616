using NotificationBus.Contracts;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga;

public sealed class When_the_worker_fails
{
    [Fact]
    public async Task Should_mark_the_delivery_failed_and_go_on()
    {
        await using var flow = await EmbeddedFlow.Start();
        var answer = new TaskCompletionSource<ProviderResult>();
        flow.Email.Answers((_, _) => answer.Task);
        var id = await flow.Tell(An.OrderPlaced());
        var sending = await flow.Until(id, notification => notification.Deliveries[1].Status == DeliveryStatus.Sent);

        // A command for a channel this host does not have, as after a rolling update: nobody planned for that.
        var worker = await flow.Bus.GetSendEndpoint(ChannelEndpoint.Of("email", Lane.Transactional));
        await worker.Send(
            new SendDelivery
            {
                NotificationId = id,
                DeliveryId = sending.Deliveries[0].Id,
                Channel = "fax",
                Address = "som@example.com",
                Category = "order-placed",
                RecipientId = "seller-42",
                Data = sending.Data,
                ExpiresAt = sending.ExpiresAt,
            }
        );

        var notification = await flow.Outcome(id);
        (await flow.Saga.Exists(notification.CorrelationId, machine => machine.PartlyDelivered)).ShouldBe(notification.CorrelationId);
        notification.Deliveries[0].Status.ShouldBe(DeliveryStatus.Failed);
        notification
            .Deliveries[0]
            .Reason.ShouldBe("the worker failed (NotificationBus.Intake.InvalidEventException); the command is among the failed messages");
        await flow.Pulse.Until(() => flow.Wire.Errors.Count == 1);
        flow.Wire.Errors[0].Exception.ShouldContain("there is no channel 'fax', only email, push");
        answer.SetResult(ScriptedProvider.Accepted);
    }

    [Fact]
    public async Task Should_deliver_when_the_order_was_given_up_and_sent_all_the_same()
    {
        await using var flow = await EmbeddedFlow.Start();
        var answer = new TaskCompletionSource<ProviderResult>();
        flow.Push.Answers((_, _) => answer.Task);
        var id = await flow.Tell(An.OrderShipped());
        var sending = await flow.Until(id, notification => notification.CurrentState == "Sending");
        var worker = await flow.Bus.GetSendEndpoint(ChannelEndpoint.Of("push", Lane.Transactional));
        await worker.Send(
            new SendDelivery
            {
                NotificationId = id,
                DeliveryId = sending.Deliveries[0].Id,
                Channel = "fax",
                Address = "phone-of-nok",
                Category = "order-shipped",
                RecipientId = "buyer-7",
                Data = sending.Data,
                ExpiresAt = sending.ExpiresAt,
            }
        );
        await flow.Outcome(id);
        (await flow.Saga.Exists(id, machine => machine.Failed)).ShouldBe(id);

        answer.SetResult(ScriptedProvider.Accepted);

        await flow.Pulse.Until(() => flow.OutcomesOf(id).Count == 2);
        var notification = flow.Find(id)!;
        (await flow.Saga.Exists(notification.CorrelationId, machine => machine.Delivered)).ShouldBe(notification.CorrelationId);
        notification.Deliveries[0].Reason.ShouldBeNull();
        flow.OutcomesOf(id)[0].ShouldBeOfType<NotificationFailed>();
        flow.OutcomesOf(id)[1].ShouldBeOfType<NotificationDelivered>().Channels.ShouldBe(["push"]);
    }
}
