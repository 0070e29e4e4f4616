namespace NotificationBus.Tests.AnyRecord;

public abstract class When_messages_are_due(Func<Task<RecordOfTheTest>> create) : With_a_record(create)
{
    static readonly DateTimeOffset LongAgo = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    static readonly DateTimeOffset FarOff = new(2999, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Should_hand_out_the_longest_due_first_and_no_more_than_asked()
    {
        // Kept in another order than they are due, many enough for no order to be an accident.
        var messages = Enumerable.Range(0, 60).Select(i => Message(LongAgo.AddMinutes(i))).ToList();
        await Schedule([.. messages.Index().OrderBy(message => message.Index * 37 % 60).Select(message => message.Item)]);

        (await TakeDue(25)).ShouldBe(messages.Take(25).Select(message => message.MessageId));
        (await TakeDue(25)).ShouldBe(messages.Skip(25).Take(25).Select(message => message.MessageId));
        (await TakeDue(25)).ShouldBe(messages.Skip(50).Select(message => message.MessageId));
    }

    [Fact]
    public async Task Should_be_due_at_once_when_no_time_is_said()
    {
        var message = Message();

        await Schedule(message);

        (await TakeDue()).ShouldBe([message.MessageId]);
    }

    [Fact]
    public async Task Should_not_hand_out_what_is_not_due()
    {
        var due = Message(LongAgo);
        await Schedule(Message(FarOff), due);

        (await TakeDue()).ShouldBe([due.MessageId]);
    }

    [Fact]
    public async Task Should_skip_what_another_host_took()
    {
        var messages = Enumerable.Range(0, 5).Select(i => Message(LongAgo.AddMinutes(i))).ToArray();
        await Schedule(messages);

        (await TakeDue(3, AnotherHost)).ShouldBe(messages.Take(3).Select(message => message.MessageId));

        (await TakeDue()).ShouldBe(messages.Skip(3).Select(message => message.MessageId));
    }

    [Fact]
    public async Task Should_hand_one_out_again_when_its_lease_has_passed()
    {
        var message = Message(LongAgo);
        await Schedule(message);
        await TakeDue(host: AnotherHost);

        await Record.Pass(Lease - 10 * Second);
        (await TakeDue()).ShouldBeEmpty();
        await Record.Pass(10 * Second);
        (await TakeDue()).ShouldBe([message.MessageId]);
        (await TakeDue()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_hand_each_to_one_of_many_hosts()
    {
        await Schedule([.. Enumerable.Range(0, 500).Select(_ => Message(LongAgo))]);

        var taken = await Task.WhenAll(
            Enumerable
                .Range(0, 16)
                .Select(i =>
                    Task.Run(async () =>
                    {
                        var mine = new List<Guid>();
                        while (await TakeDue(20, i % 2 == 0 ? Host : AnotherHost) is { Count: > 0 } some)
                            mine.AddRange(some);
                        return mine;
                    })
                )
        );

        taken.SelectMany(mine => mine).ShouldBeUnique();
        // Whoever lost the race for a message may have gone home before the others were done: the next sweep takes the rest.
        (taken.Sum(mine => mine.Count) + (await TakeDue()).Count).ShouldBe(500);
    }

    [Fact]
    public async Task Should_leave_one_that_is_kept_already_as_it_is()
    {
        var kept = Message(LongAgo);
        await Schedule(kept);
        var other = Message(LongAgo.AddMinutes(1));

        await Schedule(kept with { DueAt = FarOff, Destination = "exchange:elsewhere" }, other);

        var due = await Host.Outgoing.TakeDue(Lease, 10, CancellationToken.None);
        due.Select(message => (message.MessageId, message.Destination))
            .ShouldBe([(kept.MessageId, kept.Destination), (other.MessageId, other.Destination)]);
    }

    [Fact]
    public async Task Should_forget_one_that_is_cancelled()
    {
        var (cancelled, kept) = (Message(FarOff), Message(LongAgo));
        await Schedule(cancelled, kept);

        await AnotherHost.Outgoing.Cancel(cancelled.MessageId, CancellationToken.None);
        await AnotherHost.Outgoing.Cancel(Guid.CreateVersion7(), CancellationToken.None);

        await Record.Pass(TimeSpan.FromDays(400_000));
        (await TakeDue()).ShouldBe([kept.MessageId]);
    }

    [Fact]
    public async Task Should_wake_who_waits_when_another_host_schedules()
    {
        var waiting = await WaitForDue(Host);

        // Not due yet, so that nothing but the call can wake; and due before anybody looks by themselves.
        await AnotherHost.Outgoing.Schedule([Message(Record.Now + 5 * Second)], CancellationToken.None);

        await waiting.WaitAsync(Patience);
    }

    [Fact]
    public async Task Should_stop_waiting_when_told_to()
    {
        using var stop = new CancellationTokenSource();
        var waiting = Host.Outgoing.WaitForDue(Hour, stop.Token);

        await stop.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => waiting.WaitAsync(Patience));
    }
}
