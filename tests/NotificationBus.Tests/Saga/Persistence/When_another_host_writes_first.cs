using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Providers;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga.Persistence;

public sealed class When_another_host_writes_first
{
    [Fact]
    public async Task Should_make_the_step_again_from_the_state_as_it_is_now()
    {
        await using var flow = await EmbeddedFlow.Start();
        var answer = new TaskCompletionSource<ProviderResult>();
        flow.Email.Answers((_, _) => answer.Task);
        flow.Push.Answers(ScriptedProvider.Rejected);
        var id = await flow.Tell(An.OrderPlaced());
        await flow.Until(id, notification => notification.Deliveries[1].Status == DeliveryStatus.Failed);
        var ordered = flow.Wire.Published.Count;

        // The step that is about to be written says that nobody was reached. Meanwhile another host notes that the push was sent after all.
        flow.Store.BeforeWrite = async (step, _) =>
        {
            if (step.Notification.CompletedAt is null)
                return;

            flow.Store.BeforeWrite = null;
            await NoteSent(flow, id, delivery: 1);
        };
        answer.SetResult(ScriptedProvider.Rejected);

        var notification = await flow.Outcome(id);
        (await flow.Saga.Exists(notification.CorrelationId, machine => machine.PartlyDelivered)).ShouldBe(notification.CorrelationId);
        notification.Deliveries.Select(delivery => delivery.Status).ShouldBe([DeliveryStatus.Failed, DeliveryStatus.Sent]);
        flow.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<NotificationPartlyDelivered>();
        flow.Wire.Published.Skip(ordered).Select(message => message.Type).ShouldBe([nameof(NotificationPartlyDelivered)]);
        flow.Wire.Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_find_the_notification_that_another_host_has_begun()
    {
        await using var flow = await EmbeddedFlow.Start();
        var happened = An.OrderPlaced(eventId: "order-4711");
        flow.Store.BeforeWrite = async (step, _) =>
        {
            // The other host takes the same event from another message, and stores it a moment earlier.
            flow.Store.BeforeWrite = null;
            (
                await flow.Store.Insert(new NotificationStep(Copy(step.Notification), Guid.CreateVersion7(), []), CancellationToken.None)
            ).ShouldBeTrue();
        };

        await flow.Handle(happened);

        flow.Wire.Published.ShouldBeEmpty();
        flow.Wire.Faults.ShouldBeEmpty();
    }

    static async Task NoteSent(EmbeddedFlow flow, Guid id, int delivery)
    {
        var theirs = (await flow.Store.Load(id, CancellationToken.None))!;
        theirs.Deliveries[delivery].Status = DeliveryStatus.Sent;
        (await flow.Store.Update(new NotificationStep(theirs, Guid.CreateVersion7(), []), CancellationToken.None)).ShouldBeTrue();
    }

    static NotificationState Copy(NotificationState notification) =>
        System.Text.Json.JsonSerializer.Deserialize(
            System.Text.Json.JsonSerializer.Serialize(notification, NotificationJson.Default.NotificationState),
            NotificationJson.Default.NotificationState
        )!;
}
