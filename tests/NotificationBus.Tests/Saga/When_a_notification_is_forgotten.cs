using NotificationBus.Contracts;
using NotificationBus.Embedded;
using NotificationBus.Outgoing;
using NotificationBus.Planning;
using NotificationBus.Saga;
using NotificationBus.Saga.Persistence;
using NotificationBus.Sending;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga;

public sealed class When_a_notification_is_forgotten
{
    static readonly TimeSpan After = TimeSpan.FromMinutes(10);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Should_be_brought_back_once(int hosts)
    {
        await using var flow = await EmbeddedFlow.Start(sweeps: hosts);
        var id = await LoseTheOrders(flow);

        await Pass(flow, After);

        var notification = await flow.Outcome(id);
        notification.CurrentState.ShouldBe("Delivered");
        flow.Email.Calls.ShouldHaveSingleItem();
        flow.Push.Calls.ShouldHaveSingleItem();
        flow.Wire.Handled.Count(message => message.Type == nameof(ResumeNotification)).ShouldBe(1);
    }

    [Fact]
    public async Task Should_only_have_reported_again_what_was_sent()
    {
        await using var flow = await EmbeddedFlow.Start(sweeps: 1);
        flow.Store.BeforeWrite = (step, _) => step.Notification.Version == 0 ? Task.CompletedTask : throw new InvalidOperationException("the result is lost");
        var id = await flow.Tell(An.OrderShipped());
        await flow.Pulse.Until(() => flow.Wire.Errors.Count == 1);
        flow.Store.BeforeWrite = null;

        await Pass(flow, After);

        (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
        flow.Push.Calls.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_escalate_when_the_timer_was_lost_too()
    {
        await using var flow = await EmbeddedFlow.Start(DeliveryMode.FirstThatWorks, sweeps: 1, escalateAfter: TimeSpan.FromMinutes(1));
        flow.Email.Answers((_, _) => new TaskCompletionSource<ProviderResult>().Task);
        var id = await LoseTheOrders(flow);

        await Pass(flow, After);

        (await flow.Outcome(id)).Deliveries.Select(delivery => delivery.Status).ShouldBe([DeliveryStatus.NotNeeded, DeliveryStatus.Sent]);
    }

    [Fact]
    public async Task Should_not_be_touched_when_it_has_ended()
    {
        await using var flow = await EmbeddedFlow.Start(sweeps: 1);
        await flow.Outcome(await flow.Tell(An.OrderShipped()));

        await Pass(flow, After);
        await Pass(flow, After);

        flow.Wire.Handled.ShouldNotContain(message => message.Type == nameof(ResumeNotification));
    }

    [Fact]
    public async Task Should_not_be_touched_while_its_order_is_put_off()
    {
        await using var flow = await EmbeddedFlow.Start(sweeps: 1);
        flow.Push.Answers(new ProviderResult.Unavailable("closed for the day", RetryAfter: TimeSpan.FromHours(12)));
        await flow.Tell(An.OrderShipped());
        await flow.Pulse.Until(() => flow.Outgoing.Scheduled == 1);

        await Pass(flow, After);
        await Pass(flow, After);

        flow.Wire.Handled.ShouldNotContain(message => message.Type == nameof(ResumeNotification));
    }

    [Fact]
    public async Task Should_be_looked_at_again_later_each_time()
    {
        var clock = new ManualClock();
        var outgoing = new InMemoryOutgoingMessages(clock);
        var store = new InMemoryNotificationStore(new InMemoryAttemptLedger(clock), outgoing);
        var unfinished = new InMemoryUnfinishedNotifications(store, outgoing, clock);
        var notification = new NotificationState { CorrelationId = Guid.CreateVersion7(), CreatedAt = clock.GetUtcNow(), Recipient = A.Buyer, Data = System.Text.Json.JsonElement.Parse("{}") };
        await store.Insert(new NotificationStep(notification, Guid.CreateVersion7(), []), CancellationToken.None);

        var found = new List<int>();
        for (var minute = 0; minute <= 60; minute++)
        {
            await unfinished.LookAtThoseOf(After, 10, CancellationToken.None);
            if ((await unfinished.Take(After, 10, CancellationToken.None)).Unattended.Count > 0)
                found.Add(minute);
            clock.Advance(TimeSpan.FromMinutes(1));
        }

        found.ShouldBe([10, 20, 40]);
    }

    /// <summary>Lets time pass and waits until those who sweep have swept.</summary>
    static async Task Pass(EmbeddedFlow flow, TimeSpan time)
    {
        var sweeps = flow.Clock.AlarmsWithin(TimeSpan.FromMinutes(1));
        flow.Clock.Advance(time + TimeSpan.FromMinutes(1));
        await flow.Pulse.Until(() => flow.Clock.AlarmsWithin(TimeSpan.FromMinutes(1)) >= sweeps);
    }

    /// <summary>Stores the first step and loses everything that it wants published, as a broker does that loses its disk.</summary>
    static async Task<Guid> LoseTheOrders(EmbeddedFlow flow)
    {
        var stored = new List<OutgoingMessage>();
        flow.Store.AfterWrite = step =>
        {
            stored.AddRange(step.Outgoing);
            throw new ProcessDiedException();
        };
        var happened = An.OrderPlaced(eventId: "order-4711");
        await flow.Handle(happened);
        flow.Store.AfterWrite = null;
        await flow.Outgoing.Published(stored);
        return flow.MapOf<OrderPlaced>().NotificationId(happened, Guid.Empty);
    }
}
