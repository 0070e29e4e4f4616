using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace NotificationBus.Intake;

/// <summary>
/// The notifications that this host has accepted, over HTTP or off the bus, until it has seen, once a second, which of them are on record.
/// The others are noted there, so that they are known when this host is gone.
/// </summary>
/// <remarks>
/// By their ids and not as a number: who repeats a call at another host is told two promises of one notification, and a host that is killed
/// takes its last second with it. Neither makes a difference here.
/// </remarks>
public sealed partial class AcceptanceLog(IUnrecordedNotifications record, TimeProvider clock, ILogger<AcceptanceLog> log)
    : BackgroundService
{
    /// <summary>The most that are remembered while the record is away, some 50 megabytes. After them the oldest is forgotten.</summary>
    public const int Most = 1_000_000;

    // One statement looks for this many.
    const int BatchSize = 5_000;

    static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    static readonly TimeSpan LongestLastLook = TimeSpan.FromSeconds(2);

    readonly ConcurrentQueue<(Guid Id, Guid? MessageId, TimeSpan At)> _accepted = new();

    // Those that the record is asked for now, or for which it has not answered.
    readonly List<(Guid Id, Guid? MessageId, TimeSpan At)> _asked = [];
    int _count;
    long _forgotten;

    /// <summary>Remembers one. Called before whoever asked for it is answered.</summary>
    /// <param name="notificationId">The notification.</param>
    /// <param name="messageId">The message that begins it; null when it has.</param>
    public void Add(Guid notificationId, Guid? messageId = null)
    {
        _accepted.Enqueue((notificationId, messageId, clock.Steady()));
        if (Interlocked.Increment(ref _count) > Most && _accepted.TryDequeue(out _))
        {
            Interlocked.Decrement(ref _count);
            Interlocked.Increment(ref _forgotten);
        }
    }

    /// <summary>Looks once.</summary>
    internal async Task Look(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _forgotten, 0) is > 0 and var forgotten)
            Forgot(forgotten);

        // Not those that come meanwhile.
        for (var left = Volatile.Read(ref _count); left > 0; left -= BatchSize)
        {
            while (_asked.Count < Math.Min(left, BatchSize) && _accepted.TryDequeue(out var one))
                _asked.Add(one);
            var now = clock.Steady();
            await record.Note([.. _asked.Select(one => new PromisedNotification(one.Id, one.MessageId, now - one.At))], cancellationToken);
            Interlocked.Add(ref _count, -_asked.Count);
            _asked.Clear();
        }
    }

    /// <inheritdoc />
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var limit = new CancellationTokenSource(LongestLastLook, clock);
        await LookAgainLater(limit.Token);
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Interval, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!stoppingToken.IsCancellationRequested)
                await LookAgainLater(stoppingToken);
        }
    }

    async Task LookAgainLater(CancellationToken cancellationToken)
    {
        try
        {
            await Look(cancellationToken);
        }
        catch (Exception exception)
        {
            // They are kept, and looked for with the next ones. That the record is away others say.
            NotCompared(exception);
        }
    }

    [LoggerMessage(
        LogLevel.Warning,
        "{Count} accepted notifications were forgotten before the record could be asked for them; "
            + "should one be lost, the ledger will not say so"
    )]
    partial void Forgot(long count);

    [LoggerMessage(LogLevel.Debug, "The record could not be asked for what was accepted, and is asked again")]
    partial void NotCompared(Exception exception);
}
