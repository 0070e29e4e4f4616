using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Outgoing;
using NotificationBus.Providers.Controls;
using NotificationBus.Repairs;

namespace NotificationBus.Tests.AnyRecord;

/// <summary>3.7: the plan is a list that is kept, and of each line it is known what became of it; one host at a time is at it.</summary>
public abstract class When_a_repair_is_kept(Func<Task<RecordOfTheTest>> create) : With_a_record(create)
{
    static readonly ChangedBy Ann = new("ann", "the text is mended");
    static readonly RepairCause Declined = new(ReasonCode.Declined, "email", "smtp");
    static readonly RepairChange Run = new(RepairStatus.Running, PerSecond: 20, Limit: 100);

    [Fact]
    public async Task Should_be_as_it_was_planned()
    {
        var planned = Item(1) with { Channels = ["email", "sms"], Cost = 0.5m };
        var other = Item(2) with { Cause = new RepairCause(ReasonCode.NoText, Channel: null, Provider: null), Channels = ["push"] };
        var leftOut = RepairJudgement.LeaveOut(Item(3), RepairExclusion.InDoubt, "email: a provider may have it");
        var repair = await Add(planned, other, leftOut);

        var found = (await AnotherHost.Repairs.Find(repair.Id, CancellationToken.None))!;

        (found.Status, found.By, found.IsComplete, found.StartedAt).ShouldBe((RepairStatus.Planned, Ann, true, null));
        found.Filter.ShouldBe(repair.Filter);
        found.Groups.ShouldBe(
            [
                new RepairGroup(RepairItemStatus.Planned, null, planned.Cause, "email", SincePlanned: false, 1, 0.5m),
                new RepairGroup(RepairItemStatus.Planned, null, other.Cause, "push", SincePlanned: false, 1, null),
                new RepairGroup(RepairItemStatus.LeftOut, RepairExclusion.InDoubt, Declined, null, SincePlanned: false, 1, null),
            ],
            ignoreOrder: true
        );
        var items = await AnotherHost.Repairs.Items(repair.Id, status: null, after: null, 10, CancellationToken.None);
        items.Select(item => item.NotificationId).ShouldBe([leftOut.NotificationId, other.NotificationId, planned.NotificationId]);
        items[^1].Channels.ShouldBe(planned.Channels);
        (items[^1] with { Channels = planned.Channels }).ShouldBe(planned);
        items[0].Channels.ShouldBeEmpty();
        (items[0] with { Channels = leftOut.Channels }).ShouldBe(leftOut);
        var change = (await Host.Controls.Changes(ChangeFilter.All, 10, CancellationToken.None)).ShouldHaveSingleItem();
        (change.Subject, change.Who, change.Why).ShouldBe(($"repair {repair.Id}", "ann", "the text is mended"));
        (change.After.GetProperty("plan").GetInt32(), change.After.GetProperty("leftOut").GetInt32()).ShouldBe((2, 1));
    }

