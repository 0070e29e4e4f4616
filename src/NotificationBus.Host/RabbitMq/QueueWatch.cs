using NotificationBus.Host.Settings;
using NotificationBus.Telemetry;

namespace NotificationBus.Host.RabbitMq;

/// <summary>Looks at the queues of the flow: which are there, how many messages wait in them, and who consumes them.</summary>
sealed partial class QueueWatch(
    BrokerTopology topology,
    TopologyConnection connection,
    Listeners listeners,
    DeletedQueues deleted,
    HostSettings settings,
    TimeProvider clock,
    ILogger<QueueWatch> log
)
{
    // Three looks that failed: what was seen before says nothing about now.
    static readonly TimeSpan LongestKept = TimeSpan.FromSeconds(30);

    readonly Dictionary<string, TimeSpan> _emptyUntil = new(StringComparer.Ordinal);
    volatile IReadOnlyList<QueueReading> _readings = [];
    TimeSpan _lookedAt;

    volatile IReadOnlyList<QueueSight> _seen = [];
    IReadOnlySet<string> _unconsumed = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>The queues on which no host listens, as last seen.</summary>
    public IReadOnlyList<QueueSight> Unconsumed => [.. _seen.Where(queue => queue.Consumers == 0)];

    /// <summary>The queues as last seen; none when that is long ago.</summary>
    public IReadOnlyList<QueueReading> Readings => clock.Steady() - _lookedAt < LongestKept ? _readings : [];

    /// <summary>True while the broker answers.</summary>
    public bool IsConnected => connection.IsOpen;

    /// <summary>Looks once.</summary>
    /// <returns>The queues that are not there.</returns>
    public async Task<IReadOnlyList<string>> Look(CancellationToken cancellationToken)
    {
        await connection.Open(cancellationToken);
        var seen = new List<QueueSight>();
        var missing = new List<string>();
        foreach (var queue in topology.Queues.Keys)
        {
            QueueSight? sight = null;
            var isThere = await connection.Exists(
                async channel =>
                {
                    var there = await channel.QueueDeclarePassiveAsync(queue, cancellationToken);
                    sight = new QueueSight(queue, there.ConsumerCount, there.MessageCount);
                },
                cancellationToken
            );
            if (!isThere)
                missing.Add(queue);
            else if (sight is not null)
                seen.Add(sight);
        }

        Note(seen);
        // A worker declares what is missing again.
        Compare(settings.IsWorker ? seen : [.. seen, .. missing.Select(queue => new QueueSight(queue, Consumers: 0, Messages: 0))]);
        if (settings.IsWorker)
        {
            missing.ForEach(deleted.Missed);
            seen.ForEach(deleted.Saw);
        }

        return missing;
    }

    /// <summary>
    /// Notes since when something waits in each. The broker does not say how old its messages are; they leave in the order in which they
    /// came, so that none is older than that, by more than the time between two looks.
    /// </summary>
    void Note(IReadOnlyList<QueueSight> seen)
    {
        var now = clock.Steady();
        foreach (var queue in seen)
        {
            if (queue.Messages == 0 || !_emptyUntil.ContainsKey(queue.Queue))
                _emptyUntil[queue.Queue] = now;
        }

        _readings =
        [
            .. seen.Select(queue => new QueueReading(queue.Queue, queue.Messages, queue.Consumers, now - _emptyUntil[queue.Queue])),
        ];
        _lookedAt = now;
    }

    /// <summary>
    /// Tells those who know of a consumer that the broker does not. Twice in a row: a consumer that has just begun may not be counted yet.
    /// </summary>
    void Compare(IReadOnlyList<QueueSight> seen)
    {
        // Where somebody consumes, nobody can tell; what is missed then the sweep brings back, unless it had not been taken up yet.
        foreach (var (before, now) in _seen.Join(seen, before => before.Queue, now => now.Queue, (before, now) => (before, now)))
        {
            if (before.Consumers == 0 && now.Consumers == 0 && now.Messages < before.Messages)
                QueuePurged(now.Queue, before.Messages - now.Messages);
        }

        _seen = seen;
        var unconsumed = seen.Where(queue => queue.Consumers == 0).Select(queue => queue.Queue).ToHashSet(StringComparer.Ordinal);
        foreach (var queue in unconsumed.Where(_unconsumed.Contains))
            listeners.Doubt(queue);
        _unconsumed = unconsumed;
    }

    [LoggerMessage(
        LogLevel.Error,
        "{Count} messages went from queue {Queue}, on which no host listens: somebody has purged it, or takes them himself"
    )]
    partial void QueuePurged(string queue, uint count);
}
