using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using NotificationBus.Contracts;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Providers.Accounts;

/// <summary>
/// A provider and everything that decides whether it may be called now: what operators have set, the circuit, what it said about
/// being called too often, its rate, and how many calls it takes at the same time.
/// </summary>
public sealed class ProviderAccount : IAsyncDisposable
{
    // A provider nobody has seen work yet gets few calls at a time, so that a wrong password costs few of them.
    const int MostCallsUnproven = 3;

    // Shorter waits are not worth a way through the scheduler.
    static readonly TimeSpan ShortWait = TimeSpan.FromMilliseconds(250);

    // How a probe comes out is known by then, as a rule.
    static readonly TimeSpan ProbeTakes = TimeSpan.FromSeconds(5);

    readonly ControlBoard _board;
    readonly IProviderHealth _health;
    readonly CircuitBreaker _circuit;
    readonly RateLimiter _rate;
    readonly TimeProvider _clock;
    readonly ILogger _log;
    readonly CallPermits _permits;
    readonly SemaphoreSlim _placesUnproven = new(MostCallsUnproven);
    readonly ConcurrentQueue<Place> _doubted = new();

    /// <summary>Guards a provider.</summary>
    public ProviderAccount(
        IProvider provider,
        AccountOptions options,
        ConcurrencyOptions concurrency,
        IProviderHealth health,
        ControlBoard board,
        TimeProvider clock,
        ILogger<ProviderAccount> log
    )
    {
        (Provider, _board, _health, _clock, _log) = (provider, board, health, clock, log);
        Options = options;
        _circuit = new CircuitBreaker(provider.Name, options.Circuit, health, board, clock, log);
        _rate = new RateLimiter(provider.Name, options, health, board, clock, log);
        var most = Math.Min(provider.MostConcurrentCalls, concurrency.Max);
        _permits = new CallPermits(new AdaptiveLimit(Math.Min(concurrency.Least, most), most, clock));
    }

    /// <summary>The provider.</summary>
    public IProvider Provider { get; }

    /// <summary>The settings beside the provider's own.</summary>
    public AccountOptions Options { get; }

    /// <summary>The account's name.</summary>
    public string Name => Provider.Name;

    /// <summary>The calls at the same time: how many there are, and may be now.</summary>
    public (int Used, int Limit) Permits =>
        !_circuit.Proven ? (MostCallsUnproven - _placesUnproven.CurrentCount, MostCallsUnproven) : (_permits.Taken, _permits.Limit);

    /// <summary>The deliveries that wait for a call to end.</summary>
    public int Waiting => _permits.Waiting;

    /// <summary>The settings of operators.</summary>
    internal ProviderControl Control => _board.Current.Provider(Name);

    /// <summary>The time that its circuit is open from now on; null while it is not.</summary>
    internal TimeSpan? OpenFor => Control.Pin is null ? _board.Current.HealthOf(Name).RemainingBreak(_clock.GetUtcNow()) : null;

    /// <summary>True while it gets nothing new, by the word of an operator or because its circuit is open.</summary>
    internal static bool IsShut(SendingControls controls, string account) =>
        controls.Provider(account) switch
        {
            { Switch: not ProviderSwitch.On } or { Pin: CircuitPin.Open } => true,
            { Pin: CircuitPin.Closed } => false,
            _ => controls.HealthOf(account).CircuitOpen,
        };

    /// <summary>Asks to make one call, and waits for a free place when that is all there is to wait for.</summary>
    /// <param name="mayHaveSentIt">True when this account may have sent the delivery already, so that it is the one to ask again.</param>
    /// <param name="slot">The slot that was taken for this delivery before.</param>
    /// <param name="lane">Its lane: one does not wait behind the other.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    internal async Task<Admission> Enter(bool mayHaveSentIt, SendSlot? slot, Lane lane, CancellationToken cancellationToken)
    {
        GiveBackWhenDecided();
        if (Refuse(mayHaveSentIt) is { } refusal)
            return refusal;

        var place = await TakePlace(lane, cancellationToken);
        Admission? admission = null;
        try
        {
            // Asked again: much may have happened while it waited.
            return admission = Refuse(mayHaveSentIt) ?? await Admit(place, slot, lane, cancellationToken);
        }
        finally
        {
            if (admission is not Admission.Granted)
                place.Dispose();
        }
    }

