using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga;

public sealed class When_a_result_comes_late_or_twice
{
    [Theory]
    [InlineData("Delivered")]
    [InlineData("PartlyDelivered")]
    [InlineData("Failed")]
    public async Task Should_change_nothing_that_has_ended(string state)
    {
        await using var flow = await EmbeddedFlow.Start();
        flow.Email.Answers(state == "Failed" ? ScriptedProvider.Rejected : ScriptedProvider.Accepted);
        flow.Push.Answers(state == "Delivered" ? ScriptedProvider.Accepted : ScriptedProvider.Rejected);
        var before = await flow.Outcome(await flow.Tell(An.OrderPlaced()));
        before.CurrentState.ShouldBe(state);
        flow.Clock.Advance(TimeSpan.FromMinutes(1));

        foreach (var delivery in before.Deliveries)
        {
            await flow.Handle(Failed(before, delivery, "too late"));
            await flow.Handle<Fault<SendDelivery>>(new GivenUp(before, delivery));
            if (delivery.Status == DeliveryStatus.Sent)
                await flow.Handle(Sent(before, delivery));
        }

        flow.Find(before.CorrelationId)!.CurrentState.ShouldBe(state);
        Picture(flow.Find(before.CorrelationId)!).ShouldBe(Picture(before));
        flow.OutcomesOf(before.CorrelationId).ShouldHaveSingleItem();
        flow.Wire.Published.Count(message => message.Type.StartsWith("Notification", StringComparison.Ordinal)).ShouldBe(1);
        flow.Wire.Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_take_a_failure_that_comes_twice_once()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks });
        var answer = new TaskCompletionSource<NotificationBus.Providers.ProviderResult>();
        flow.Email.Answers(ScriptedProvider.Rejected);
        flow.Push.Answers((_, _) => answer.Task);
        var id = await flow.Tell(An.OrderPlaced());
        var sending = await flow.Until(id, notification => notification.Deliveries[1].Status == DeliveryStatus.Sending);

        await flow.Handle(Failed(sending, sending.Deliveries[0], "no such mailbox"));
        answer.SetResult(ScriptedProvider.Accepted);

        await flow.Outcome(id);
        flow.Push.Calls.ShouldHaveSingleItem();
        flow.Wire.Published.Count(message => message.Type == nameof(SendDelivery)).ShouldBe(2);
    }

    [Fact]
    public async Task Should_not_take_back_what_was_sent()
    {
        await using var flow = await EmbeddedFlow.Start();
        var answer = new TaskCompletionSource<NotificationBus.Providers.ProviderResult>();
        flow.Push.Answers((_, _) => answer.Task);
        var id = await flow.Tell(An.OrderPlaced());
        var sending = await flow.Until(id, notification => notification.Deliveries[0].Status == DeliveryStatus.Sent);

        await flow.Handle(Failed(sending, sending.Deliveries[0], "too late"));
        await flow.Handle<Fault<SendDelivery>>(new GivenUp(sending, sending.Deliveries[0]));
        answer.SetResult(ScriptedProvider.Accepted);

        await flow.Outcome(id);
        (await flow.Saga.Exists(id, machine => machine.Delivered)).ShouldBe(id);
        flow.Wire.Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_revise_the_outcome_when_what_was_given_up_is_sent_after_all()
    {
        await using var flow = await EmbeddedFlow.Start();
        flow.Push.Answers(ScriptedProvider.Rejected);
        flow.Email.Answers((_, _) => Task.FromResult<NotificationBus.Providers.ProviderResult>(null!));
        var failed = await flow.Outcome(await flow.Tell(An.OrderPlaced()));
        (await flow.Saga.Exists(failed.CorrelationId, machine => machine.Failed)).ShouldBe(failed.CorrelationId);

        await flow.Handle(Sent(failed, failed.Deliveries[0]));
        (await flow.Saga.Exists(failed.CorrelationId, machine => machine.PartlyDelivered)).ShouldBe(failed.CorrelationId);
        await flow.Handle(Sent(failed, failed.Deliveries[1]));

        var delivered = flow.Find(failed.CorrelationId)!;
        (await flow.Saga.Exists(delivered.CorrelationId, machine => machine.Delivered)).ShouldBe(delivered.CorrelationId);
        delivered.Deliveries.ShouldAllBe(delivery => delivery.Reason == null);
        await flow.Pulse.Until(() => flow.Outcomes.Count == 3);
        flow.Outcomes.Select(outcome => outcome.GetType().Name)
            .ShouldBe([nameof(NotificationFailed), nameof(NotificationPartlyDelivered), nameof(NotificationDelivered)]);
    }

    [Fact]
    public async Task Should_ignore_a_delivery_the_notification_does_not_have()
    {
        await using var flow = await EmbeddedFlow.Start();
        var before = await flow.Outcome(await flow.Tell(An.OrderPlaced()));

        await flow.Handle(
            new DeliverySent
            {
                NotificationId = before.CorrelationId,
                DeliveryId = Guid.CreateVersion7(),
                Provider = "scripted",
            }
        );

        Picture(flow.Find(before.CorrelationId)!).ShouldBe(Picture(before));
        flow.Wire.Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_put_a_result_of_an_unknown_notification_in_the_error_queue()
    {
        await using var flow = await EmbeddedFlow.Start();
        var unknown = new NotificationState { CorrelationId = Guid.CreateVersion7() };
        var delivery = new DeliveryState
        {
            Id = Guid.CreateVersion7(),
            Channel = "email",
            Address = "",
            Step = 1,
        };

        Guid[] lost =
        [
            await flow.Handle(Sent(unknown, delivery)),
            await flow.Handle(Failed(unknown, delivery, "no such mailbox")),
            await flow.Handle<Fault<SendDelivery>>(new GivenUp(unknown, delivery)),
        ];

        await flow.Pulse.Until(() => flow.Wire.Errors.Count == 3);
        flow.Wire.Errors.Select(error => error.Message.Id!.Value).ShouldBe(lost, ignoreOrder: true);
        flow.Find(unknown.CorrelationId).ShouldBeNull();
    }

    /// <summary>Everything that people see of it.</summary>
    static string Picture(NotificationState notification) =>
        $"{notification.CurrentState} {notification.CompletedAt:O} "
        + $"{string.Join(' ', notification.Deliveries.Select(delivery => $"{delivery.Status} {delivery.Provider} {delivery.Reason}"))}";

    static DeliverySent Sent(NotificationState notification, DeliveryState delivery) =>
        new()
        {
            NotificationId = notification.CorrelationId,
            DeliveryId = delivery.Id,
            Provider = "scripted",
            ProviderMessageId = "their-id",
        };

    static DeliveryFailed Failed(NotificationState notification, DeliveryState delivery, string reason) =>
        new()
        {
            NotificationId = notification.CorrelationId,
            DeliveryId = delivery.Id,
            Provider = "scripted",
            Reason = reason,
        };

    sealed class GivenUp(NotificationState notification, DeliveryState delivery) : Fault<SendDelivery>
    {
        public Guid FaultId { get; } = Guid.CreateVersion7();

        public Guid? FaultedMessageId => null;

        public DateTime Timestamp => default;

        public ExceptionInfo[] Exceptions => [];

        public HostInfo Host => null!;

        public string[] FaultMessageTypes => [];

        public SendDelivery Message { get; } =
            new()
            {
                NotificationId = notification.CorrelationId,
                DeliveryId = delivery.Id,
                Channel = delivery.Channel,
                Address = delivery.Address,
                Category = "order-placed",
                RecipientId = "seller-42",
                Data = System.Text.Json.JsonElement.Parse("{}"),
                ExpiresAt = notification.ExpiresAt,
            };
    }
}
