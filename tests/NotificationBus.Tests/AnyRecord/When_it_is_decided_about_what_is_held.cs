using NotificationBus.Contracts;
using NotificationBus.Notifications;
using NotificationBus.Saga;
using NotificationBus.Saga.Persistence;
using NotificationBus.Sending.Controls;

namespace NotificationBus.Tests.AnyRecord;

/// <summary>A10: a group that is held can be decided at once.</summary>
public abstract class When_it_is_decided_about_what_is_held(Func<Task<RecordOfTheTest>> create) : With_a_record(create)
{
    static readonly ChangedBy Ann = new("ann", "they never had it");
    static readonly ChangedBy Bob = new("bob", "I asked them");
    static readonly HeldFilter All = new();

    [Fact]
    public async Task Should_find_by_everything_that_they_have_in_common()
    {
        var plain = await Hold();
        var category = await Hold(notification => notification.Category = "order-shipped");
        var recipient = await Hold(notification => notification.Recipient = new Contact { Id = "seller-43" });
        var later = await Hold(notification => notification.CreatedAt += Hour);
        var channel = await Hold(channel: "sms");
        var provider = await Hold(held: delivery => delivery.Provider = "brevo");
        var reason = await Hold(held: delivery => delivery.Reason = "the line %_ was cut");
        var cancelled = await Hold(held: delivery => delivery.Cancellation = "bob: no");
        await Insert(Guid.CreateVersion7());

        (await Found(All)).Count.ShouldBe(8);
        (await Found(new HeldFilter { Category = "order-shipped" })).ShouldBe([category]);
        (await Found(new HeldFilter { Recipient = "seller-43" })).ShouldBe([recipient]);
        (await Found(new HeldFilter { From = DateTimeOffset.UnixEpoch.AddMinutes(1) })).ShouldBe([later]);
        (await Found(new HeldFilter { From = DateTimeOffset.UnixEpoch + Hour })).ShouldBe([later], "from then on");
        (await Found(new HeldFilter { To = DateTimeOffset.UnixEpoch + Hour })).Count.ShouldBe(7, "before then");
        (await Found(new HeldFilter { Channel = "sms" })).ShouldBe([channel]);
        (await Found(new HeldFilter { Provider = "brevo" })).ShouldBe([provider]);
        (await Found(new HeldFilter { Reason = "line %_" })).ShouldBe([reason], "as it is written");
        (await Found(new HeldFilter { Reason = "LINE" })).ShouldBeEmpty();
        (await Found(new HeldFilter { WithoutCancelled = true })).ShouldNotContain(cancelled);
        (await Found(new HeldFilter { Channel = "email", Provider = "sendgrid", Category = "order-placed", Recipient = "seller-42", Reason = "silence", To = DateTimeOffset.UnixEpoch + Hour, WithoutCancelled = true }))
            .ShouldBe([plain]);
    }

    [Fact]
    public async Task Should_come_oldest_first_and_only_so_many()
    {
        var ids = new List<Guid>();
        foreach (var hours in new[] { 2, 0, 1 })
            ids.Add(await Hold(notification => notification.CreatedAt += hours * Hour));

        (await Found(All)).ShouldBe([ids[1], ids[2], ids[0]]);
        (await Found(All, limit: 2)).ShouldBe([ids[1], ids[2]]);
    }

    [Fact]
    public async Task Should_say_why_they_are_held_the_most_first()
    {
        for (var i = 0; i < 3; i++)
            await Hold();
        for (var i = 0; i < 2; i++)
            await Hold(held: delivery => delivery.Provider = "brevo");
        await Hold(channel: "sms");

        var all = await Host.Held.Causes(All, 2, CancellationToken.None);

        (await AnotherHost.Held.Count(CancellationToken.None)).ShouldBe(6);
        all.Found.ShouldBe(6, "also those of groups that are not listed");
        all.Causes.ShouldBe([new HeldCause("email", "sendgrid", "silence", 3), new HeldCause("email", "brevo", "silence", 2)]);
        (await Host.Held.Causes(new HeldFilter { Category = "none" }, 2, CancellationToken.None)).Found.ShouldBe(0);
    }

    [Fact]
    public async Task Should_keep_the_decision_and_what_tells_the_saga_together()
    {
        await Hold();
        var one = (await Host.Held.Find(All, 10, CancellationToken.None)).ShouldHaveSingleItem();
        var decision = Decide(one, HeldDecision.Resend);

        (await Host.Held.Record([decision], Ann, CancellationToken.None))[one.DeliveryId].ShouldBe(new RecordedDecision(HeldDecision.Resend, IsNew: true));

        (await TakeDue()).ShouldBe([decision.Message.MessageId]);
        var change = (await AnotherHost.Controls.Changes(before: null, limit: 10, CancellationToken.None)).ShouldHaveSingleItem();
        (change.Subject, change.Who, change.Why).ShouldBe(($"delivery {one.DeliveryId}", "ann", "they never had it"));
        (change.After.GetProperty("decision").GetString(), change.After.GetProperty("notification").GetGuid()).ShouldBe(("resend", one.NotificationId));
    }

