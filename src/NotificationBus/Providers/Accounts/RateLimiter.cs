using Microsoft.Extensions.Logging;
using NotificationBus.Contracts;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Providers.Accounts;

/// <summary>
/// Keeps an account within its rate, all hosts together: the configured one, or what the provider's complaints have taught. Slots
/// are handed out by the store; whoever has to wait for one waits in the scheduler.
/// </summary>
sealed partial class RateLimiter(
    string account,
    AccountOptions options,
    IProviderHealth health,
    ControlBoard board,
    TimeProvider clock,
    ILogger log
)
{
    // Where the provider does not say how long (RFC 6585 leaves it open).
    static readonly TimeSpan UsualPause = TimeSpan.FromSeconds(60);

    // Whoever asks for a day is asked again before.
    static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    // A slot that was missed by more is somebody else's by now. One before its time was brought forward.
    static readonly TimeSpan SlotIsGood = TimeSpan.FromSeconds(1);

    static readonly TimeSpan RaiseInterval = TimeSpan.FromSeconds(10);
    static readonly TimeSpan ForgetAfter = TimeSpan.FromMinutes(10);

    // A provider that turns away the first few calls says when to come back, and nothing of a rate.
    const int LeastCalls = 10;

    // Half after a complaint, a quarter more after every quiet while.
    const double Cut = 0.5;
    const double Raise = 1.25;
    const double LeastPerSecond = 0.1;

    readonly CallMeter _calls = new(clock);
    long _raisedAt;

    /// <summary>Limits the time that an account is left alone that asks for a pause.</summary>
    public static TimeSpan Limited(TimeSpan pause) => pause < LongestPause ? pause : LongestPause;

    /// <summary>The rate in force, calls per second; null when there is no limit.</summary>
    double? PerSecond => WaitingLine.Lower(Limit, board.Current.HealthOf(account).LearnedPerSecond);

    double? Limit => WaitingLine.LimitOf(board.Current.Provider(account), options);

    /// <summary>Takes the next slot, and returns the time to wait for it.</summary>
    public Task<TimeSpan> Reserve(Lane lane) =>
        PerSecond is { } perSecond ? health.Reserve(account, perSecond, lane) : Task.FromResult(TimeSpan.Zero);

    /// <summary>
    /// False for one that comes much too late, after an outage say: it would come together with all others. And for one that the other lane
    /// took.
    /// </summary>
    public async Task<bool> IsGood(SendSlot slot, Lane lane) =>
        clock.GetUtcNow() - slot.At <= SlotIsGood && (lane != Lane.Bulk || PerSecond is null || await health.KeepsSlot(account));

    /// <summary>Learns from an answer.</summary>
    public async Task Consider(ProviderResult result)
    {
        _calls.Count();
        if (result is ProviderResult.Throttled throttled)
            await Pause(
                throttled.RetryAfter is { } asked && asked > TimeSpan.Zero ? asked : UsualPause,
                throttled.Reason,
                complained: true
            );
        else if (result.RateLimit is { Remaining: <= 0 } limit)
            await Pause(limit.Reset, "its rate limit is used up", complained: false);
        else if (board.Current.HealthOf(account).LearnedPerSecond is not null)
            await RaiseAgain();
    }

    async Task Pause(TimeSpan pause, string reason, bool complained)
    {
        var limited = Limited(pause);
        var now = clock.GetUtcNow();
        var cut = complained ? new RateCut(_calls.Calls >= LeastCalls ? _calls.PerSecond : null, Cut, LeastPerSecond, Limit) : null;

        // Also where the store cannot be told: this host leaves it alone from now on.
        var isFirst = board.Current.HealthOf(account).RemainingPause(now) is null;
        var told = board.Note(account, before => before.Paused(now, limited, reason, cut), limited);
        if (isFirst)
            LeftAlone(account, limited, reason);

        if (await log.Tell(account, () => health.Pause(account, limited, reason, cut)))
            told();
    }

    async Task RaiseAgain()
    {
        var now = clock.GetTimestamp();
        var raisedAt = Interlocked.Read(ref _raisedAt);
        if (clock.GetElapsedTime(raisedAt, now) < RaiseInterval || Interlocked.CompareExchange(ref _raisedAt, now, raisedAt) != raisedAt)
            return;

        await log.Tell(account, () => health.RaiseLearnedRate(account, Raise, RaiseInterval, ForgetAfter, Limit));
    }

    [LoggerMessage(LogLevel.Warning, "{Account} is left alone for {Pause}, on every host: {Reason}")]
    partial void LeftAlone(string account, TimeSpan pause, string reason);
}
