using NotificationBus.Contracts;
using NotificationBus.Providers;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

/// <summary>
/// 20.1: the concurrency finds its own limit, by vendors as they are: far away, too small, in trouble, or slower for a while.
/// </summary>
public sealed class When_an_account_shows_how_many_calls_it_takes
{
    const int Min = 32;
    const int Max = 256;

    static readonly TimeSpan FarAway = TimeSpan.FromMilliseconds(100);
    static readonly ProviderResult Accepted = new ProviderResult.Accepted("1");
    static readonly ProviderResult Unavailable = new ProviderResult.Unavailable("503");
    static readonly ProviderResult Throttled = new ProviderResult.Throttled("429");

    readonly FakeTimeProvider _clock = new(A.Time);
    readonly AdaptiveLimit _limit;
    readonly PriorityQueue<DateTimeOffset, DateTimeOffset> _underWay = new();

    public When_an_account_shows_how_many_calls_it_takes() => _limit = new AdaptiveLimit(Min, Max, _clock);

    [Fact]
    public void Should_call_as_many_as_may_be_where_each_call_takes_as_long_as_before()
    {
        Call(TimeSpan.FromSeconds(2), _ => FarAway);

        _limit.Current.ShouldBe(Max);
    }

    [Fact]
    public void Should_stay_where_it_is_while_nobody_waits()
    {
        Call(TimeSpan.FromSeconds(10), _ => FarAway, othersWait: false);

        _limit.Current.ShouldBe(Min);
    }

    /// <summary>Twice as many calls take twice as long: nothing is gained by more than it works at together, which are 64.</summary>
    [Fact]
    public void Should_not_flood_one_that_only_gets_slower()
    {
        Call(TimeSpan.FromMinutes(10), limit => FarAway * Math.Max(1, limit / 64.0));

        _limit.Current.ShouldBeInRange(32, 160);
    }

    [Fact]
    public void Should_find_its_way_back_when_it_is_as_fast_as_before()
    {
        Call(TimeSpan.FromSeconds(2), _ => FarAway);
        Call(TimeSpan.FromSeconds(4), _ => 10 * FarAway);
        _limit.Current.ShouldBeLessThan(Max / 2);

        Call(TimeSpan.FromSeconds(10), _ => FarAway);

        _limit.Current.ShouldBe(Max);
    }

    /// <summary>It is far away now, and not overrun: fewer calls at the same time would be of no use to it.</summary>
    [Fact]
    public void Should_get_used_to_one_that_has_become_slow_for_other_reasons()
    {
        Call(TimeSpan.FromSeconds(2), _ => FarAway);

        Call(TimeSpan.FromMinutes(3), _ => 5 * FarAway);

        _limit.Current.ShouldBeGreaterThan(Max / 2);
    }

    [Fact]
    public void Should_call_less_when_there_are_too_many()
    {
        Call(TimeSpan.FromSeconds(2), _ => FarAway);

        Call(TimeSpan.FromMilliseconds(500), _ => FarAway, call => call % 20 == 0 ? Throttled : Accepted);

        _limit.Current.ShouldBeLessThan(Max * 3 / 4);
        Call(TimeSpan.FromMinutes(1), _ => FarAway, _ => Throttled);
        _limit.Current.ShouldBe(Min);
    }

    [Fact]
    public void Should_call_less_when_most_fail_and_as_many_when_one_of_ten_does()
    {
        Call(TimeSpan.FromSeconds(10), _ => FarAway, call => call % 10 == 0 ? Unavailable : Accepted);
        _limit.Current.ShouldBe(Max);

        Call(TimeSpan.FromSeconds(10), _ => FarAway, call => call % 10 == 0 ? Accepted : Unavailable);
        _limit.Current.ShouldBe(Min);
    }

    /// <summary>A processor that is busy delays answers by milliseconds, whoever gives them.</summary>
    [Fact]
    public void Should_not_take_a_busy_processor_for_a_slow_account()
    {
        var noise = 0;
        Call(TimeSpan.FromSeconds(3), _ => TimeSpan.FromMilliseconds(1 + noise++ % 9));

        _limit.Current.ShouldBe(Max);
    }

    [Fact]
    public async Task Should_let_the_others_go_before_what_may_wait()
    {
        var permits = new CallPermits(new AdaptiveLimit(1, 1, _clock));
        await permits.Take(Lane.Bulk, CancellationToken.None);
        var order = new List<string>();
        var bulk = Enumerable.Range(0, 3).Select(_ => Enter(Lane.Bulk)).ToList();
        var transactional = Enumerable.Range(0, 9).Select(_ => Enter(Lane.Transactional)).ToList();

        permits.GiveBack();
        await Task.WhenAll([.. bulk, .. transactional]);

        // Every eighth is of those who may wait, so that they do not wait for ever.
        order.Take(9).Count(lane => lane == "Bulk").ShouldBeInRange(1, 2);
        order.TakeLast(1).ShouldBe(["Bulk"]);
        permits.Taken.ShouldBe(0);

        async Task Enter(Lane lane)
        {
            await permits.Take(lane, CancellationToken.None);
            lock (order)
                order.Add($"{lane}");
            permits.GiveBack();
        }
    }

