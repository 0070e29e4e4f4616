using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Receipts;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Receipts;

public sealed class When_more_than_sent_is_asked_for
{
    static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData(DeliveryProof.Confirmed, ReceiptKind.Confirmed)]
    [InlineData(DeliveryProof.Confirmed, ReceiptKind.Opened)]
    [InlineData(DeliveryProof.Confirmed, ReceiptKind.Read)]
    [InlineData(DeliveryProof.Read, ReceiptKind.Read)]
    public async Task Should_leave_the_next_channel_out_when_it_is_known_in_time(DeliveryProof asked, ReceiptKind known)
    {
        await using var flow = await Start(asked);
        var sent = await Sent(flow);
        (sent.CurrentState, sent.CompletedAt).ShouldBe(("Sending", null));

        await flow.Report(Of(sent.Deliveries[0], known, flow));

        var end = await flow.Outcome(sent.CorrelationId);
        (end.CurrentState, end.Deliveries[1].Status, end.EscalationToken).ShouldBe(("Delivered", DeliveryStatus.NotNeeded, null));
        flow.Clock.Advance(Limit);
        (await flow.Outgoing.TakeDue(TimeSpan.Zero, 10, CancellationToken.None)).ShouldBeEmpty();
        flow.Push.Calls.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(DeliveryProof.Confirmed, ReceiptKind.SoftBounce)]
    [InlineData(DeliveryProof.Read, ReceiptKind.Confirmed)]
    [InlineData(DeliveryProof.Read, ReceiptKind.Opened)]
    public async Task Should_use_the_next_channel_too_when_it_is_not(DeliveryProof asked, ReceiptKind known)
    {
        await using var flow = await Start(asked);
        var sent = await Sent(flow);
        await flow.Report(Of(sent.Deliveries[0], known, flow));
        flow.Find(sent.CorrelationId)!.CurrentState.ShouldBe("Sending");

        flow.Clock.Advance(Limit);

        var end = await flow.Outcome(sent.CorrelationId);
        end.Deliveries[1].Status.ShouldBe(DeliveryStatus.Sent);
        flow.OutcomesOf(sent.CorrelationId)
            .ShouldHaveSingleItem()
            .ShouldBeOfType<NotificationDelivered>()
            .Channels.ShouldBe(["email", "push"]);
    }

    [Fact]
    public async Task Should_count_as_delivered_what_was_sent_when_no_other_channel_takes_it()
    {
        await using var flow = await Start(DeliveryProof.Read);
        flow.Push.Answers(ScriptedProvider.Rejected);
        var sent = await Sent(flow);

        flow.Clock.Advance(Limit);

        var end = await flow.Outcome(sent.CorrelationId);
        (end.CurrentState, end.Deliveries[1].Status).ShouldBe(("Delivered", DeliveryStatus.Failed));
    }

    [Fact]
    public async Task Should_wait_for_the_channel_begun_last_until_the_first_is_read()
    {
        await using var flow = await Start(DeliveryProof.Read);
        var answer = new TaskCompletionSource<ProviderResult>();
        flow.Push.Answers((_, _) => answer.Task);
        var sent = await Sent(flow);
        flow.Clock.Advance(Limit);
        await flow.Pulse.Until(() => flow.Push.Calls.Count == 1);
        flow.Find(sent.CorrelationId)!.CurrentState.ShouldBe("Sending");

        await flow.Report(Of(sent.Deliveries[0], ReceiptKind.Read, flow));

        var end = await flow.Outcome(sent.CorrelationId);
        (end.CurrentState, end.Deliveries[1].Status).ShouldBe(("Delivered", DeliveryStatus.NotNeeded));
    }

    [Fact]
    public async Task Should_use_the_next_channel_at_once_when_the_first_comes_back()
    {
        await using var flow = await Start(DeliveryProof.Confirmed);
        var sent = await Sent(flow);

        await flow.Report(Of(sent.Deliveries[0], ReceiptKind.HardBounce, flow));

        var end = await flow.Outcome(sent.CorrelationId);
        end.Deliveries.Select(delivery => delivery.Status).ShouldBe([DeliveryStatus.Failed, DeliveryStatus.Sent]);
    }

    static Task<EmbeddedFlow> Start(DeliveryProof asked) =>
        EmbeddedFlow.Start(
            new()
            {
                Mode = DeliveryMode.FirstThatWorks,
                Dispatchers = 1,
                EscalateAfter = Limit,
                EscalateUnless = asked,
            }
        );

    static async Task<NotificationState> Sent(EmbeddedFlow flow)
    {
        var id = await flow.Tell(An.OrderPlaced());
        return await flow.Until(id, notification => notification.Deliveries[0].Status == DeliveryStatus.Sent);
    }

    static Receipt Of(DeliveryState delivery, ReceiptKind kind, EmbeddedFlow flow) =>
        new()
        {
            Kind = kind,
            Id = $"{kind} of {delivery.Id}",
            At = flow.Clock.GetUtcNow(),
            DeliveryId = delivery.Id,
        };
}
