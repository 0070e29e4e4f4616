using NotificationBus.Outgoing;

namespace NotificationBus.Tests.AnyRecord;

public abstract class When_messages_wait_for_something(Func<Task<RecordOfTheTest>> create) : With_a_record(create)
{
    [Fact]
    public async Task Should_come_out_when_it_happens_and_those_alone()
    {
        var (one, other, sms, none) = (
            Waiting("channel email"),
            Waiting("channel email"),
            Waiting("channel sms"),
            Message(Record.Now + Hour)
        );
        await Schedule(one, other, sms, none);

        (await AnotherHost.Outgoing.Release("channel email", CancellationToken.None)).ShouldBe(2);

        var taken = await Host.Outgoing.TakeDue(Lease, 10, CancellationToken.None);
        taken.Select(message => message.MessageId).ShouldBe([one.MessageId, other.MessageId], ignoreOrder: true);
        taken.ShouldAllBe(message => message.WaitsFor == null);
        await Record.Pass(Hour);
        (await TakeDue()).Count.ShouldBe(4);
    }

    [Fact]
    public async Task Should_come_out_once()
    {
        await Schedule(Waiting("channel email"));
        (await Host.Outgoing.Release("channel email", CancellationToken.None)).ShouldBe(1);
        (await AnotherHost.Outgoing.Release("channel email", CancellationToken.None)).ShouldBe(0);
    }

    /// <summary>Reliability, row 37: who is back is not met by all at once.</summary>
    [Fact]
    public async Task Should_come_out_spread_when_they_are_many()
    {
        const int Count = 5_000;
        var other = Waiting("channel sms");
        await Schedule([other, .. Enumerable.Range(0, Count).Select(_ => Waiting("channel email"))]);
        await AnotherHost.Outgoing.Release("channel sms", CancellationToken.None);
        (await TakeDue()).ShouldBe([other.MessageId], "it is alone");

        (await Host.Outgoing.Release("channel email", CancellationToken.None)).ShouldBe(Count);

        var first = await Host.Outgoing.TakeDue(Lease, Count, CancellationToken.None);
        first.Count.ShouldBeLessThan(Count / 2);
        await Record.Pass(Releases.SpreadOf(Count));
        (await Host.Outgoing.TakeDue(Lease, Count, CancellationToken.None)).Count.ShouldBe(Count - first.Count);
    }

    [Fact]
    public async Task Should_come_out_no_later_than_they_would_have_come_by_themselves()
    {
        const int Count = 5_000;
        await Schedule([.. Enumerable.Range(0, Count).Select(_ => Waiting("channel email") with { DueAt = Record.Now + Second })]);

        await Host.Outgoing.Release("channel email", CancellationToken.None);

        await Record.Pass(Second);
        (await TakeDue(Count)).Count.ShouldBe(Count);
    }

    /// <summary>What a circuit has turned away is due soon after its break: a storm of its own beside what is released.</summary>
    [Fact]
    public async Task Should_come_out_spread_though_they_would_have_come_together_by_themselves()
    {
        const int Count = 5_000;
        var waiting = Waiting("channel email") with { DueAt = Record.Now + Second, AtTheLatest = Record.Now + Hour };
        await Schedule([.. Enumerable.Range(0, Count).Select(_ => waiting with { MessageId = Guid.NewGuid() })]);

        await Host.Outgoing.Release("channel email", CancellationToken.None);

        await Record.Pass(Second);
        (await Host.Outgoing.TakeDue(Lease, Count, CancellationToken.None)).Count.ShouldBeLessThan(Count / 2);
    }

    [Fact]
    public async Task Should_come_out_in_time_for_the_last_that_can_be_done()
    {
        const int Count = 5_000;
        var waiting = Waiting("channel email") with { DueAt = Record.Now, AtTheLatest = Record.Now + Second };
        await Schedule([.. Enumerable.Range(0, Count).Select(_ => waiting with { MessageId = Guid.NewGuid() })]);

        await Host.Outgoing.Release("channel email", CancellationToken.None);

        await Record.Pass(Second);
        (await TakeDue(Count)).Count.ShouldBe(Count);
    }

    [Fact]
    public async Task Should_come_out_in_the_order_in_which_they_were_kept_when_they_are_few()
    {
        var messages = Enumerable.Range(0, 20).Select(_ => Waiting("channel email")).ToList();
        foreach (var message in messages)
            await Schedule(message);

        await Host.Outgoing.Release("channel email", CancellationToken.None);

        (await TakeDue()).ShouldBe(messages.Select(message => message.MessageId));
    }

    [Fact]
    public async Task Should_be_left_alone_while_another_host_publishes_it()
    {
        var waits = Waiting("channel email");
        await Schedule(waits);
        await Record.Pass(Hour);
        (await TakeDue(host: AnotherHost)).ShouldBe([waits.MessageId]);

        (await Host.Outgoing.Release("channel email", CancellationToken.None)).ShouldBe(0);

        (await TakeDue()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_wake_whoever_publishes_on_another_host()
    {
        await Schedule(Waiting("channel email"));
        var waiting = await WaitForDue(AnotherHost);

        await Host.Outgoing.Release("channel email", CancellationToken.None);

        await waiting.WaitAsync(Patience);
    }

    [Fact]
    public async Task Should_wake_whoever_publishes_when_a_step_schedules_something_that_is_soon_due()
    {
        var waiting = await WaitForDue(AnotherHost);

        await Insert(Guid.CreateVersion7(), Message(Record.Now + 5 * Second));

        await waiting.WaitAsync(Patience);
    }

    [Fact]
    public async Task Should_be_published_when_the_first_of_them_is_due_though_nobody_calls()
    {
        await Schedule(Message(Record.Now + Second));
        var waiting = Host.Outgoing.WaitForDue(Hour, CancellationToken.None);

        await Record.Pass(Second);

        await waiting.WaitAsync(Patience);
    }

    [Fact]
    public async Task Should_be_waited_for_no_longer_than_was_said()
    {
        await Schedule(Message(Record.Now + Hour));
        var waiting = Host.Outgoing.WaitForDue(Second, CancellationToken.None);

        await Record.Pass(Second);

        await waiting.WaitAsync(Patience);
    }

    [Fact]
    public async Task Should_come_in_the_order_in_which_they_were_kept_when_they_are_due_at_the_same_moment()
    {
        var messages = Enumerable.Range(0, 20).Select(_ => Message(DateTimeOffset.UnixEpoch)).ToList();
        foreach (var message in messages)
            await Schedule(message);
        await Record.LetAllHaveHappenedAtOnce();

        (await TakeDue()).ShouldBe(messages.Select(message => message.MessageId));
    }

    OutgoingMessage Waiting(string waitsFor) => Message(Record.Now + Hour) with { WaitsFor = waitsFor };
}