    [Fact]
    public async Task Should_give_to_the_next_what_nobody_waits_for_any_more()
    {
        var permits = new CallPermits(new AdaptiveLimit(1, 1, _clock));
        await permits.Take(Lane.Transactional, CancellationToken.None);
        using var givesUp = new CancellationTokenSource();
        var first = permits.Take(Lane.Transactional, givesUp.Token);
        var second = permits.Take(Lane.Transactional, CancellationToken.None);

        await givesUp.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(first);
        permits.Waiting.ShouldBe(1);
        permits.GiveBack();

        await second;
        permits.GiveBack();
        (permits.Taken, permits.Waiting).ShouldBe((0, 0));
    }

    [Fact]
    public async Task Should_lose_no_permit_however_many_come_and_go()
    {
        var permits = new CallPermits(new AdaptiveLimit(3, 3, _clock));
        var most = 0;
        await Task.WhenAll(
            Enumerable
                .Range(0, 2000)
                .Select(number =>
                    Task.Run(async () =>
                    {
                        using var givesUp = new CancellationTokenSource();
                        var permit = permits.Take(number % 2 == 0 ? Lane.Bulk : Lane.Transactional, givesUp.Token);
                        if (number % 3 == 0)
                            await givesUp.CancelAsync();
                        try
                        {
                            await permit;
                        }
                        catch (OperationCanceledException)
                        {
                            return;
                        }

                        InterlockedMax(ref most, permits.Taken);
                        await Task.Yield();
                        permits.GiveBack();
                    })
                )
        );

        (permits.Taken, permits.Waiting).ShouldBe((0, 0));
        most.ShouldBeInRange(1, 3);
    }

    /// <summary>One nobody has seen work gets three calls at a time; the fourth waits for its own.</summary>
    [Fact]
    public async Task Should_not_send_what_has_expired_while_it_waited_for_a_call()
    {
        await using var flow = await EmbeddedFlow.Start();
        var (answer, ids) = await FourOfWhichOneWaits(flow);

        flow.Clock.Advance(TimeSpan.FromDays(30));
        answer.SetResult(Accepted);

        var ends = await Task.WhenAll(ids.Select(id => flow.Outcome(id)));
        ends.Count(end => end.CurrentState == "Expired").ShouldBe(1);
        flow.Push.Calls.Count.ShouldBe(3);
    }

    [Fact]
    public async Task Should_not_send_while_its_channel_is_paused_what_waited_for_a_call()
    {
        await using var flow = await EmbeddedFlow.Start();
        var (answer, ids) = await FourOfWhichOneWaits(flow);

        await flow.Controls.ChangeChannel(
            "push",
            _ => new ChannelControl { Paused = true },
            new ChangedBy("ann", "a wrong text"),
            CancellationToken.None
        );
        await flow.UntilBoard(controls => controls.Channel("push").Paused);
        answer.SetResult(Accepted);

        await flow.Pulse.Until(() => flow.Outgoing.Scheduled == 1 && ids.Count(id => flow.Find(id)?.CompletedAt is not null) == 3);
        flow.Push.Calls.Count.ShouldBe(3);
    }

    static async Task<(TaskCompletionSource<ProviderResult> Answer, IReadOnlyList<Guid> Ids)> FourOfWhichOneWaits(EmbeddedFlow flow)
    {
        var answer = new TaskCompletionSource<ProviderResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        flow.Push.Answers((_, _) => answer.Task);
        var ids = new List<Guid>();
        for (var order = 0; order < 4; order++)
            ids.Add(await flow.Tell(An.OrderShipped(eventId: $"{order}")));
        // All are begun: what is begun after the clock has moved does not expire.
        await flow.Pulse.Until(() => flow.Push.Calls.Count == 3 && ids.TrueForAll(id => flow.Find(id) is not null));
        return (answer, ids);
    }

    static void InterlockedMax(ref int most, int value)
    {
        for (var known = most; value > known && Interlocked.CompareExchange(ref most, value, known) != known; known = most) { }
    }

    /// <summary>As many calls are under way as there may be, and each takes as long as so many do when it begins.</summary>
    void Call(TimeSpan time, Func<int, TimeSpan> takes, Func<int, ProviderResult>? answers = null, bool othersWait = true)
    {
        var (until, call) = (_clock.GetUtcNow() + time, 0);
        while (_clock.GetUtcNow() < until)
        {
            while (_underWay.Count < _limit.Current)
                _underWay.Enqueue(_clock.GetUtcNow(), _clock.GetUtcNow() + takes(_underWay.Count + 1));

            _underWay.TryDequeue(out var began, out var ends);
            _clock.Advance(ends > _clock.GetUtcNow() ? ends - _clock.GetUtcNow() : TimeSpan.Zero);
            _limit.Ended(_clock.GetUtcNow() - began, answers?.Invoke(++call) ?? Accepted, othersWait);
        }
    }
}
