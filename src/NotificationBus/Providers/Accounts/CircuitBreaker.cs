using Microsoft.Extensions.Logging;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Providers.Accounts;

/// <summary>
/// Stops calling a provider that keeps failing. Each process counts what it sees; the circuit itself is shared: the host that opens it
/// tells all others, and one of them at a time makes a probe when the break is over.
/// </summary>
/// <remarks>
/// Three measures, so that the circuit neither misses a dead provider nor flaps with a poor one: nine of ten among a few calls, half of
/// many, or a few in a row, however seldom it is called. It closes after several probes in a row. The figures are
/// <see cref="CircuitOptions"/>, which operators may change while calls are under way: what was counted stays counted, and each call that
/// ends is judged by the figures of that moment. Polly's strategy has them fixed; another one would have forgotten everything.
/// </remarks>
sealed partial class CircuitBreaker
{
    // A wrong password does not get better by asking again.
    const int MostMisconfigured = 3;

    // As long as nothing has ever been taken, the first few failures say it all.
    const int MostFailuresUnproven = 3;

    // The second measure: what a poor provider may do for a short while it may not do for long.
    const int ManyCalls = 50;
    const double LargeShare = 0.5;

    static readonly TimeSpan ShortWhile = TimeSpan.FromSeconds(10);
    static readonly TimeSpan LongWhile = TimeSpan.FromSeconds(30);

    readonly string _account;
    readonly CircuitOptions _configured;
    readonly IProviderHealth _health;
    readonly ControlBoard _board;
    readonly TimeProvider _clock;
    readonly ILogger _log;
    readonly CallWindow _calls;
    volatile CircuitOptions _options;
    int _misconfiguredInARow;
    int _failuresInARow;
    int _againstUnproven;
    bool _wasOpen;

    public CircuitBreaker(
        string account,
        CircuitOptions options,
        IProviderHealth health,
        ControlBoard board,
        TimeProvider clock,
        ILogger log
    )
    {
        (_account, _configured, _health, _board, _clock, _log) = (account, options, health, board, clock, log);
        _calls = new CallWindow(LongWhile, clock);
        _options = options;
        board.Tell(FollowTheOthers);
        Follow();
    }

    /// <summary>True once the provider has taken anything, so that its failures are those of a provider that works as a rule.</summary>
    public bool Proven { get; private set; }

    /// <summary>True when an answer counts against the provider.</summary>
    public static bool SpeaksAgainst(ProviderResult result) => Failed(result) || result is ProviderResult.Misconfigured;

    /// <summary>Makes a call while the circuit is closed, and counts how it comes out.</summary>
    public async Task<ProviderResult> Call(Func<Task<ProviderResult>> call)
    {
        if (_board.Current.HealthOf(_account).CircuitOpen)
            return new ProviderResult.Unavailable("the circuit opened before the call was made");

        ProviderResult result;
        try
        {
            result = await call();
        }
        catch
        {
            await CountFailure("calls failed");
            throw;
        }

        if (Failed(result))
            await CountFailure(ReasonOf(result));
        else
            _calls.Worked();
        await Consider(result);
        return result;
    }

    /// <summary>Makes the one call that shows whether an open circuit may close.</summary>
    public async Task<ProviderResult> Probe(Func<Task<ProviderResult>> call)
    {
        var result = await call();
        if (SpeaksAgainst(result))
        {
            await Open($"a probe failed: {ReasonOf(result)}", result is ProviderResult.Misconfigured);
        }
        else
        {
            Proven = true;
            await _log.Tell(_account, () => _health.ProbePassed(_account, _options.HalfOpenCalls));
        }

        return result;
    }

