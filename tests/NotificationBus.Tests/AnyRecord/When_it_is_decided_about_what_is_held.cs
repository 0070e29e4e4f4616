using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Providers.Controls;

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
        await Hold(held: delivery => delivery.Reason = "the line was cut");
        var cancelled = await Hold(held: delivery => delivery.Cancellation = "bob: no");
        await Insert(Guid.CreateVersion7());

        (await Found(All)).Count.ShouldBe(9);
        (await Found(new HeldFilter { Category = "order-shipped" })).ShouldBe([category]);
        (await Found(new HeldFilter { Recipient = "seller-43" })).ShouldBe([recipient]);
        (await Found(new HeldFilter { From = DateTimeOffset.UnixEpoch.AddMinutes(1) })).ShouldBe([later]);
        (await Found(new HeldFilter { From = DateTimeOffset.UnixEpoch + Hour })).ShouldBe([later], "from then on");
        (await Found(new HeldFilter { To = DateTimeOffset.UnixEpoch + Hour })).Count.ShouldBe(8, "before then");
        (await Found(new HeldFilter { Channel = "sms" })).ShouldBe([channel]);
        (await Found(new HeldFilter { Provider = "brevo" })).ShouldBe([provider]);
        (await Found(new HeldFilter { Reason = "line %_" })).ShouldBe([reason], "as it is written");
        (await Found(new HeldFilter { Reason = "LINE" })).ShouldBeEmpty();
        (await Found(new HeldFilter { WithoutCancelled = true })).ShouldNotContain(cancelled);
        (
            await Found(
                new HeldFilter
                {
                    Channel = "email",
                    Provider = "sendgrid",
                    Category = "order-placed",
                    Recipient = "seller-42",
                    Reason = "silence",
                    To = DateTimeOffset.UnixEpoch + Hour,
                    WithoutCancelled = true,
                }
            )
        ).ShouldBe([plain]);
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

    /// <summary>Tests that do not bite: whoever asks twice for a few of those of one moment is shown the same.</summary>
    [Fact]
    public async Task Should_come_in_the_same_order_when_all_began_at_the_same_moment()
    {
        var deliveries = Enumerable.Range(0, 12).Select(_ => Guid.NewGuid()).OrderDescending().ToArray();
        var ids = Enumerable.Range(0, 4).Select(_ => Guid.NewGuid()).OrderDescending().ToList();
        foreach (var (index, id) in ids.Index())
            await HoldAll(id, deliveries[(3 * index)..(3 * index + 3)]);

        var found = await Host.Held.Find(All, 100, CancellationToken.None);

        found
            .Select(one => (one.NotificationId, one.DeliveryId))
            .ShouldBe(
                ids.Index()
                    .Reverse()
                    .SelectMany(one => deliveries[(3 * one.Index)..(3 * one.Index + 3)].Reverse().Select(delivery => (one.Item, delivery)))
            );
        (await Host.Held.Find(All, 5, CancellationToken.None)).ShouldBe(found.Take(5));
    }

    [Fact]
    public async Task Should_be_those_deliveries_alone_that_are_held_and_not_others_of_the_same_notification()
    {
        var id = await Hold(change: notification =>
            notification.Deliveries = [
                .. notification.Deliveries,
                new DeliveryState
                {
                    Id = Guid.NewGuid(),
                    Channel = "push",
                    Address = "one",
                    Step = 1,
                    Status = DeliveryStatus.Sent,
                    Provider = "fcm",
                },
            ]
        );

        (await Found(All)).ShouldBe([id]);
        (await Host.Held.Causes(All, 10, CancellationToken.None)).Causes.ShouldHaveSingleItem().Channel.ShouldBe("email");
    }

    [Fact]
    public async Task Should_name_those_causes_of_which_there_are_as_many_in_one_order()
    {
        await Hold(channel: "sms", held: delivery => delivery.Provider = null);
        await Hold(held: delivery => delivery.Reason = "a");
        await Hold(held: delivery => delivery.Reason = null);
        await Hold(held: delivery => delivery.Reason = "B");
        await Hold(held: delivery => delivery.Provider = "brevo");
        await Hold(held: delivery => delivery.Provider = null);

        (await Host.Held.Causes(All, 10, CancellationToken.None)).Causes.ShouldBe([
            new HeldCause("email", null, "silence", 1),
            new HeldCause("email", "brevo", "silence", 1),
            new HeldCause("email", "sendgrid", null, 1),
            new HeldCause("email", "sendgrid", "B", 1),
            new HeldCause("email", "sendgrid", "a", 1),
            new HeldCause("sms", null, "silence", 1),
        ]);
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

        (await Host.Held.Record([decision], Ann, CancellationToken.None))[one.DeliveryId]
            .ShouldBe(new RecordedDecision(HeldDecision.Resend, IsNew: true));

        (await TakeDue()).ShouldBe([decision.Message.MessageId]);
        var change = (await AnotherHost.Controls.Changes(ChangeFilter.All, limit: 10, CancellationToken.None)).ShouldHaveSingleItem();
        (change.Subject, change.Who, change.Why).ShouldBe(($"delivery {one.DeliveryId}", "ann", "they never had it"));
        (change.After.GetProperty("decision").GetString(), change.After.GetProperty("notification").GetGuid()).ShouldBe(
            ("resend", one.NotificationId)
        );
    }

    [Fact]
    public async Task Should_be_once_for_each_hold_whoever_decides_how_often()
    {
        await Hold();
        var one = (await Host.Held.Find(All, 10, CancellationToken.None)).ShouldHaveSingleItem();
        var first = Decide(one, HeldDecision.Resend);
        await Host.Held.Record([first], Ann, CancellationToken.None);
        await Host.Outgoing.Published(await Host.Outgoing.TakeDue(Lease, 10, CancellationToken.None));

        (await AnotherHost.Held.Record([first with { Message = Message() }], Bob, CancellationToken.None))[one.DeliveryId]
            .ShouldBe(new RecordedDecision(HeldDecision.Resend, IsNew: false));
        (await AnotherHost.Held.Record([Decide(one, HeldDecision.Failed)], Bob, CancellationToken.None))[one.DeliveryId]
            .ShouldBe(new RecordedDecision(HeldDecision.Resend, IsNew: false));

        (await TakeDue()).Count.ShouldBe(1, "the same decision is told again, another one is not");
        (await Host.Controls.Changes(ChangeFilter.All, limit: 10, CancellationToken.None)).ShouldHaveSingleItem().Who.ShouldBe("ann");

        var again = one with { Attempts = one.Attempts + 1 };
        (await Host.Held.Record([Decide(again, HeldDecision.Failed)], Bob, CancellationToken.None))[one.DeliveryId]
            .IsNew.ShouldBeTrue("it was sent again, and held again");
    }

    [Fact]
    public async Task Should_be_made_once_when_two_operators_decide_at_the_same_moment()
    {
        const int Count = 400;
        await Task.WhenAll(Enumerable.Range(0, Count).Select(_ => Hold()));
        var all = await Host.Held.Find(All, 2 * Count, CancellationToken.None);

        var recorded = await Task.WhenAll(
            Enumerable
                .Range(0, 4)
                .Select(i =>
                    Task.Run(() =>
                        (i % 2 == 0 ? Host : AnotherHost).Held.Record(
                            [
                                .. (i < 2 ? all : all.Reverse()).Select(one =>
                                    Decide(one, i % 2 == 0 ? HeldDecision.Sent : HeldDecision.Failed)
                                ),
                            ],
                            Ann,
                            CancellationToken.None
                        )
                    )
                )
        );

        recorded.Sum(decisions => decisions.Values.Count(one => one.IsNew)).ShouldBe(Count);
        (await Host.Controls.Changes(ChangeFilter.All, limit: 2 * Count, CancellationToken.None)).Count.ShouldBe(Count);
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
        var other = await Hold();
        (await Found(All)).ShouldBe([other], "about that one nobody has decided");
        await Change(other, notification => notification.CurrentState = "Sending");

        await Record.Pass(HeldFilter.UnderWay + Second);
        (await Found(All)).ShouldBe([id]);
    }

    [Fact]
    public async Task Should_show_again_what_was_decided_and_is_held_once_more()
    {
        var id = await Hold();
        var one = (await Host.Held.Find(All, 10, CancellationToken.None)).ShouldHaveSingleItem();
        await Host.Held.Record([Decide(one, HeldDecision.Resend)], Ann, CancellationToken.None);

        await Change(id, notification => notification.Deliveries[0].Attempts++);

        (await AnotherHost.Held.Find(All, 10, CancellationToken.None))
            .ShouldHaveSingleItem()
            .ShouldBe(one with { Attempts = one.Attempts + 1 });
    }

    /// <summary>Nobody knows whether the first try was recorded, and the second says the same.</summary>
    [Fact]
    public async Task Should_be_told_the_saga_once_when_it_is_recorded_twice_before_anybody_has_published_it()
    {
        await Hold();
        var decision = Decide((await Host.Held.Find(All, 10, CancellationToken.None)).ShouldHaveSingleItem(), HeldDecision.Sent);

        await Host.Held.Record([decision], Ann, CancellationToken.None);
        await AnotherHost.Held.Record([decision], Ann, CancellationToken.None);

        (await TakeDue()).ShouldBe([decision.Message.MessageId]);
    }

    [Fact]
    public async Task Should_wake_whoever_publishes_on_another_host()
    {
        await Hold();
        var one = (await Host.Held.Find(All, 10, CancellationToken.None)).ShouldHaveSingleItem();
        var waiting = await WaitForDue(AnotherHost);

        await Host.Held.Record([Decide(one, HeldDecision.Resend)], Ann, CancellationToken.None);

        await waiting.WaitAsync(Patience);
    }

    async Task<IReadOnlyList<Guid>> Found(HeldFilter filter, int limit = 100) =>
        [.. (await AnotherHost.Held.Find(filter, limit, CancellationToken.None)).Select(one => one.NotificationId)];

    /// <summary>A notification whose only delivery is held.</summary>
    async Task<Guid> Hold(
        Action<NotificationState>? notification = null,
        string channel = "email",
        Action<DeliveryState>? held = null,
        Action<NotificationState>? change = null
    )
    {
        var id = Guid.CreateVersion7();
        await HoldAll(
            id,
            [Guid.CreateVersion7()],
            notification,
            channel,
            stored =>
            {
                held?.Invoke(stored.Deliveries[0]);
                change?.Invoke(stored);
            }
        );
        return id;
    }

    /// <summary>A notification whose deliveries are all held.</summary>
    async Task HoldAll(
        Guid id,
        Guid[] deliveries,
        Action<NotificationState>? notification = null,
        string channel = "email",
        Action<NotificationState>? change = null
    )
    {
        var state = Notification(id);
        notification?.Invoke(state);
        state.Deliveries =
        [
            .. deliveries.Select(delivery => new DeliveryState
            {
                Id = delivery,
                Channel = channel,
                Address = "som@example.com",
                Step = 1,
                Status = DeliveryStatus.Sending,
            }),
        ];
        (await Host.Store.Insert(new NotificationStep(state, Guid.CreateVersion7(), []), CancellationToken.None)).ShouldBeTrue();

        await Change(
            id,
            stored =>
            {
                foreach (var delivery in stored.Deliveries)
                    (delivery.Status, delivery.Provider, delivery.Reason, delivery.Attempts) = (
                        DeliveryStatus.Held,
                        "sendgrid",
                        "silence",
                        3
                    );
                stored.CurrentState = "Held";
                change?.Invoke(stored);
            }
        );
    }

    async Task Change(Guid id, Action<NotificationState> change)
    {
        var stored = (await Host.Store.Load(id, CancellationToken.None))!;
        change(stored);
        (await Host.Store.Update(new NotificationStep(stored, Guid.CreateVersion7(), []), CancellationToken.None)).ShouldBeTrue();
    }

    static HeldDeliveryDecision Decide(HeldDelivery delivery, HeldDecision decision) =>
        new(delivery, decision, Message(destination: "exchange:notifications"));
}
