using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Receipts;
using NotificationBus.Saga;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga;

/// <summary>18.1: a reminder of an order that was paid is never sent, whichever comes first.</summary>
public sealed class When_a_key_is_withdrawn
{
    const string Reason = "withdrawn by order-paid: order:4711";

    static readonly ProviderResult ClosedForAnHour = new ProviderResult.Unavailable(
        "closed for an hour",
        RetryAfter: TimeSpan.FromHours(1)
    );

    static readonly OrderPaid Paid = new() { OrderId = "4711" };

    [Fact]
    public async Task Should_never_send_a_reminder_that_waits()
    {
        await using var flow = await EmbeddedFlow.Start();
        flow.Push.Answers(ClosedForAnHour);
        var id = await flow.Tell(A.PaymentReminder());
        await flow.Pulse.Until(() => flow.Outgoing.Scheduled == 1);

        await Say(flow, Paid);

        var end = await flow.Outcome(id);
        ShouldBeWithdrawn(end, Reason);
        var outcome = flow.OutcomesOf(id).ShouldHaveSingleItem().ShouldBeOfType<NotificationCancelled>();
        (outcome.Reason, outcome.Code, outcome.Results[0].Code).ShouldBe(($"push: {Reason}", ReasonCode.Withdrawn, ReasonCode.Withdrawn));
        flow.Clock.Advance(TimeSpan.FromHours(2));
        (await flow.Outgoing.TakeDue(TimeSpan.FromHours(1), 10, CancellationToken.None)).ShouldBeEmpty("nothing waits any more");
        flow.Push.Calls.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_never_send_a_reminder_that_comes_later()
    {
        await using var flow = await EmbeddedFlow.Start();
        await Say(flow, Paid);

        var id = await flow.Tell(A.PaymentReminder());

        var end = await flow.Outcome(id);
        ShouldBeWithdrawn(end, Reason);
        flow.OutcomesOf(id).ShouldHaveSingleItem().ShouldBeOfType<NotificationCancelled>().Code.ShouldBe(ReasonCode.Withdrawn);
        flow.Push.Calls.ShouldBeEmpty();
        var steps = (await flow.Queries.StepsOf(id, CancellationToken.None)).ShouldNotBeNull();
        var step = steps.ShouldHaveSingleItem();
        (step.After, string.Join(',', step.Caused)).ShouldBe(("cancelled", "NotificationCancelled"));
    }

    [Fact]
    public async Task Should_send_reminders_again_when_its_time_is_over()
    {
        await using var flow = await EmbeddedFlow.Start();
        await Say(flow, Paid);
        flow.Clock.Advance(TimeSpan.FromDays(1));

        var id = await flow.Tell(A.PaymentReminder());

        (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
    }

    [Fact]
    public async Task Should_not_touch_what_else_is_told_about_the_order_and_other_orders()
    {
        await using var flow = await EmbeddedFlow.Start();
        await Say(flow, Paid);

        var shipped = await flow.Tell(An.OrderShipped());
        var other = await flow.Tell(A.PaymentReminder() with { OrderId = "4712" });

        (await flow.Outcome(shipped)).CurrentState.ShouldBe("Delivered");
        (await flow.Outcome(other)).CurrentState.ShouldBe("Delivered");
    }

    [Fact]
    public async Task Should_leave_sent_what_was_sent_before()
    {
        await using var flow = await EmbeddedFlow.Start();
        var id = await flow.Tell(A.PaymentReminder());
        await flow.Outcome(id);

        await Say(flow, Paid);

        flow.Find(id)!.CurrentState.ShouldBe("Delivered");
        flow.OutcomesOf(id).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_be_heard_of_a_reminder_that_comes_twice_around_it()
    {
        await using var flow = await EmbeddedFlow.Start();
        flow.Push.Answers(ClosedForAnHour);
        var reminder = A.PaymentReminder(eventId: "remind-4711");
        var id = await flow.Tell(reminder);
        await flow.Pulse.Until(() => flow.Outgoing.Scheduled == 1);
        await Say(flow, Paid);
        await flow.Outcome(id);

        var times = flow.Handled<PaymentReminderDue>();
        await flow.Tell(reminder);

        await flow.Pulse.Until(() => flow.Handled<PaymentReminderDue>() > times);
        ShouldBeWithdrawn(flow.Find(id)!, Reason);
        flow.Wire.Faults.ShouldBeEmpty();
        flow.Push.Calls.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_hold_what_may_have_been_sent()
    {
        var answer = new TaskCompletionSource<ProviderResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var flow = await EmbeddedFlow.Start();
        flow.Push.Answers((_, _) => answer.Task);
        var id = await flow.Tell(A.PaymentReminder());
        await flow.Pulse.Until(() => flow.Push.Calls.Count == 1);

        await Say(flow, Paid, stopped: 1);
        answer.SetResult(ScriptedProvider.InDoubt);

        var held = await flow.Until(id, notification => notification.CurrentState == "Held");
        held.Deliveries[0].Cancellation.ShouldBe(Reason);
        flow.Push.Calls.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_say_so_when_the_worker_meets_it_first()
    {
        var answer = new TaskCompletionSource<ProviderResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var flow = await EmbeddedFlow.Start();
        flow.Push.Answers((_, _) => answer.Task);
        var id = await flow.Tell(A.PaymentReminder());
        await flow.Pulse.Until(() => flow.Push.Calls.Count == 1);

        await Say(flow, Paid);
        answer.SetResult(ScriptedProvider.Unavailable);

        ShouldBeWithdrawn(await flow.Outcome(id), Reason);
        flow.Push.Calls.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_not_send_by_the_next_channel_when_what_was_sent_comes_back()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks });
        var id = await flow.Tell(An.OrderPlaced());
        var sent = await flow.Outcome(id);

        await Say(
            flow,
            new WithdrawNotifications
            {
                Key = "order:4711",
                Categories = ["order-placed"],
                By = "shop",
                Why = "it was cancelled",
            }
        );
        await flow.Report(
            new Receipt
            {
                Kind = ReceiptKind.HardBounce,
                Id = "1",
                At = flow.Clock.GetUtcNow(),
                DeliveryId = sent.Deliveries[0].Id,
            }
        );

        var end = await flow.Until(id, notification => notification.Deliveries[1].Status == DeliveryStatus.Cancelled);
        (end.Deliveries[1].Reason, end.Deliveries[1].Code).ShouldBe(("withdrawn by shop: it was cancelled", ReasonCode.Withdrawn));
        flow.Push.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_only_be_about_what_began_before_when_a_service_says_so()
    {
        await using var flow = await EmbeddedFlow.Start();
        flow.Email.Answers(ClosedForAnHour);
        flow.Push.Answers(ClosedForAnHour);
        var earlier = await flow.Tell(An.OrderPlaced(eventId: "first"));
        await flow.Pulse.Until(() => flow.Outgoing.Scheduled == 2);
        flow.Clock.Advance(TimeSpan.FromSeconds(1));
        flow.Email.Answers(ScriptedProvider.Accepted);
        flow.Push.Answers(ScriptedProvider.Accepted);

        await Say(
            flow,
            new WithdrawNotifications
            {
                Key = "order:4711",
                Categories = ["order-placed", "order-placed"],
                Before = flow.Clock.GetUtcNow(),
                By = "shop",
                Why = "it was changed",
            }
        );
        var later = await flow.Tell(An.OrderPlaced(eventId: "second"));

        ShouldBeWithdrawn(await flow.Outcome(earlier), "withdrawn by shop: it was changed");
        (await flow.Outcome(later)).CurrentState.ShouldBe("Delivered");
    }

    [Theory]
    [InlineData("order", "payment-reminder-due", "key must be a name, a colon and a value, such as order:4711")]
    [InlineData("order:4711", "payment-reminder", "categories[0] ")]
    [InlineData("order:4711", null, "categories must be 1 to 50 categories")]
    public async Task Should_be_set_aside_with_the_reason_when_it_is_wrong(string key, string? category, string reason)
    {
        await using var flow = await EmbeddedFlow.Start();

        await flow.Bus.Publish(
            new WithdrawNotifications
            {
                Key = key,
                Categories = category is null ? [] : [category],
                By = "shop",
                Why = "it was paid",
            }
        );

        await flow.Pulse.Until(() => flow.Wire.Faults.Count > 0);
        flow.Wire.Faults[0].Message.ShouldStartWith(reason);
    }

    static void ShouldBeWithdrawn(NotificationState notification, string reason)
    {
        notification.CurrentState.ShouldBe("Cancelled");
        notification.Deliveries.ShouldNotBeEmpty();
        notification.Deliveries.ShouldAllBe(delivery =>
            delivery.Status == DeliveryStatus.Cancelled
            && delivery.Code == ReasonCode.Withdrawn
            && delivery.Reason == reason
            && delivery.SettledAt != null
        );
    }

    /// <summary>Publishes it, and waits until it is dealt with, and as many notifications know of it as it stops.</summary>
    static async Task Say<TMessage>(EmbeddedFlow flow, TMessage message, int stopped = 0)
        where TMessage : class
    {
        var times = flow.Handled<TMessage>();
        var known = flow.Handled<DeliveriesStopped>() + stopped;
        await flow.Bus.Publish(message);
        await flow.Pulse.Until(() => flow.Handled<TMessage>() > times && flow.Handled<DeliveriesStopped>() >= known);
    }
}
