using System.Collections.Immutable;
using System.Data.Common;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NotificationBus.Messaging;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Subscriptions;

/// <summary>
/// This host's copy of <see cref="ISubscriptions"/> and <see cref="IEventStreams"/>. Every step of a notification is held against it, which
/// costs nothing while nobody is to be told. A change on any host is here when the store tells of it, as with <see cref="ControlBoard"/>.
/// </summary>
public sealed partial class SubscriptionBoard : BackgroundService
{
    // The store tells of every change; this is for the case that it could not.
    static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(15);

    static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    readonly ISubscriptions _subscriptions;
    readonly IEventStreams _streams;
    readonly TimeProvider _clock;
    readonly ILogger<SubscriptionBoard> _log;
    readonly AsyncAutoResetEvent _changes = new();
    readonly AsyncAutoResetEvent _told = new();
    readonly SemaphoreSlim _loading = new(1, 1);
    ImmutableArray<Subscription> _all = [];
    ImmutableArray<Subscription> _enabled = [];
    ImmutableArray<IListener> _listeners = [];
    ImmutableArray<StreamListener> _open = [];

    /// <summary>An empty one, which is filled when the host starts.</summary>
    public SubscriptionBoard(
        ISubscriptions subscriptions,
        IEventStreams streams,
        ControlBoard board,
        TimeProvider clock,
        ILogger<SubscriptionBoard> log
    )
    {
        (_subscriptions, _streams, _clock, _log) = (subscriptions, streams, clock, log);
        board.Tell(_ => _changes.Set());
    }

    /// <summary>All there are, the oldest first.</summary>
    public IReadOnlyList<Subscription> All => _all;

    /// <summary>Those that are told.</summary>
    public ImmutableArray<Subscription> Enabled => _enabled;

    /// <summary>The streams by filter that are on record.</summary>
    public ImmutableArray<StreamListener> Streams => _open;

    /// <summary>All who are told: the subscriptions that are enabled, and the streams.</summary>
    public ImmutableArray<IListener> Listeners => _listeners;

    /// <summary>One of the subscriptions; null when there is none.</summary>
    public Subscription? Find(Guid id) => _all.FirstOrDefault(subscription => subscription.Id == id);

    /// <summary>Makes the copy anew, so that what was changed here holds here at once.</summary>
    public async Task Refresh(CancellationToken cancellationToken)
    {
        // One after the other: a copy that was begun before never takes the place of a later one.
        await _loading.WaitAsync(cancellationToken);
        try
        {
            ImmutableArray<Subscription> all = [.. await _subscriptions.Load(cancellationToken)];
            ImmutableArray<StreamListener> open = [.. await _streams.Load(cancellationToken)];
            (_all, _open) = (all, open);
            _enabled = [.. all.Where(subscription => subscription.IsEnabled)];
            _listeners = [.. _enabled, .. open];
            _told.Set();
        }
        finally
        {
            _loading.Release();
        }
    }

    /// <summary>
    /// The same after a change that is committed: whoever has made it gets its answer, which may be the only copy of a secret. What cannot
    /// be read now is read soon.
    /// </summary>
    public async Task RefreshOrLater()
    {
        try
        {
            await Refresh(CancellationToken.None);
        }
        catch (Exception exception)
        {
            SubscriptionsNotRefreshed(exception);
            _changes.Set();
        }
    }

    /// <summary>Disables one that has made it necessary, on all hosts.</summary>
    internal async Task Disable(Guid id, string reason, CancellationToken cancellationToken)
    {
        await _subscriptions.Disable(id, reason, cancellationToken);
        await Refresh(cancellationToken);
        Disabled(id, reason);
    }

    /// <summary>Notes on all hosts that it takes nothing, or that it works.</summary>
    internal async Task NoteHealth(Guid id, bool fails, CancellationToken cancellationToken)
    {
        await _subscriptions.NoteHealth(id, fails, cancellationToken);
        await Refresh(cancellationToken);
    }

    /// <summary>Wakes whoever sends: something was stored that somebody is to be told.</summary>
    public void Told() => _told.Set();

    /// <summary>Completes when something was stored on this host since, or after <paramref name="atMost"/>.</summary>
    internal Task WaitUntilTold(TimeSpan atMost, CancellationToken cancellationToken) => _told.Wait(atMost, cancellationToken);

    /// <inheritdoc />
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // Before the first step: what is not told with its step is never told.
        while (true)
        {
            try
            {
                await Refresh(cancellationToken);
                break;
            }
            catch (DbException exception) when (Outages.IsTransient(exception))
            {
                SubscriptionsNotRefreshed(exception);
                await Task.Delay(RetryInterval, _clock, cancellationToken);
            }
        }

        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await _changes.Wait(LongestWait, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await Refresh(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                SubscriptionsNotRefreshed(exception);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Subscription {SubscriptionId} is disabled: {Reason}")]
    partial void Disabled(Guid subscriptionId, string reason);

    [LoggerMessage(LogLevel.Warning, "The subscriptions could not be read; those known last are told")]
    partial void SubscriptionsNotRefreshed(Exception exception);
}
