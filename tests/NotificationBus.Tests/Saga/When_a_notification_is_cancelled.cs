using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Receipts;
using NotificationBus.Saga;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga;

public sealed class When_a_notification_is_cancelled
{
    const string Reason = "cancelled by ann: sold";

    static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    static readonly ProviderResult ClosedForAnHour = new ProviderResult.Unavailable(
        "closed for an hour",
        RetryAfter: TimeSpan.FromHours(1)
    );

    readonly TaskCompletionSource<ProviderResult> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task Should_never_send_what_was_put_off()
    {
        await using var flow = await EmbeddedFlow.Start();
        flow.Email.Answers(ClosedForAnHour);
        flow.Push.Answers(ClosedForAnHour);
        var id = await flow.Tell(An.OrderPlaced());
        await flow.Pulse.Until(() => flow.Outgoing.Scheduled == 2);
        flow.Email.Answers(ScriptedProvider.Accepted);

        await Cancel(flow, id);

        var end = await flow.Outcome(id);
        (await flow.Saga.Exists(end.CorrelationId, machine => machine.Cancelled)).ShouldBe(end.CorrelationId);
        end.Deliveries.ShouldAllBe(delivery =>
            delivery.Status == DeliveryStatus.Cancelled && delivery.Reason == Reason && delivery.SettledAt != null
        );
        var outcome = flow.OutcomesOf(id).ShouldHaveSingleItem().ShouldBeOfType<NotificationCancelled>();
        (outcome.EventName, outcome.RecipientId, outcome.Reason).ShouldBe(
            ("order-placed", "seller-42", $"email: {Reason}; push: {Reason}")
        );
        flow.Clock.Advance(TimeSpan.FromHours(2));
        (await flow.Outgoing.TakeDue(TimeSpan.FromHours(1), 10, CancellationToken.None)).ShouldBeEmpty("nothing waits any more");
        (flow.Email.Calls.Count, flow.Push.Calls.Count).ShouldBe((1, 1));
    }

