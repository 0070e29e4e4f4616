using System.Collections.Concurrent;
using System.Text;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Outgoing;
using NotificationBus.Providers;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga;

public sealed class When_a_step_takes_too_long : IAsyncLifetime
{
    static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    readonly TaskCompletionSource<ProviderResult> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly ConcurrentDictionary<Guid, OutgoingMessage> _timers = new();
    EmbeddedFlow _flow = null!;

    public async ValueTask InitializeAsync()
    {
        _flow = await EmbeddedFlow.Start(
            new()
            {
                Mode = DeliveryMode.FirstThatWorks,
                Dispatchers = 1,
                EscalateAfter = Limit,
            }
        );
        _flow.Email.Answers((_, _) => _answer.Task);
        _flow.Store.AfterWrite = step =>
        {
            foreach (var message in step.Scheduled)
                _timers[step.Notification.CorrelationId] = message;
        };
    }

    public ValueTask DisposeAsync() => _flow.DisposeAsync();

    [Fact]
    public async Task Should_begin_the_next_step_in_addition()
    {
        var id = await Begin();
        _flow.Push.Calls.ShouldBeEmpty();

        _flow.Clock.Advance(Limit);

        var notification = await _flow.Outcome(id);
        (await _flow.Saga.Exists(notification.CorrelationId, machine => machine.Delivered)).ShouldBe(notification.CorrelationId);
        Statuses(notification).ShouldBe([DeliveryStatus.NotNeeded, DeliveryStatus.Sent]);
        _flow.OutcomesOf(id).ShouldHaveSingleItem().ShouldBeOfType<NotificationDelivered>().Channels.ShouldBe(["push"]);
        await ShouldHaveNothingScheduled();
    }