    /// <summary>Lets the provider close its connections in good order.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Provider is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
        _placesUnproven.Dispose();
    }

    internal async Task<ProviderResult> Call(Admission.Granted admission, Func<Task<ProviderResult>> call)
    {
        var began = _clock.GetTimestamp();
        var result = await CallThroughCircuit(admission, call);
        _permits.Ended(_clock.GetElapsedTime(began), result);
        await _rate.Consider(result);
        if (CircuitBreaker.SpeaksAgainst(result))
            _doubted.Enqueue(((Place)admission.Place).KeepUnproven());
        GiveBackWhenDecided();
        return result;
    }

    Task<ProviderResult> CallThroughCircuit(Admission.Granted admission, Func<Task<ProviderResult>> call)
    {
        if (Control.Pin == CircuitPin.Closed)
            return call();

        return admission.IsProbe ? _circuit.Probe(call) : _circuit.Call(call);
    }

    /// <summary>Lets others make the probe. Where they cannot be told, its lease runs out, and the delivery goes on.</summary>
    internal Task NotMade(Admission.Granted admission) =>
        admission.IsProbe ? _log.Tell(Name, () => _health.ProbeNotMade(Name)) : Task.CompletedTask;

    async Task<Admission> Admit(IDisposable place, SendSlot? slot, Lane lane, CancellationToken cancellationToken)
    {
        if (Control.Pin != CircuitPin.Closed && _board.Current.HealthOf(Name) is { CircuitOpen: true } health)
        {
            return await _health.TryProbe(Name, Provider.LongestCall)
                ? new Admission.Granted(this, IsProbe: true, place)
                : new Admission.Refused($"{Name} is being probed: {health.Reason}", ProbeTakes, ReasonCode.CircuitOpen, IsShut: true);
        }

        if (slot?.Account == Name && await _rate.IsGood(slot, lane))
            return new Admission.Granted(this, IsProbe: false, place);

        var wait = await _rate.Reserve(lane);
        if (wait > ShortWait)
            return new Admission.Paced(new SendSlot(Name, _clock.GetUtcNow() + wait), wait);

        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, _clock, cancellationToken);
        return new Admission.Granted(this, IsProbe: false, place);
    }

    Admission.Refused? Refuse(bool mayHaveSentIt)
    {
        var control = Control;
        if (control.Switch == ProviderSwitch.Off || (control.Switch == ProviderSwitch.Drain && !mayHaveSentIt))
            return new Admission.Refused($"{Name} is switched off", For: null, ReasonCode.ProviderOff, IsShut: true);
        if (control.Pin == CircuitPin.Open)
            return new Admission.Refused($"the circuit of {Name} is held open", For: null, ReasonCode.CircuitHeldOpen, IsShut: true);
        if (control.Pin == CircuitPin.Closed)
            return null;

        var health = _board.Current.HealthOf(Name);
        var now = _clock.GetUtcNow();
        if (health.RemainingBreak(now) is { } shut)
            return new Admission.Refused($"the circuit of {Name} is open: {health.Reason}", shut, ReasonCode.CircuitOpen, IsShut: true);
        if (health.RemainingPause(now) is { } pause)
            return new Admission.Refused($"{Name} wants to be left alone: {health.Reason}", pause, ReasonCode.LeftAlone);

        return null;
    }

    /// <summary>
    /// As long as nobody knows whether the provider works at all, a call that failed keeps its place: otherwise the next delivery
    /// would be sent into the same wall before the circuit opens.
    /// </summary>
    void GiveBackWhenDecided()
    {
        if (!_circuit.Proven && !_board.Current.HealthOf(Name).CircuitOpen && Control.Pin != CircuitPin.Closed)
            return;

        while (_doubted.TryDequeue(out var place))
            place.GiveBackUnproven();
    }

    async Task<IDisposable> TakePlace(Lane lane, CancellationToken cancellationToken)
    {
        var places = _circuit.Proven ? null : _placesUnproven;
        if (places is not null)
            await places.WaitAsync(cancellationToken);

        try
        {
            await _permits.Take(lane, cancellationToken);
        }
        catch
        {
            places?.Release();
            throw;
        }

        return new Place(this, isUnproven: places is not null);
    }

    sealed class Place(ProviderAccount account, bool isUnproven) : IDisposable
    {
        int _isFree;
        int _unprovenIsFree = isUnproven ? 0 : 1;
        bool _keepsUnproven;

        public Place KeepUnproven()
        {
            _keepsUnproven = true;
            return this;
        }

        public void GiveBackUnproven()
        {
            if (Interlocked.Exchange(ref _unprovenIsFree, 1) == 0)
                account._placesUnproven.Release();
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isFree, 1) == 0)
                account._permits.GiveBack();
            if (!_keepsUnproven)
                GiveBackUnproven();
        }
    }
}