    [Fact]
    public async Task Should_be_listed_by_pages()
    {
        var first = await Add(Item(1), Item(2), Item(3));
        await Record.Pass(Second);
        var second = await Add();

        var newest = (await AnotherHost.Repairs.List(application: null, after: null, 1, CancellationToken.None)).ShouldHaveSingleItem();
        newest.Id.ShouldBe(second.Id);
        (await Host.Repairs.List(application: null, (newest.CreatedAt, newest.Id), 5, CancellationToken.None))
            .ShouldHaveSingleItem()
            .Id.ShouldBe(first.Id);

        var page = await Host.Repairs.Items(first.Id, RepairItemStatus.Planned, after: null, 2, CancellationToken.None);
        var rest = await Host.Repairs.Items(
            first.Id,
            RepairItemStatus.Planned,
            new NotificationCursor(page[^1].BeganAt, page[^1].NotificationId),
            2,
            CancellationToken.None
        );
        page.Concat(rest).Select(item => item.BeganAt).ShouldBe([At(3), At(2), At(1)]);
        (await Host.Repairs.Items(first.Id, RepairItemStatus.Repaired, after: null, 2, CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_be_taken_by_one_host_until_that_is_silent_for_too_long()
    {
        var repair = await Add(Item(1));
        (await Take(Host, Guid.NewGuid())).ShouldBeNull("nobody has run it");
        (await Change(repair, Run)).ShouldBeTrue();
        var owner = Guid.NewGuid();

        (await Take(Host, owner)).ShouldBe(new RepairTurn(repair.Id, owner, 20, 100));
        (await Take(AnotherHost, Guid.NewGuid())).ShouldBeNull("somebody is at it");
        (await Take(Host, owner)).ShouldNotBeNull("whoever has it keeps it");

        await Record.Pass(Lease + Second);
        var other = (await Take(AnotherHost, Guid.NewGuid())).ShouldNotBeNull();
        var item = (await Host.Repairs.Next(repair.Id, 10, CancellationToken.None)).ShouldHaveSingleItem();
        (await Settle(Host, new RepairTurn(repair.Id, owner, 20, 100), item)).ShouldBeNull("its turn is over");
        (await TakeDue()).ShouldBeEmpty();
        (await Settle(AnotherHost, other, item)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Should_write_down_an_item_together_with_what_begins_it_and_once()
    {
        var repair = await Add(Item(1), Item(2));
        await Change(repair, Run);
        var turn = (await Take(Host, Guid.NewGuid())).ShouldNotBeNull();
        var item = (await Host.Repairs.Next(repair.Id, 1, CancellationToken.None)).ShouldHaveSingleItem();
        item.BeganAt.ShouldBe(At(1), "the oldest first");

        var message = Message(destination: "exchange:notifications");
        turn = (await Settle(Host, turn, item, message)).ShouldNotBeNull();
        turn.Left.ShouldBe(99);
        await Settle(Host, turn, item, message with { MessageId = Guid.CreateVersion7() });

        (await TakeDue()).ShouldBe([message.MessageId], "it is not planned any more");
        (await AnotherHost.Repairs.RepairedAmong([item.NotificationId, Guid.NewGuid()], CancellationToken.None)).ShouldBe([
            item.NotificationId,
        ]);
        var repaired = (
            await AnotherHost.Repairs.Items(repair.Id, RepairItemStatus.Repaired, after: null, 10, CancellationToken.None)
        ).ShouldHaveSingleItem();
        (repaired.NotificationId, repaired.RepairedBy).ShouldBe((item.NotificationId, Successor(item)));
        repaired.At.ShouldNotBeNull();
    }

    [Fact]
    public async Task Should_be_the_only_one_that_repairs_a_notification()
    {
        var item = Item(1);
        var (first, second) = (await Add(item), await Add(item));
        await Change(first, Run);
        var turn = (await Take(Host, Guid.NewGuid())).ShouldNotBeNull();
        await Settle(Host, turn, item);
        await Host.Repairs.End(turn, RepairStatus.Done, note: null, CancellationToken.None);
        await TakeDue();
        await Change(second, Run);
        var late = (await Take(AnotherHost, Guid.NewGuid())).ShouldNotBeNull();

        await Should.ThrowAsync<RepairedBeforeException>(() => Settle(AnotherHost, late, item));

        (await TakeDue()).ShouldBeEmpty();
        await AnotherHost.Repairs.Record(
            late,
            RepairJudgement.LeaveOut(item, RepairExclusion.RepairedBefore),
            message: null,
            Lease,
            CancellationToken.None
        );
        var group = (await Host.Repairs.Find(second.Id, CancellationToken.None))!.Groups.ShouldHaveSingleItem();
        (group.LeftOut, group.SincePlanned).ShouldBe((RepairExclusion.RepairedBefore, true));
    }

    [Fact]
    public async Task Should_be_paused_before_the_next_one_and_go_on()
    {
        var repair = await Add(Item(1), Item(2));
        (await Change(repair, new RepairChange(RepairStatus.Paused))).ShouldBeFalse("it does not run");
        await Change(repair, Run);
        var turn = (await Take(Host, Guid.NewGuid())).ShouldNotBeNull();
        var items = await Host.Repairs.Next(repair.Id, 10, CancellationToken.None);
        await Settle(Host, turn, items[0]);

        (await AnotherHost.Repairs.Change(repair.Id, new RepairChange(RepairStatus.Paused), Ann, CancellationToken.None)).ShouldBeTrue();

        (await Settle(Host, turn, items[1])).ShouldBeNull();
        (await Take(Host, Guid.NewGuid())).ShouldBeNull();
        (await Change(repair, new RepairChange(RepairStatus.Running, PerSecond: 5, Limit: 1))).ShouldBeTrue();
        var next = (await Take(AnotherHost, Guid.NewGuid())).ShouldNotBeNull();
        (next.PerSecond, next.Left).ShouldBe((5, 1));
        (await Settle(AnotherHost, next, items[1]))!.Left.ShouldBe(0);
        await AnotherHost.Repairs.End(next, RepairStatus.Done, note: null, CancellationToken.None);

        var done = (await Host.Repairs.Find(repair.Id, CancellationToken.None))!;
        done.Status.ShouldBe(RepairStatus.Done);
        done.EndedAt.ShouldNotBeNull();
        (await Change(repair, Run)).ShouldBeFalse("it is done");
        (await TakeDue()).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Should_not_go_on_once_it_is_stopped()
    {
        var repair = await Add(Item(1));
        await Change(repair, Run);
        var turn = (await Take(Host, Guid.NewGuid())).ShouldNotBeNull();

        (await Change(repair, new RepairChange(RepairStatus.Stopped))).ShouldBeTrue();

        (await Settle(Host, turn, Item(1))).ShouldBeNull();
        await Host.Repairs.End(turn, RepairStatus.Done, note: null, CancellationToken.None);
        var stopped = (await AnotherHost.Repairs.Find(repair.Id, CancellationToken.None))!;
        stopped.Status.ShouldBe(RepairStatus.Stopped, "whoever was at it has no more to say");
        (await Change(repair, Run)).ShouldBeFalse();
        (await TakeDue()).ShouldBeEmpty();
        (await Host.Controls.Changes(ChangeFilter.All, 10, CancellationToken.None)).Count.ShouldBe(3, "plan, run and stop");
    }

    [Fact]
    public async Task Should_know_whose_business_key_is_withdrawn()
    {
        var (withdrawn, other) = (Keyed("order-placed"), Keyed("order-shipped"));
        await Host.Withdrawals.Remember(
            new Withdrawal("order", "4711", ["order-placed"], Record.Now + Hour, "ann: it is sold"),
            CancellationToken.None
        );

        (await AnotherHost.Withdrawals.WouldBeWithdrawn([withdrawn, other], CancellationToken.None)).ShouldBe([withdrawn.CorrelationId]);

        static NotificationState Keyed(string category)
        {
            var state = Notification(Guid.CreateVersion7());
            state.Category = category;
            state.Keys = new Dictionary<string, string>(StringComparer.Ordinal) { ["order"] = "4711" };
            return state;
        }
    }

    async Task<Repair> Add(params RepairItem[] items)
    {
        var repair = new Repair
        {
            Id = Guid.CreateVersion7(),
            Filter = new Dictionary<string, string>(StringComparer.Ordinal) { ["status"] = "failed" },
            IsComplete = true,
            By = Ann,
        };
        await Host.Repairs.Add(repair, items, CancellationToken.None);
        return repair;
    }

    Task<bool> Change(Repair repair, RepairChange change) => Host.Repairs.Change(repair.Id, change, Ann, CancellationToken.None);

    static Task<RepairTurn?> Take(HostOfTheRecord host, Guid owner) => host.Repairs.Take(owner, Lease, CancellationToken.None);

    static Task<RepairTurn?> Settle(HostOfTheRecord host, RepairTurn turn, RepairItem item, OutgoingMessage? message = null) =>
        host.Repairs.Record(
            turn,
            item with
            {
                Status = RepairItemStatus.Repaired,
                RepairedBy = Successor(item),
            },
            message ?? Message(destination: "exchange:notifications"),
            Lease,
            CancellationToken.None
        );

    static Guid Successor(RepairItem item) => DeterministicId.From("successor", $"{item.NotificationId:N}");

    static DateTimeOffset At(int minutes) => DateTimeOffset.UnixEpoch.AddMinutes(minutes);

    static RepairItem Item(int minutes) =>
        new()
        {
            NotificationId = DeterministicId.From("failed", $"{minutes}"),
            BeganAt = At(minutes),
            Category = "order-placed",
            Cause = Declined,
            Channels = ["email"],
        };
}
