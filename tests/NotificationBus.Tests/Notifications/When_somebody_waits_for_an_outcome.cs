using System.Collections.Immutable;
using NotificationBus.Notifications;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Notifications;

public sealed class When_somebody_waits_for_an_outcome
{
    static readonly TimeSpan Long = TimeSpan.FromMinutes(10);
    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(25);

    readonly Pulse _pulse = new();
    readonly WatchedClock _clock;
    readonly ScriptedQueries _queries;
    readonly OutcomeWatch _watch;

    public When_somebody_waits_for_an_outcome()
    {
        _clock = new WatchedClock(_pulse);
        _queries = new ScriptedQueries(_pulse);
        _watch = new OutcomeWatch(_queries, _clock);
    }

    [Fact]
    public async Task Should_answer_at_once_when_it_is_there_already()
    {
        var id = _queries.Conclude(Guid.CreateVersion7());

        (await Wait(id)).ShouldBeTrue();

        _queries.Asked.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Should_answer_when_it_comes()
    {
        var id = Guid.CreateVersion7();
        var waiting = Wait(id);
        await AskedAgain();
        waiting.IsCompleted.ShouldBeFalse();

        _queries.Conclude(id);
        await AskedAgain();

        (await waiting).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_give_up_when_the_time_has_passed()
    {
        var waiting = _watch.Outcome(Guid.CreateVersion7(), TimeSpan.FromSeconds(10), CancellationToken.None);
        await _pulse.Until(() => _queries.Asked.Count == 1);

        await Rested();
        _clock.Advance(TimeSpan.FromSeconds(9));
        await Rested();
        waiting.IsCompleted.ShouldBeFalse();
        _clock.Advance(TimeSpan.FromSeconds(1));

        (await waiting).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_give_up_when_the_caller_does()
    {
        using var caller = new CancellationTokenSource();
        var waiting = _watch.Outcome(Guid.CreateVersion7(), Long, caller.Token);

        await caller.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(waiting);
    }

    [Fact]
    public async Task Should_ask_once_for_everybody()
    {
        var one = Guid.CreateVersion7();
        Guid[] others = [.. Enumerable.Range(0, 50).Select(_ => Guid.CreateVersion7())];
        var waiting = Enumerable.Range(0, 50).Select(_ => Wait(one)).Concat(others.Select(Wait)).ToList();
        await AskedAgain();
        _queries.Asked[^1].Length.ShouldBe(51);

        foreach (var id in others.Append(one))
            _queries.Conclude(id);
        await AskedAgain();

        (await Task.WhenAll(waiting)).ShouldAllBe(outcome => outcome);
    }

    [Fact]
    public async Task Should_tell_only_those_whose_outcome_it_is()
    {
        var (first, second) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var (waitingForFirst, waitingForSecond) = (Wait(first), Wait(second));
        await AskedAgain();

        _queries.Conclude(first);
        await AskedAgain();
        (await waitingForFirst).ShouldBeTrue();
        waitingForSecond.IsCompleted.ShouldBeFalse();

        _queries.Conclude(second);
        await AskedAgain();
        (await waitingForSecond).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_go_on_for_the_others_when_one_gives_up()
    {
        var id = Guid.CreateVersion7();
        using var caller = new CancellationTokenSource();
        var leaving = _watch.Outcome(id, Long, caller.Token);
        var staying = Wait(id);
        await caller.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(leaving);
        await Rested();

        _queries.Conclude(id);
        await AskedAgain();

        (await staying).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_ask_nothing_while_nobody_waits()
    {
        _queries.Asked.ShouldBeEmpty();
        await Wait(_queries.Conclude(Guid.CreateVersion7()));

        await Rested();
        _clock.Advance(Interval);
        // Whoever asked now would do so on another thread, soon.
        for (var i = 0; i < 100; i++)
            await Task.Run(() => { });

        _queries.Asked.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Should_ask_again_for_who_comes_after_a_pause()
    {
        await Should_ask_nothing_while_nobody_waits();

        (await Wait(_queries.Conclude(Guid.CreateVersion7()))).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_be_told_when_the_record_cannot_be_asked()
    {
        _queries.Failure = new OutageException();

        await Should.ThrowAsync<OutageException>(Wait(Guid.CreateVersion7()));

        _queries.Failure = null;
        var waiting = Wait(_queries.Conclude(Guid.CreateVersion7()));
        await AskedAgain();
        (await waiting).ShouldBeTrue();
    }

    // The clock of the test stands still: a wait nobody ends fails by the clock on the wall.
    Task<bool> Wait(Guid id) => _watch.Outcome(id, Long, CancellationToken.None).WaitAsync(Pulse.Patience);

    /// <summary>Lets time pass until the record was asked once more.</summary>
    async Task AskedAgain()
    {
        await Rested();
        var asked = _queries.Asked.Count;
        _clock.Advance(Interval);
        await _pulse.Until(() => _queries.Asked.Count > asked);
    }

    /// <summary>Waits until the watch itself waits for its next round.</summary>
    Task Rested() => _pulse.Until(() => _clock.AlarmsWithin(Interval) > 0);

    sealed class ScriptedQueries(Pulse pulse) : INotificationQueries
    {
        ImmutableHashSet<Guid> _concluded = [];
        ImmutableList<Guid[]> _asked = [];

        public Exception? Failure { get; set; }

        public ImmutableList<Guid[]> Asked => _asked;

        public Guid Conclude(Guid id)
        {
            ImmutableInterlocked.Update(ref _concluded, concluded => concluded.Add(id));
            return id;
        }

        public Task<IReadOnlySet<Guid>> Concluded(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
        {
            var concluded = ids.Where(_concluded.Contains).ToHashSet();
            ImmutableInterlocked.Update(ref _asked, asked => asked.Add([.. ids]));
            pulse.Beat();
            return Failure is null ? Task.FromResult<IReadOnlySet<Guid>>(concluded) : throw Failure;
        }

        public Task<NotificationView?> Find(Guid id, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<string?> ApplicationOf(Guid id, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<SagaStep>?> StepsOf(Guid id, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyDictionary<Guid, int>> Versions(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<IReadOnlyList<RecordedNotification>> Read(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<FoundNotifications> Search(NotificationFilter filter, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }
}