    [Fact]
    public async Task Should_leave_sent_what_a_provider_was_just_taking_and_not_begin_the_next_channel()
    {
        await using var flow = await InFlight(DeliveryMode.FirstThatWorks);
        var id = await Called(flow);
        await Cancel(flow, id);
        var open = flow.Find(id)!;
        (open.CurrentState, open.Deliveries[0].Status, open.Deliveries[0].Cancellation, open.Deliveries[1].Status).ShouldBe(
            ("Sending", DeliveryStatus.Sending, Reason, DeliveryStatus.Cancelled)
        );

        _answer.SetResult(ScriptedProvider.Accepted);

        var end = await flow.Outcome(id);
        (end.CurrentState, end.Deliveries[0].Status).ShouldBe(("Delivered", DeliveryStatus.Sent));
        flow.OutcomesOf(id).ShouldHaveSingleItem().ShouldBeOfType<NotificationDelivered>();
        flow.Push.Calls.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("rejected", DeliveryStatus.Failed)]
    [InlineData("unavailable", DeliveryStatus.Cancelled)]
    public async Task Should_be_cancelled_when_the_provider_that_was_called_does_not_take_it(string answer, DeliveryStatus status)
    {
        await using var flow = await InFlight(DeliveryMode.FirstThatWorks);
        var id = await Called(flow);
        await Cancel(flow, id);

        _answer.SetResult(answer == "rejected" ? ScriptedProvider.Rejected : ScriptedProvider.Unavailable);

        var end = await flow.Outcome(id);
        (end.CurrentState, end.Deliveries[0].Status, end.Deliveries[1].Status).ShouldBe(("Cancelled", status, DeliveryStatus.Cancelled));
        flow.Email.Calls.ShouldHaveSingleItem();
        flow.Push.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_also_keep_what_was_given_up_from_being_sent_when_its_command_is_replayed()
    {
        await using var flow = await EmbeddedFlow.Start();
        flow.Email.Answers(ScriptedProvider.Rejected);
        flow.Push.Answers(ClosedForAnHour);
        var id = await flow.Tell(An.OrderPlaced());
        await flow.Pulse.Until(() =>
            flow.Find(id) is { } notification && notification.Deliveries[0].Status == DeliveryStatus.Failed && flow.Outgoing.Scheduled == 1
        );

        await Cancel(flow, id);

        var end = await flow.Outcome(id);
        (end.CurrentState, end.Deliveries[0].Status, end.Deliveries[1].Status).ShouldBe(
            ("Cancelled", DeliveryStatus.Failed, DeliveryStatus.Cancelled)
        );
        (await flow.Ledger.AttemptsOf(id, end.Deliveries[0].Id, CancellationToken.None))[^1].Status.ShouldBe(AttemptStatus.Cancelled);
    }

    [Fact]
    public async Task Should_be_partly_delivered_when_one_of_two_channels_had_taken_it()
    {
        await using var flow = await InFlight(DeliveryMode.AllAtOnce);
        var id = await Called(flow);
        await flow.Until(id, notification => notification.Deliveries[1].Status == DeliveryStatus.Sent);
        await Cancel(flow, id);

        _answer.SetResult(ScriptedProvider.Unavailable);

        await flow.Outcome(id);
        (await flow.Saga.Exists(id, machine => machine.PartlyDelivered)).ShouldBe(id);
        var partly = flow.OutcomesOf(id).ShouldHaveSingleItem().ShouldBeOfType<NotificationPartlyDelivered>();
        ($"{string.Join(',', partly.Channels)} not {string.Join(',', partly.FailedChannels)}", partly.Reason).ShouldBe(
            ("push not email", $"email: {Reason}")
        );
    }

    [Theory]
    [InlineData(HeldDecision.Sent, "Delivered")]
    [InlineData(HeldDecision.Failed, "Cancelled")]
    public async Task Should_be_held_when_it_may_have_been_sent_and_never_be_sent_again(HeldDecision decision, string state)
    {
        await using var flow = await InFlight(DeliveryMode.FirstThatWorks);
        var id = await Called(flow);
        await Cancel(flow, id);

        _answer.SetResult(ScriptedProvider.InDoubt);

        var held = await flow.Until(id, notification => notification.CurrentState == "Held");
        (held.Deliveries[0].Status, held.Deliveries[0].Reason, held.Deliveries[1].Status).ShouldBe(
            (DeliveryStatus.Held, "the line went dead", DeliveryStatus.Cancelled)
        );
        flow.OutcomesOf(id).ShouldBeEmpty();

        await Decide(flow, held, HeldDecision.Resend);
        (await flow.Saga.Exists(id, machine => machine.Held)).ShouldBe(id);
        await Decide(flow, held, decision);

        (await flow.Outcome(id)).CurrentState.ShouldBe(state);
        flow.Email.Calls.ShouldHaveSingleItem();
        flow.Push.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_be_held_at_once_when_it_was_put_off_after_a_call_that_may_have_sent_it()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks });
        flow.Email.Answers(ScriptedProvider.InDoubt);
        var id = await flow.Tell(An.OrderPlaced());
        await flow.Pulse.Until(() => flow.Outgoing.Scheduled == 1);

        await Cancel(flow, id);