    [Fact]
    public async Task Should_be_once_for_each_hold_whoever_decides_how_often()
    {
        await Hold();
        var one = (await Host.Held.Find(All, 10, CancellationToken.None)).ShouldHaveSingleItem();
        var first = Decide(one, HeldDecision.Resend);
        await Host.Held.Record([first], Ann, CancellationToken.None);
        await Host.Outgoing.Published(await Host.Outgoing.TakeDue(Lease, 10, CancellationToken.None));

        (await AnotherHost.Held.Record([first with { Message = Message() }], Bob, CancellationToken.None))[one.DeliveryId].ShouldBe(new RecordedDecision(HeldDecision.Resend, IsNew: false));
        (await AnotherHost.Held.Record([Decide(one, HeldDecision.Failed)], Bob, CancellationToken.None))[one.DeliveryId].ShouldBe(new RecordedDecision(HeldDecision.Resend, IsNew: false));

        (await TakeDue()).Count.ShouldBe(1, "the same decision is told again, another one is not");
        (await Host.Controls.Changes(before: null, limit: 10, CancellationToken.None)).ShouldHaveSingleItem().Who.ShouldBe("ann");

        var again = one with { Attempts = one.Attempts + 1 };
        (await Host.Held.Record([Decide(again, HeldDecision.Failed)], Bob, CancellationToken.None))[one.DeliveryId].IsNew.ShouldBeTrue("it was sent again, and held again");
    }

    [Fact]
    public async Task Should_be_made_once_when_two_operators_decide_at_the_same_moment()
    {
        for (var i = 0; i < 20; i++)
            await Hold();
        var all = await Host.Held.Find(All, 100, CancellationToken.None);

        var recorded = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Task.Run(() => (i % 2 == 0 ? Host : AnotherHost).Held
            .Record([.. (i < 2 ? all : all.Reverse()).Select(one => Decide(one, i % 2 == 0 ? HeldDecision.Sent : HeldDecision.Failed))], Ann, CancellationToken.None))));

        recorded.Sum(decisions => decisions.Values.Count(one => one.IsNew)).ShouldBe(20);
        (await Host.Controls.Changes(before: null, limit: 100, CancellationToken.None)).Count.ShouldBe(20);
        foreach (var one in all)
            recorded.Select(decisions => decisions[one.DeliveryId].Decision).Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task Should_pass_over_what_was_just_decided_unless_that_seems_to_be_lost()
    {
        var id = await Hold();
        var one = (await Host.Held.Find(All, 10, CancellationToken.None)).ShouldHaveSingleItem();
        await Host.Held.Record([Decide(one, HeldDecision.Sent)], Ann, CancellationToken.None);

        (await Found(All)).ShouldBeEmpty();
        (await AnotherHost.Held.Causes(All, 10, CancellationToken.None)).Found.ShouldBe(0);

        await Record.Pass(HeldFilter.UnderWay + Second);
        (await Found(All)).ShouldBe([id]);
    }

    async Task<IReadOnlyList<Guid>> Found(HeldFilter filter, int limit = 100) =>
        [.. (await AnotherHost.Held.Find(filter, limit, CancellationToken.None)).Select(one => one.NotificationId)];

    /// <summary>A notification whose only delivery is held.</summary>
    async Task<Guid> Hold(Action<NotificationState>? notification = null, string channel = "email", Action<DeliveryState>? held = null)
    {
        var id = Guid.CreateVersion7();
        var state = Notification(id);
        notification?.Invoke(state);
        var delivery = new DeliveryState { Id = Guid.CreateVersion7(), Channel = channel, Address = "som@example.com", Step = 1, Status = DeliveryStatus.Sending };
        state.Deliveries = [delivery];
        (await Host.Store.Insert(new NotificationStep(state, Guid.CreateVersion7(), []), CancellationToken.None)).ShouldBeTrue();

        var stored = (await Host.Store.Load(id, CancellationToken.None))!;
        (stored.Deliveries[0].Status, stored.Deliveries[0].Provider, stored.Deliveries[0].Reason, stored.Deliveries[0].Attempts) = (DeliveryStatus.Held, "sendgrid", "silence", 3);
        held?.Invoke(stored.Deliveries[0]);
        stored.CurrentState = "Held";
        (await Host.Store.Update(new NotificationStep(stored, Guid.CreateVersion7(), []), CancellationToken.None)).ShouldBeTrue();
        return id;
    }

    static HeldDeliveryDecision Decide(HeldDelivery delivery, HeldDecision decision) => new(delivery, decision, Message(destination: "exchange:notifications"));
}
