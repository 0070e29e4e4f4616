using NotificationBus.Notifications;

namespace NotificationBus.Tests.AnyRecord;

/// <summary>
/// Tests that do not bite: what should have ended and has not is looked for by every host, and is resumed by one of them.
/// </summary>
public abstract class When_the_sweep_looks(Func<Task<RecordOfTheTest>> create) : With_a_record(create)
{
    static readonly DateTimeOffset LongAgo = DateTimeOffset.UnixEpoch;

    [Fact]
    public async Task Should_find_each_that_has_not_ended_once_though_all_began_at_the_same_moment()
    {
        var (open, ended) = (new List<Guid>(), new List<Guid>());
        for (var i = 0; i < 20; i++)
            (i % 3 == 0 ? ended : open).Add(await Begin(hasEnded: i % 3 == 0));

        (await Look(3)).ShouldBe(3);
        (await LookAtAll()).ShouldBe(17);

        (await Resume()).ShouldBe(open, ignoreOrder: true);
        (await Look()).ShouldBe(0);
    }

    [Fact]
    public async Task Should_look_at_the_oldest_first_and_at_none_that_is_young()
    {
        var ids = new List<Guid>();
        foreach (var hours in new[] { 3, 1, 2 })
            ids.Add(await Begin(Record.Now - hours * Hour));

        (await Look(10, 1.5 * Hour)).ShouldBe(2);
        (await Resume()).ShouldBe([ids[0], ids[2]], ignoreOrder: true);
        (await Look(10, Lease)).ShouldBe(1);
        (await Resume()).ShouldBe([ids[1]]);
    }

    [Fact]
    public async Task Should_remember_how_far_it_was_when_it_looks_at_a_few_at_a_time()
    {
        // The later in the record are the older ones, and are to be looked at before.
        for (var i = 0; i < 9; i++)
            await Begin(LongAgo - i * Second);

        (await LookAtAll(2)).ShouldBe(9);

        (await Resume()).Count.ShouldBe(9);
    }

