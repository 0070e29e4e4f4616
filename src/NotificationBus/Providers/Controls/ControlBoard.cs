using System.Collections.Immutable;
using System.Data.Common;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NotificationBus.Messaging;
using NotificationBus.Providers.Accounts;

namespace NotificationBus.Providers.Controls;

/// <summary>
/// This host's copy of <see cref="IControls"/>. It is read for every delivery and costs nothing; a change on any host is here when the
/// store tells of it.
/// </summary>
public sealed partial class ControlBoard(IControls controls, TimeProvider clock, ILogger<ControlBoard> log) : BackgroundService
{
    // The store tells of every change; this is for the case that it could not.
    static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    // One after the other: a copy that was begun before never takes the place of a later one.
    readonly SemaphoreSlim _loading = new(1, 1);
    readonly Lock _lock = new();
    readonly List<Noted> _notes = [];
    volatile SendingControls _current = SendingControls.None;
    ImmutableList<Action<SendingControls>> _listeners = [];

    /// <summary>The controls in force now.</summary>
    public SendingControls Current => _current;

    /// <summary>Has somebody told after every change of <see cref="Current"/>.</summary>
    internal void Tell(Action<SendingControls> listener) =>
        ImmutableInterlocked.Update(ref _listeners, listeners => listeners.Add(listener));

    /// <inheritdoc />
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // Before the first delivery: one that is sent through a provider an operator has switched off cannot be taken back.
        while (!await TryLoad(cancellationToken))
            await Task.Delay(RetryInterval, clock, cancellationToken);

        await base.StartAsync(cancellationToken);
    }

    /// <summary>
    /// Reads what was changed on this host before it is told: whoever has changed something and asks how it stands finds it changed. When
    /// it cannot be read now, that is made good as after every other change.
    /// </summary>
    /// <param name="cancellationToken">Gives up.</param>
    public Task Refresh(CancellationToken cancellationToken) => TryLoad(cancellationToken);

    /// <summary>Notes what this host has found out, before the other hosts know.</summary>
    /// <param name="account">The account.</param>
    /// <param name="change">What it makes of what is known.</param>
    /// <param name="holds">How long it holds on this host when the store cannot be told.</param>
    /// <returns>To be called when the store has been told: no copy that may have been made before that undoes the note.</returns>
    internal Action Note(string account, Func<ProviderHealth, ProviderHealth> change, TimeSpan holds)
    {
        var note = new Noted(account, change, clock.GetUtcNow() + holds);
        lock (_lock)
        {
            _notes.Add(note);
            Show(note.On(_current));
        }

        return note.Told;
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Task? change = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                // Waiting begins before the copy is made, so that nothing is missed in between.
                change ??= controls.WaitForChange(LongestWait, stoppingToken);
                await Load(stoppingToken);
                await change;
                change = null;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                NotRefreshed(exception);
                if (change?.IsCompleted == true)
                    change = null;
                await Task.Delay(RetryInterval, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    async Task<bool> TryLoad(CancellationToken cancellationToken)
    {
        try
        {
            await Load(cancellationToken);
            return true;
        }
        catch (DbException exception) when (Outages.IsTransient(exception))
        {
            NotRefreshed(exception);
            return false;
        }
    }

    async Task Load(CancellationToken cancellationToken)
    {
        await _loading.WaitAsync(cancellationToken);
        try
        {
            lock (_lock)
                _notes.RemoveAll(note => note.IsTold || note.Until <= clock.GetUtcNow());

            var copy = await controls.Load(cancellationToken);
            lock (_lock)
                Show(_notes.Aggregate(copy, (known, note) => note.On(known)));
        }
        finally
        {
            _loading.Release();
        }
    }

    void Show(SendingControls next)
    {
        _current = next;
        foreach (var listener in _listeners)
            listener(next);
    }

    /// <summary>A change rather than its outcome, which is made on whatever the copy has: others have found out more meanwhile.</summary>
    sealed class Noted(string account, Func<ProviderHealth, ProviderHealth> change, DateTimeOffset until)
    {
        volatile bool _isTold;

        public bool IsTold => _isTold;

        public DateTimeOffset Until => until;

        public SendingControls On(SendingControls known) =>
            known with
            {
                Health = known.Health.ToImmutableDictionary(StringComparer.Ordinal).SetItem(account, change(known.HealthOf(account))),
            };

        public void Told() => _isTold = true;
    }

    [LoggerMessage(LogLevel.Warning, "What operators set could not be read; the last that is known stays in force")]
    partial void NotRefreshed(Exception exception);
}
