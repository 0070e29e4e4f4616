using System.Runtime.InteropServices;
using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Embedded;

/// <summary>The state common to all hosts, for the only one there is; lost when the process ends.</summary>
public sealed class InMemoryControls(TimeProvider clock, InMemoryOutgoingMessages? outgoing = null) : IControls, IProviderHealth
{
    // Those of operators stay: they are few.
    const int MostAutomaticChanges = 1_000;

    readonly Lock _lock = new();
    readonly Dictionary<string, ProviderControl> _providers = new(StringComparer.Ordinal);
    readonly Dictionary<string, ChannelControl> _channels = new(StringComparer.Ordinal);
    readonly Dictionary<string, EventTypeControl> _eventTypes = new(StringComparer.Ordinal);
    readonly Dictionary<string, ProviderHealth> _health = new(StringComparer.Ordinal);
    readonly Dictionary<string, Slots> _slots = new(StringComparer.Ordinal);
    readonly List<ControlChange> _changes = [];
    long _lastChange;
    TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <inheritdoc />
    public Task<SendingControls> Load(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult(
                new SendingControls
                {
                    Providers = new Dictionary<string, ProviderControl>(_providers, StringComparer.Ordinal),
                    Channels = new Dictionary<string, ChannelControl>(_channels, StringComparer.Ordinal),
                    EventTypes = new Dictionary<string, EventTypeControl>(_eventTypes, StringComparer.Ordinal),
                    Health = new Dictionary<string, ProviderHealth>(_health, StringComparer.Ordinal),
                }
            );
        }
    }

    /// <inheritdoc />
    public Task<ProviderControl> ChangeProvider(
        string account,
        AccountOptions configured,
        Func<ProviderControl, ProviderControl> change,
        ChangedBy by,
        CancellationToken cancellationToken
    )
    {
        lock (_lock)
        {
            var before = _providers.GetValueOrDefault(account) ?? new ProviderControl();
            var after = Change(_providers, account, $"provider {account}", change, by);
            MoveLine(
                account,
                _health.GetValueOrDefault(account)?.LearnedPerSecond,
                WaitingLine.LimitOf(before, configured),
                WaitingLine.LimitOf(after, configured)
            );
            if (_health.TryGetValue(account, out var health))
                _health[account] = health.OpenAtMost(after.BreakerOver(configured.Circuit).OpenFor);
            return Task.FromResult(after);
        }
    }

    /// <inheritdoc />
    public Task<ChannelControl> ChangeChannel(
        string channel,
        Func<ChannelControl, ChannelControl> change,
        ChangedBy by,
        CancellationToken cancellationToken
    ) => Task.FromResult(Change(_channels, channel, $"channel {channel}", change, by));

    /// <inheritdoc />
    public Task<EventTypeControl> ChangeEventType(
        string category,
        Func<EventTypeControl, EventTypeControl> change,
        ChangedBy by,
        CancellationToken cancellationToken
    ) => Task.FromResult(Change(_eventTypes, category, $"event-type {category}", change, by));

    /// <inheritdoc />
    public Task Note(string subject, ChangedBy by, JsonElement what, CancellationToken cancellationToken)
    {
        lock (_lock)
            Note(subject, by, JsonSerializer.SerializeToElement<object?>(null), what);

        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<ControlChange>> Changes(ChangeFilter filter, int limit, CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult<IReadOnlyList<ControlChange>>([.. _changes.Where(filter.Fits).Reverse().Take(limit)]);
    }

    /// <inheritdoc />
    public async Task WaitForChange(TimeSpan atMost, CancellationToken cancellationToken)
    {
        Task changed;
        lock (_lock)
            changed = _changed.Task;

        await changed.WaitAsync(atMost, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <inheritdoc />
    public Task<TimeSpan> Reserve(string account, double perSecond, Lane lane)
    {
        lock (_lock)
        {
            var (now, interval, slots) = (clock.GetUtcNow(), TimeSpan.FromSeconds(1 / perSecond), _slots.GetValueOrDefault(account));
            var next = Later(slots.Next, now);
            if (lane == Lane.Bulk)
            {
                _slots[account] = slots with { Next = next + interval };
                return Task.FromResult(next - now);
            }

            var turn = Later(slots.NextTransactional, now);
            var owed =
                slots.Next <= now ? 0
                : slots.Next > turn ? Math.Min(slots.Owed + 1, (int)Math.Ceiling((slots.Next - now) / interval))
                : slots.Owed;
            _slots[account] = new Slots(Later(slots.Next, turn + interval), turn + interval, owed);
            return Task.FromResult(turn - now);
        }
    }

    /// <inheritdoc />
    public Task<bool> KeepsSlot(string account)
    {
        lock (_lock)
        {
            if (_slots.GetValueOrDefault(account) is not { Owed: > 0 } slots)
                return Task.FromResult(true);

            _slots[account] = slots with { Owed = slots.Owed - 1 };
            return Task.FromResult(false);
        }
    }

    static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    /// <param name="account">The account.</param>
    /// <param name="other">
    /// The rate that does not change: of the one that is set and the one that was learned, the lower is in force.
    /// </param>
    /// <param name="before">The rate that changes.</param>
    /// <param name="after">What it becomes.</param>
    void MoveLine(string account, double? other, double? before, double? after)
    {
        if (WaitingLine.Factor(WaitingLine.Lower(other, before), WaitingLine.Lower(other, after)) is not { } factor)
            return;

        var now = clock.GetUtcNow();
        if (_slots.TryGetValue(account, out var slots))
            _slots[account] = slots with { Next = Moved(slots.Next), NextTransactional = Moved(slots.NextTransactional) };

        outgoing?.Respace(WaitingLine.WaitsForTurn(account), factor);

        DateTimeOffset Moved(DateTimeOffset slot) => slot > now ? now + (slot - now) / factor : slot;
    }

    TSetting Change<TSetting>(
        Dictionary<string, TSetting> settings,
        string name,
        string subject,
        Func<TSetting, TSetting> change,
        ChangedBy by
    )
        where TSetting : new()
    {
        lock (_lock)
        {
            var before = settings.GetValueOrDefault(name) ?? new TSetting();
            var after = change(before);
            settings[name] = after;
            Note(
                subject,
                by,
                JsonSerializer.SerializeToElement(before, ControlJson.Options),
                JsonSerializer.SerializeToElement(after, ControlJson.Options)
            );
            Tell();
            return after;
        }
    }

    /// <summary>The time.</summary>
    internal DateTimeOffset Now => clock.GetUtcNow();

    /// <summary>Writes another entry in the place of some.</summary>
    /// <param name="change">The entry in the place of one; null for one that stays.</param>
    /// <param name="apply">False to count alone.</param>
    /// <returns>How many.</returns>
    internal int Rewrite(Func<ControlChange, ControlChange?> change, bool apply)
    {
        lock (_lock)
        {
            var count = 0;
            for (var i = 0; i < _changes.Count; i++)
            {
                if (change(_changes[i]) is not { } rewritten)
                    continue;

                count++;
                if (apply)
                    _changes[i] = rewritten;
            }

            return count;
        }
    }

    void Note(string subject, ChangedBy by, JsonElement before, JsonElement after) =>
        _changes.Add(
            new ControlChange
            {
                Number = ++_lastChange,
                At = clock.GetUtcNow(),
                Subject = subject,
                Who = by.Who,
                OnBehalfOf = by.OnBehalfOf,
                Why = by.Why,
                Before = before,
                After = after,
            }
        );

    /// <inheritdoc />
    public Task Change(string account, double? limit, Func<ProviderHealth, DateTimeOffset, ProviderHealth> rule)
    {
        lock (_lock)
        {
            var before = _health.GetValueOrDefault(account) ?? ProviderHealth.Unknown;
            var now = clock.GetUtcNow();
            var after = rule(before, now);
            _health[account] = after;
            foreach (var change in AutomaticChange.Between(before, after, now))
                Note(account, change, now);
            MoveLine(account, limit, before.LearnedPerSecond, after.LearnedPerSecond);
            if (after != before)
                Tell();
        }

        return Task.CompletedTask;
    }

    /// <summary>Writes down what automation did. What comes and goes within a while is one change.</summary>
    void Note(string account, AutomaticChange change, DateTimeOffset now)
    {
        var subject = AutomaticChange.SubjectOf(account);
        var index = _changes.FindLastIndex(known => known.Code == change.Code && known.Subject == subject);
        var last = index < 0 ? null : _changes[index];
        var isAgain = change.Stage == AutomaticStage.Begins && last?.At > now - change.Together;
        if (last is not null && (isAgain || change.Stage == AutomaticStage.GoesOn))
            _changes[index] = last with
            {
                Until = change.Until,
                Why = change.Why,
                After = change.After,
                Times = isAgain ? (last.Times ?? 1) + 1 : last.Times,
            };
        else if (last is not null)
            _changes[index] = last with { Until = last.Until ?? now };

        if (change.Stage != AutomaticStage.Begins || isAgain)
            return;

        Note(subject, new ChangedBy(AutomaticChange.Who, change.Why), change.Before, change.After);
        _changes[^1] = _changes[^1] with { Code = change.Code, Until = change.Until };
        if (_changes.Count(known => known.Code is not null) > MostAutomaticChanges)
            _changes.RemoveAt(_changes.FindIndex(known => known.Code is not null));
    }

    /// <summary>The turns of an account.</summary>
    /// <param name="Next">The next that nobody has.</param>
    /// <param name="NextTransactional">The next that no transactional delivery has; a bulk delivery may.</param>
    /// <param name="Owed">How many bulk deliveries have to give up theirs.</param>
    [StructLayout(LayoutKind.Auto)]
    readonly record struct Slots(DateTimeOffset Next, DateTimeOffset NextTransactional, int Owed);

    void Tell()
    {
        _changed.TrySetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
