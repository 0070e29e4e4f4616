using NotificationBus.Contracts;
using NotificationBus.Embedded;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Outgoing;
using NotificationBus.Providers;
using NotificationBus.Saga;
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
        await using var flow = await EmbeddedFlow.Start(new() { Sweeps = hosts });
        var id = await LoseTheCommands(flow);

        await Pass(flow, After);

        var notification = await flow.Outcome(id);
        (await flow.Saga.Exists(notification.CorrelationId, machine => machine.Delivered)).ShouldBe(notification.CorrelationId);
        flow.Email.Calls.ShouldHaveSingleItem();
        flow.Push.Calls.ShouldHaveSingleItem();
        flow.Wire.Handled.Count(message => message.Type == nameof(ResumeNotification)).ShouldBe(1);
    }

    [Fact]
    public async Task Should_only_have_reported_again_what_was_sent()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Sweeps = 1 });
        flow.Store.BeforeWrite = (step, _) =>
            step.Notification.Version == 0 ? Task.CompletedTask : throw new InvalidOperationException("the result is lost");
        var id = await flow.Tell(An.OrderShipped());
        await flow.Pulse.Until(() => flow.Wire.Errors.Count == 1);
        flow.Store.BeforeWrite = null;

        await Pass(flow, After);

        await flow.Outcome(id);
        (await flow.Saga.Exists(id, machine => machine.Delivered)).ShouldBe(id);
        flow.Push.Calls.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_escalate_when_the_timer_was_lost_too()
    {
        await using var flow = await EmbeddedFlow.Start(
            new()
            {
                Mode = DeliveryMode.FirstThatWorks,
                Sweeps = 1,
                EscalateAfter = TimeSpan.FromMinutes(1),
            }
        );
        flow.Email.Answers((_, _) => new TaskCompletionSource<ProviderResult>().Task);
        var id = await LoseTheCommands(flow);

        await Pass(flow, After);

        (await flow.Outcome(id)).Deliveries.Select(delivery => delivery.Status).ShouldBe([DeliveryStatus.NotNeeded, DeliveryStatus.Sent]);
    }

    /// <summary>Lets time pass and waits until those who sweep have swept.</summary>
    static async Task Pass(EmbeddedFlow flow, TimeSpan time)
    {
        var sweeps = flow.Clock.AlarmsWithin(TimeSpan.FromMinutes(1));
        flow.Clock.Advance(time + TimeSpan.FromMinutes(1));
        await flow.Pulse.Until(() => flow.Clock.AlarmsWithin(TimeSpan.FromMinutes(1)) >= sweeps);
    }

    /// <summary>Stores the first step and loses everything that it wants published, as a broker does that loses its disk.</summary>
    static async Task<Guid> LoseTheCommands(EmbeddedFlow flow)
    {
        var happened = An.OrderPlaced(eventId: "order-4711");
        await flow.DieAfterStoring(() => flow.Handle(happened));
        return flow.MapOf<OrderPlaced>().NotificationId(happened, Guid.Empty);
    }
}

public sealed class When_the_sweep_looks_at_a_notification
{
    static readonly TimeSpan After = TimeSpan.FromMinutes(10);

    readonly FakeTimeProvider _clock = new(A.Time);
    readonly InMemoryOutgoingMessages _outgoing;
    readonly InMemoryNotificationStore _store;
    readonly InMemoryUnfinishedNotifications _unfinished;

    public When_the_sweep_looks_at_a_notification()
    {
        _outgoing = new InMemoryOutgoingMessages(_clock);
        _store = new InMemoryNotificationStore(
            new InMemoryAttemptLedger(_clock, new InMemoryControls(_clock)),
            _outgoing,
            new ChannelSet([])
        );
        _unfinished = new InMemoryUnfinishedNotifications(_store, _outgoing, _clock);
    }

    [Fact]
    public async Task Should_look_again_later_each_time()
    {
        await Begin();

        var found = new List<int>();
        for (var minute = 0; minute <= 60; minute++)
        {
            if ((await Look()).Unattended.Count > 0)
                found.Add(minute);
            _clock.Advance(TimeSpan.FromMinutes(1));
        }

        found.ShouldBe([10, 20, 40]);
    }

    [Fact]
    public async Task Should_pass_over_what_has_ended_in_time()
    {
        var notification = await Begin();
        await End(notification);
        _clock.Advance(After);

        (await Look()).LookedAt.ShouldBe(0);
    }

    [Fact]
    public async Task Should_forget_what_ends_later()
    {
        var notification = await Begin();
        _clock.Advance(After);
        (await Look()).Unattended.ShouldBe([notification.CorrelationId]);
        await End(notification);
        _clock.Advance(After);

        var last = await Look();
        (last.LookedAt, last.Unattended.Count).ShouldBe((1, 0));
        _clock.Advance(TimeSpan.FromDays(1));
        (await Look()).LookedAt.ShouldBe(0);
    }

    [Theory]
    [InlineData("exchange:send-email", 0)]
    [InlineData("exchange:notifications", 1)]
    public async Task Should_leave_alone_what_has_an_order_that_is_put_off_but_not_what_only_has_a_timer(string destination, int unattended)
    {
        var notification = await Begin();
        await _outgoing.Schedule(
            [
                new OutgoingMessage
                {
                    MessageId = Guid.CreateVersion7(),
                    NotificationId = notification.CorrelationId,
                    Destination = destination,
                    ContentType = "",
                    MessageTypes = "",
                    Body = ReadOnlyMemory<byte>.Empty,
                    DueAt = _clock.GetUtcNow().AddDays(1),
                },
            ],
            CancellationToken.None
        );
        _clock.Advance(After);

        (await Look()).Unattended.Count.ShouldBe(unattended);
    }

    async Task<NotificationState> Begin()
    {
        var notification = new NotificationState
        {
            CorrelationId = Guid.CreateVersion7(),
            CreatedAt = _clock.GetUtcNow(),
            Recipient = A.Buyer,
            Data = System.Text.Json.JsonElement.Parse("{}"),
        };
        (await _store.Insert(new NotificationStep(notification, Guid.CreateVersion7(), []), CancellationToken.None)).ShouldBeTrue();
        return notification;
    }

    async Task End(NotificationState notification)
    {
        notification.CompletedAt = _clock.GetUtcNow();
        (await _store.Update(new NotificationStep(notification, Guid.CreateVersion7(), []), CancellationToken.None)).ShouldBeTrue();
    }

    async Task<StalledNotifications> Look()
    {
        await _unfinished.LookAtThoseOf(After, 10, CancellationToken.None);
        return await _unfinished.Take(After, 10, CancellationToken.None);
    }
}