    [Fact]
    public async Task Should_note_what_the_first_step_sends_after_all()
    {
        var id = await Begin();
        _flow.Clock.Advance(Limit);
        await _flow.Outcome(id);

        _answer.SetResult(ScriptedProvider.Accepted);

        var notification = await _flow.Until(id, notification => notification.Deliveries[0].Status == DeliveryStatus.Sent);
        (await _flow.Saga.Exists(notification.CorrelationId, machine => machine.Delivered)).ShouldBe(notification.CorrelationId);
        _flow.OutcomesOf(id).ShouldHaveSingleItem();
        _flow.Wire.Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_not_begin_the_next_step_when_the_first_is_taken_in_time()
    {
        var id = await Begin();

        _answer.SetResult(ScriptedProvider.Accepted);

        Statuses(await _flow.Outcome(id)).ShouldBe([DeliveryStatus.Sent, DeliveryStatus.NotNeeded]);
        await ShouldHaveNothingScheduled();
    }

    [Fact]
    public async Task Should_begin_the_next_step_at_once_when_the_first_fails()
    {
        var id = await Begin();

        _answer.SetResult(ScriptedProvider.Rejected);

        Statuses(await _flow.Outcome(id)).ShouldBe([DeliveryStatus.Failed, DeliveryStatus.Sent]);
        await ShouldHaveNothingScheduled();
    }

    [Fact]
    public async Task Should_keep_trying_the_first_step_and_call_it_off_when_the_next_is_taken()
    {
        _flow.Email.Answers(
            new ProviderResult.Unavailable("closed for an hour", OnlyThisDelivery: true, RetryAfter: TimeSpan.FromHours(1))
        );
        var id = await _flow.Tell(An.OrderPlaced());
        await _flow.Pulse.Until(() => _flow.Outgoing.Scheduled == 1);
        _flow.Find(id)!.Deliveries[0].Status.ShouldBe(DeliveryStatus.Sending);

        _flow.Clock.Advance(Limit);

        Statuses(await _flow.Outcome(id)).ShouldBe([DeliveryStatus.NotNeeded, DeliveryStatus.Sent]);
        await ShouldHaveNothingScheduled();
        _flow.Email.Calls.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_leave_one_timer_when_the_step_is_made_again()
    {
        var tokens = new ConcurrentBag<Guid>();
        _flow.Store.BeforeWrite = (step, number) =>
        {
            foreach (var timer in step.Scheduled)
                tokens.Add(timer.Token);
            return number < 4 ? throw new OutageException() : Task.CompletedTask;
        };

        await Begin();

        tokens.Count.ShouldBe(4);
        tokens.Distinct().ShouldHaveSingleItem();
        (await _flow.Outgoing.TakeDue(TimeSpan.Zero, 10, CancellationToken.None)).ShouldBeEmpty();
        _flow.Outgoing.Scheduled.ShouldBe(0);
    }

    [Theory]
    [InlineData("sent", true, "Delivered")]
    [InlineData("sent", false, "Delivered")]
    [InlineData("failed", true, "Delivered")]
    [InlineData("failed", false, "Failed")]
    [InlineData("expired", true, "Delivered")]
    [InlineData("expired", false, "Expired")]
    public async Task Should_end_in_the_same_state_in_whatever_order_timer_and_result_come(string result, bool nextIsTaken, string state)
    {
        _flow.Push.Answers(nextIsTaken ? ScriptedProvider.Accepted : ScriptedProvider.Rejected);
        var orders = Permutations(["result", "the same result", "result again", "timer", "timer again"]).ToList();
        orders.Count.ShouldBe(120);

        foreach (var order in orders)
        {
            var id = await Begin();
            var messageId = Guid.CreateVersion7();
            var timer = _timers[id];
            foreach (var arrival in order)
                await (
                    arrival.StartsWith("timer", StringComparison.Ordinal)
                        ? Ring(timer)
                        : Report(id, result, arrival == "result again" ? Guid.CreateVersion7() : messageId)
                );

            var end = await _flow.Outcome(id);
            end.CurrentState.ShouldBe(state, string.Join(", ", order));
            end.Deliveries.ShouldAllBe(delivery => delivery.Status != DeliveryStatus.Sending && delivery.Status != DeliveryStatus.Waiting);
            end.EscalationToken.ShouldBeNull();
            // The same result again may mean that nobody was told.
            _flow
                .Wire.Published.Where(message =>
                    message.Type == $"Notification{state}"
                    && Encoding.UTF8.GetString(message.Body).Contains($"{id}", StringComparison.Ordinal)
                )
                .Select(message => message.Id)
                .Distinct()
                .ShouldHaveSingleItem();
            _flow.Push.Calls.Count(call => call.NotificationId == id).ShouldBeLessThanOrEqualTo(1);
        }

        _flow.Wire.Faults.ShouldBeEmpty();
        await ShouldHaveNothingScheduled();
    }

    async Task<Guid> Begin()
    {
        var id = await _flow.Tell(An.OrderPlaced());
        await _flow.Until(id, notification => notification.Deliveries[0].Status == DeliveryStatus.Sending);
        await _flow.Pulse.Until(() => _timers.ContainsKey(id));
        return id;
    }

    async Task Ring(OutgoingMessage timer)
    {
        var times = Times() + 1;
        await _flow.Publish(timer);
        await _flow.Pulse.Until(() => Times() >= times);

        int Times() => _flow.Wire.Handled.Count(handled => handled.Id == timer.MessageId);
    }

    Task<Guid> Report(Guid id, string result, Guid messageId)
    {
        var delivery = _flow.Find(id)!.Deliveries[0].Id;
        return result switch
        {
            "sent" => _flow.Handle(
                new DeliverySent
                {
                    NotificationId = id,
                    DeliveryId = delivery,
                    Provider = "scripted",
                },
                messageId
            ),
            "failed" => _flow.Handle(
                new DeliveryFailed
                {
                    NotificationId = id,
                    DeliveryId = delivery,
                    Reason = "no such mailbox",
                },
                messageId
            ),
            _ => _flow.Handle(
                new DeliveryExpired
                {
                    NotificationId = id,
                    DeliveryId = delivery,
                    Reason = "too late",
                },
                messageId
            ),
        };
    }

    async Task ShouldHaveNothingScheduled()
    {
        await _flow.Pulse.Until(() => !_flow.Outgoing.IsPublishing);
        var taken = _flow.Outgoing.Taken;
        _flow.Clock.Advance(TimeSpan.FromHours(2));
        (await _flow.Outgoing.TakeDue(TimeSpan.FromHours(1), 10, CancellationToken.None)).ShouldBeEmpty();
        _flow.Outgoing.Taken.ShouldBe(taken, "somebody who dispatches took it first");
    }

    static IEnumerable<DeliveryStatus> Statuses(NotificationState notification) =>
        notification.Deliveries.Select(delivery => delivery.Status);

    static IEnumerable<string[]> Permutations(string[] items) =>
        items.Length == 0
            ?
            [
                [],
            ]
            : items.SelectMany(first => Permutations([.. items.Where(item => item != first)]).Select(rest => (string[])[first, .. rest]));
}