    async Task Consider(ProviderResult result)
    {
        // Each of them keeps one of the few places that there are until it is proven: none may be left over that nobody decides about.
        if (!Proven && SpeaksAgainst(result))
        {
            if (Interlocked.Increment(ref _againstUnproven) >= Math.Min(MostFailuresUnproven, _options.MinimumCalls))
                await OpenUnlessOpen(ReasonOf(result), needsAttention: result is ProviderResult.Misconfigured);
            return;
        }

        if (result is ProviderResult.Misconfigured misconfigured)
        {
            if (Interlocked.Increment(ref _misconfiguredInARow) >= MostMisconfigured)
                await OpenUnlessOpen(misconfigured.Reason, needsAttention: true);
            return;
        }

        Interlocked.Exchange(ref _misconfiguredInARow, 0);
        if (result is ProviderResult.Accepted or ProviderResult.Rejected or ProviderResult.Declined)
        {
            Proven = true;
            Interlocked.Exchange(ref _failuresInARow, 0);
        }
        else if (Failed(result) && Interlocked.Increment(ref _failuresInARow) >= _options.MinimumCalls)
        {
            await OpenUnlessOpen(ReasonOf(result), needsAttention: false);
        }
    }

    async Task CountFailure(string reason)
    {
        var options = _options;
        var (few, many) = _calls.Failed(ShortWhile);
        if (
            few.Are(options.MinimumCalls, options.FailureShare)
            || many.Are(Math.Max(ManyCalls, options.MinimumCalls), Math.Min(LargeShare, options.FailureShare))
        )
            await OpenUnlessOpen(reason, needsAttention: false);
    }

    /// <summary>Opens it, unless the call was under way when it opened and has nothing new to say: that somebody is needed.</summary>
    Task OpenUnlessOpen(string reason, bool needsAttention) =>
        _board.Current.HealthOf(_account) is { CircuitOpen: true } health && (health.NeedsAttention || !needsAttention)
            ? Task.CompletedTask
            : Open(reason, needsAttention);

    /// <summary>Opens the circuit here at once, and on every other host as soon as the store can tell them.</summary>
    async Task Open(string reason, bool needsAttention)
    {
        var now = _clock.GetUtcNow();
        var wasOpen = _board.Current.HealthOf(_account).CircuitOpen;
        var openFor = _options.OpenFor;
        var told = _board.Note(_account, before => before.Opened(now, openFor, reason, needsAttention), openFor);
        if (needsAttention)
            NeedsAttention(_account, reason);
        else if (!wasOpen)
            Opened(_account, reason);

        if (await _log.Tell(_account, () => _health.Open(_account, openFor, reason, needsAttention)))
            told();
    }

    /// <summary>
    /// Takes what operators have set. Once the circuit is closed for all, what was counted before is of no interest.
    /// </summary>
    void FollowTheOthers(SendingControls controls)
    {
        Follow();
        var isOpen = controls.HealthOf(_account).CircuitOpen;
        if (Interlocked.Exchange(ref _wasOpen, isOpen) == isOpen || isOpen)
            return;

        _failuresInARow = 0;
        _againstUnproven = 0;
        _misconfiguredInARow = 0;
        _calls.Forget();
        Closed(_account);
    }

    void Follow()
    {
        // Whoever comes second finds the newer: none that was overtaken takes its place.
        lock (_calls)
            _options = _board.Current.Provider(_account).BreakerOver(_configured);
    }

    static bool Failed(ProviderResult result) =>
        result is ProviderResult.InDoubt { OnlyThisDelivery: false } or ProviderResult.Unavailable { OnlyThisDelivery: false };

    static string ReasonOf(ProviderResult result) =>
        result switch
        {
            ProviderResult.Unavailable unavailable => unavailable.Reason,
            ProviderResult.Misconfigured misconfigured => misconfigured.Reason,
            ProviderResult.InDoubt inDoubt => inDoubt.Reason,
            _ => "",
        };

    [LoggerMessage(LogLevel.Warning, "{Account} is not called for a while, on no host: {Reason}")]
    partial void Opened(string account, string reason);

    [LoggerMessage(LogLevel.Error, "{Account} needs attention and is not called until it works again: {Reason}")]
    partial void NeedsAttention(string account, string reason);

    [LoggerMessage(LogLevel.Information, "{Account} is called again")]
    partial void Closed(string account);
}