        var held = flow.Find(id)!;
        (held.CurrentState, held.Deliveries[0].Status, held.Deliveries[1].Status).ShouldBe(
            ("Held", DeliveryStatus.Held, DeliveryStatus.Cancelled)
        );
    }

    [Fact]
    public async Task Should_leave_an_open_decision_to_the_operator_and_refuse_to_send_it_again()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks });
        flow.Email.Answers((_, _) => _answer.Task);
        var id = await Called(flow);
        var notification = flow.Find(id)!;
        await flow.Handle(
            new DeliveryHeld
            {
                NotificationId = id,
                DeliveryId = notification.Deliveries[0].Id,
                Provider = "scripted",
                Reason = "in doubt",
                Attempts = 1,
            }
        );

        await Cancel(flow, id);
        await Decide(flow, notification, HeldDecision.Resend);

        var held = flow.Find(id)!;
        (held.CurrentState, held.Deliveries[0].Cancellation, held.Deliveries[1].Status).ShouldBe(
            ("Held", Reason, DeliveryStatus.Cancelled)
        );
    }

    [Fact]
    public async Task Should_not_begin_the_next_channel_when_its_time_is_up_or_the_first_comes_back()
    {
        await using var flow = await EmbeddedFlow.Start(
            new()
            {
                Mode = DeliveryMode.FirstThatWorks,
                Dispatchers = 1,
                EscalateAfter = Limit,
                EscalateUnless = DeliveryProof.Read,
            }
        );
        var id = await flow.Tell(An.OrderPlaced());
        var sent = await flow.Until(id, notification => notification.Deliveries[0].Status == DeliveryStatus.Sent);

        await Cancel(flow, id);

        var end = await flow.Outcome(id);
        (end.CurrentState, end.EscalationToken, end.Deliveries[1].Status).ShouldBe(("Delivered", null, DeliveryStatus.Cancelled));
        flow.Clock.Advance(Limit);
        await flow.Handle(new EscalationDue { NotificationId = id });
        await flow.Report(
            new Receipt
            {
                Kind = ReceiptKind.HardBounce,
                Id = "1",
                At = flow.Clock.GetUtcNow(),
                DeliveryId = sent.Deliveries[0].Id,
            }
        );
        var bounced = flow.Find(id)!;
        (bounced.CurrentState, bounced.Deliveries[0].Status, bounced.Deliveries[1].Status).ShouldBe(
            ("Failed", DeliveryStatus.Failed, DeliveryStatus.Cancelled)
        );
        flow.Push.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_wait_for_its_event_when_it_is_faster()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1 });
        flow.Email.Answers(ClosedForAnHour);
        flow.Push.Answers(ClosedForAnHour);
        var late = An.OrderPlaced(eventId: "order-4711");
        var id = flow.MapOf<OrderPlaced>().NotificationId(late, Guid.NewGuid());
        await Cancel(flow, id);
        for (var times = 1; times <= 2; times++)
        {
            var looked = flow.Handled<CancelNotification>();
            flow.Clock.Advance(TimeSpan.FromMinutes(6 * times));
            await flow.Pulse.Until(() => flow.Handled<CancelNotification>() > looked);
        }

        await flow.Tell(late);
        await flow.Until(id, _ => true);
        await flow.Pulse.Until(() => flow.Outgoing.Scheduled >= 5);
        flow.Clock.Advance(TimeSpan.FromMinutes(18));

        await flow.Outcome(id);
        (await flow.Saga.Exists(id, machine => machine.Cancelled)).ShouldBe(id);
        flow.Wire.Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_be_forgotten_when_its_event_never_comes()
    {
        await using var flow = await EmbeddedFlow.Start();

        await flow.Handle(
            new CancelNotification
            {
                NotificationId = Guid.NewGuid(),
                By = "ann",
                Why = "sold",
                WaitingSince = flow.Clock.GetUtcNow().AddDays(-2),
            }
        );

        flow.Wire.Faults.ShouldBeEmpty();
        flow.Outgoing.Scheduled.ShouldBe(0);
    }

    [Fact]
    public async Task Should_change_nothing_when_it_has_ended()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks });
        var id = await flow.Tell(An.OrderPlaced());
        var end = await flow.Outcome(id);

        await flow.Handle(
            new CancelNotification
            {
                NotificationId = id,
                By = "ann",
                Why = "sold",
            }
        );

        flow.Find(id)!.Version.ShouldBe(end.Version);
        (await flow.Ledger.AttemptsOf(id, end.Deliveries[1].Id, CancellationToken.None)).ShouldBeEmpty(
            "what is sent may come back, and then the next channel is needed"
        );
    }

    [Fact]
    public async Task Should_note_what_was_sent_after_all()
    {
        await using var flow = await EmbeddedFlow.Start();
        flow.Email.Answers(ClosedForAnHour);
        flow.Push.Answers(ClosedForAnHour);
        var id = await flow.Tell(An.OrderPlaced());
        await flow.Pulse.Until(() => flow.Outgoing.Scheduled == 2);
        await Cancel(flow, id);
        var end = await flow.Outcome(id);

        foreach (var delivery in end.Deliveries)
            await flow.Handle(
                new DeliverySent
                {
                    NotificationId = id,
                    DeliveryId = delivery.Id,
                    Provider = "scripted",
                }
            );

        (await flow.Saga.Exists(id, machine => machine.Delivered)).ShouldBe(id);
        await flow.Pulse.Until(() => flow.OutcomesOf(id).Any(outcome => outcome is NotificationDelivered));
    }

    /// <summary>
    /// What the first channel's call comes to, a timer that begins the second, and a receipt, in every order with the cancellation.
    /// </summary>
    [Theory]
    [InlineData("sent")]
    [InlineData("failed")]
    [InlineData("cancelled")]
    [InlineData("held")]
    public async Task Should_come_to_an_end_that_is_true_in_whatever_order_things_happen(string result)
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks, EscalateAfter = Limit });
        flow.Email.Answers((_, _) => _answer.Task);
        var orders = Permutations(["result", "result again", "cancel", "timer", "confirmed"]).ToList();
        orders.Count.ShouldBe(120);

        foreach (var order in orders)
        {
            var id = await flow.Tell(An.OrderPlaced());
            var delivery = (await flow.Until(id, notification => notification.Deliveries[0].Status == DeliveryStatus.Sending))
                .Deliveries[0]
                .Id;
            foreach (var arrival in order)
                await Arrive(flow, id, delivery, result, arrival);

            var end = await flow.Outcome(id);
            // Whoever has confirmed it has it, whatever else was said.
            (end.CurrentState, end.Deliveries[0].Status).ShouldBe(("Delivered", DeliveryStatus.Confirmed), string.Join(", ", order));
            end.Deliveries.ShouldAllBe(one => one.IsSettled());
            end.EscalationToken.ShouldBeNull();
            var second = await flow.Ledger.AttemptsOf(id, end.Deliveries[1].Id, CancellationToken.None);
            if (end.Deliveries[1].Status == DeliveryStatus.Cancelled)
                flow.Push.Calls.ShouldNotContain(call => call.NotificationId == id, string.Join(", ", order));
            if (Array.IndexOf(order, "cancel") == 0)
                second.ShouldHaveSingleItem().Status.ShouldBe(AttemptStatus.Cancelled);
        }

        flow.Wire.Faults.ShouldBeEmpty();
    }

    static Task Arrive(EmbeddedFlow flow, Guid id, Guid delivery, string result, string arrival) =>
        arrival switch
        {
            "timer" => flow.Handle(new EscalationDue { NotificationId = id }),
            "confirmed" => flow.Handle(
                new DeliveryReceiptReceived
                {
                    NotificationId = id,
                    DeliveryId = delivery,
                    Provider = "scripted",
                    Kind = ReceiptKind.Confirmed,
                    At = flow.Clock.GetUtcNow(),
                }
            ),
            "cancel" => Cancel(flow, id),
            _ => result switch
            {
                "sent" => flow.Handle(
                    new DeliverySent
                    {
                        NotificationId = id,
                        DeliveryId = delivery,
                        Provider = "scripted",
                    }
                ),
                "failed" => flow.Handle(
                    new DeliveryFailed
                    {
                        NotificationId = id,
                        DeliveryId = delivery,
                        Reason = "no such mailbox",
                    }
                ),
                "held" => flow.Handle(
                    new DeliveryHeld
                    {
                        NotificationId = id,
                        DeliveryId = delivery,
                        Provider = "scripted",
                        Reason = "in doubt",
                        Attempts = 1,
                    }
                ),
                _ => flow.Handle(
                    new DeliveryCancelled
                    {
                        NotificationId = id,
                        DeliveryId = delivery,
                        Reason = Reason,
                    }
                ),
            },
        };

    Task<EmbeddedFlow> InFlight(DeliveryMode mode) => Start(mode, flow => flow.Email.Answers((_, _) => _answer.Task));

    static async Task<EmbeddedFlow> Start(DeliveryMode mode, Action<EmbeddedFlow> prepare)
    {
        var flow = await EmbeddedFlow.Start(new() { Mode = mode, Dispatchers = 1 });
        prepare(flow);
        return flow;
    }

    /// <summary>A notification whose first channel is calling its provider.</summary>
    static async Task<Guid> Called(EmbeddedFlow flow)
    {
        var id = await flow.Tell(An.OrderPlaced());
        await flow.Pulse.Until(() => flow.Email.Calls.Count == 1);
        return id;
    }

    /// <summary>Cancels, and waits until the saga knows, if it has not ended.</summary>
    static async Task Cancel(EmbeddedFlow flow, Guid id)
    {
        var told = flow.Handled<DeliveriesStopped>() + 1;
        await flow.Handle(
            new CancelNotification
            {
                NotificationId = id,
                By = "ann",
                Why = "sold",
            }
        );
        await flow.Pulse.Until(() => flow.Handled<DeliveriesStopped>() >= told || flow.Find(id) is null or { CompletedAt: not null });
    }

    static Task<Guid> Decide(EmbeddedFlow flow, NotificationState notification, HeldDecision decision) =>
        flow.Handle(
            new DecideDelivery
            {
                NotificationId = notification.CorrelationId,
                DeliveryId = notification.Deliveries[0].Id,
                Decision = decision,
                Why = "ann: I asked her",
            }
        );

    static IEnumerable<string[]> Permutations(string[] items) =>
        items.Length == 0
            ?
            [
                [],
            ]
            : items.SelectMany(first => Permutations([.. items.Where(item => item != first)]).Select(rest => (string[])[first, .. rest]));
}