    [Fact]
    public async Task Should_be_looked_at_and_resumed_by_one_of_many_hosts()
    {
        for (var i = 0; i < 60; i++)
            await Begin();

        var looked = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => LookAtAll(5, Of(i)))));
        // Whoever found another host at it has left it to that one.
        (looked.Sum() + await LookAtAll()).ShouldBe(60);

        var resumed = await Task.WhenAll(
            Enumerable
                .Range(0, 16)
                .Select(i =>
                    Task.Run(async () =>
                    {
                        var mine = new List<Guid>();
                        while (await Resume(5, Of(i)) is { Count: > 0 } some)
                            mine.AddRange(some);
                        return mine;
                    })
                )
        );
        resumed.SelectMany(mine => mine).ShouldBeUnique();
        (resumed.Sum(mine => mine.Count) + (await Resume()).Count).ShouldBe(60);

        HostOfTheRecord Of(int i) => i % 2 == 0 ? Host : AnotherHost;
    }

    [Fact]
    public async Task Should_leave_alone_what_somebody_will_work_on()
    {
        var (putOff, forgotten) = (await Begin(), await Begin());
        await Schedule(
            Message(Record.Now + Hour) with
            {
                NotificationId = putOff,
            },
            Message(Record.Now + Hour, "exchange:notifications") with
            {
                NotificationId = forgotten,
            }
        );
        await Look();

        var stragglers = await Host.Unfinished.Take(Hour, 10, CancellationToken.None);

        stragglers.LookedAt.ShouldBe(2);
        stragglers.Unattended.ShouldBe([forgotten]);
    }

    [Fact]
    public async Task Should_forget_what_has_ended_since_and_nothing_else()
    {
        var (ends, stays) = (await Begin(), await Begin());
        await Look();
        await End(ends);

        var stragglers = await AnotherHost.Unfinished.Take(Hour, 10, CancellationToken.None);
        stragglers.LookedAt.ShouldBe(2);
        stragglers.Unattended.ShouldBe([stays]);

        await Record.Pass(Hour);
        stragglers = await AnotherHost.Unfinished.Take(Hour, 10, CancellationToken.None);
        stragglers.LookedAt.ShouldBe(1);
        stragglers.Unattended.ShouldBe([stays]);
    }

    [Fact]
    public async Task Should_take_those_first_that_wait_longest()
    {
        var ids = new List<Guid>();
        for (var i = 0; i < 5; i++)
        {
            // Older and older, so that each is found after those that are passed already only because it was not there before.
            ids.Add(await Begin(LongAgo + i * Second));
            await Look();
            await Record.Pass(Second);
        }

        // Written once more, and so behind the others wherever no order is asked for.
        (await Resume(1)).ShouldBe([ids[0]]);
        (await Resume(3)).ShouldBe(ids[1..4], ignoreOrder: true);
        (await Resume(3)).ShouldBe([ids[4]]);
        (await Resume(3)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_take_the_one_first_that_is_to_be_looked_at_sooner_though_it_came_later()
    {
        var (later, sooner) = (await Begin(LongAgo), await Begin(LongAgo + Second));
        foreach (var (id, again) in new[] { (later, 2 * Hour), (sooner, Hour) })
        {
            (await Look(1)).ShouldBe(1);
            (await Host.Unfinished.Take(again, 10, CancellationToken.None)).Unattended.ShouldBe([id]);
        }

        await Record.Pass(2 * Hour);

        (await Resume(1)).ShouldBe([sooner]);
        (await Resume(1)).ShouldBe([later]);
    }

    [Fact]
    public async Task Should_keep_in_mind_what_is_to_be_looked_at_later_when_another_has_ended()
    {
        var waits = await Begin(LongAgo);
        await Look();
        (await Resume()).ShouldBe([waits]);
        var ends = await Begin(LongAgo + Second);
        await Look();
        await End(ends);

        (await Host.Unfinished.Take(Hour, 10, CancellationToken.None)).LookedAt.ShouldBe(1);

        await Record.Pass(Hour);
        (await Resume()).ShouldBe([waits]);
    }

    [Fact]
    public async Task Should_look_again_after_twice_as_long_each_time_but_never_give_up()
    {
        var id = await Begin();
        await Look();
        (await Resume()).ShouldBe([id]);

        foreach (var hours in new[] { 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024, 1024 })
        {
            await Record.Pass(hours * Hour - Lease);
            (await Resume()).ShouldBeEmpty($"not before {hours} hours");
            await Record.Pass(Lease);
            (await Resume()).ShouldBe([id], $"after {hours} hours");
        }
    }

    [Fact]
    public async Task Should_not_be_in_a_hurry_when_it_comes_to_one_that_goes_on_after_the_end()
    {
        var id = await Begin(hasEnded: true);
        var goesOn = (await Host.Store.Load(id, CancellationToken.None))!;
        goesOn.CompletedAt = null;
        await Host.Store.Update(new NotificationStep(goesOn, Guid.CreateVersion7(), []) { Reopens = true }, CancellationToken.None);

        (await Look()).ShouldBe(1);

        (await Resume()).ShouldBeEmpty();
        await Record.Pass(NotificationStep.LookAgainAfter);
        (await Resume()).ShouldBe([id]);
    }

    Task<int> Look(int limit = 100, TimeSpan? age = null, HostOfTheRecord? host = null) =>
        (host ?? AnotherHost).Unfinished.LookAtThoseOf(age ?? Hour, limit, CancellationToken.None);

    async Task<int> LookAtAll(int limit = 5, HostOfTheRecord? host = null)
    {
        var all = 0;
        while (await Look(limit, host: host) is > 0 and var some)
            all += some;
        return all;
    }

    /// <summary>Those that somebody has to go on with.</summary>
    async Task<IReadOnlyList<Guid>> Resume(int limit = 100, HostOfTheRecord? host = null) =>
        (await (host ?? Host).Unfinished.Take(Hour, limit, CancellationToken.None)).Unattended;

    async Task End(Guid id)
    {
        var notification = (await Host.Store.Load(id, CancellationToken.None))!;
        notification.CompletedAt = LongAgo;
        (await Host.Store.Update(new NotificationStep(notification, Guid.CreateVersion7(), []), CancellationToken.None)).ShouldBeTrue();
    }

    async Task<Guid> Begin(DateTimeOffset? createdAt = null, bool hasEnded = false)
    {
        // Not in the order they come in.
        var notification = Notification(Guid.NewGuid());
        notification.CreatedAt = createdAt ?? LongAgo;
        notification.CompletedAt = hasEnded ? LongAgo : null;
        (await Host.Store.Insert(new NotificationStep(notification, Guid.CreateVersion7(), []), CancellationToken.None)).ShouldBeTrue();
        return notification.CorrelationId;
    }
}
