using NotificationBus.Host.Settings;
using NotificationBus.Intake;
using NotificationBus.Status;

using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

using static RabbitMQ.Client.Constants;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// Looks at the exchanges and queues while the host runs. What an operator has deleted is declared again by hosts that work, and named in the log; a queue
/// on which no host listens is named in <c>/health/ready</c> and <c>GET /v1/status</c>, and while a policy loses messages nothing is taken over HTTP.
/// </summary>
sealed partial class TopologyWatch(
    BrokerTopology topology, QueueCheck check, PolicyCheck policies, BrokerConnections broker, Listeners listeners, IntakeGate intake, HostSettings settings,
    IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<TopologyWatch> log) : BackgroundService, IProblemSource
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    // Six looks. By then the plug-in may be gone for good, and nobody could open the gate again.
    const int LongestMemory = 6;

    IConnection? _connection;
    IChannel? _channel;
    volatile IReadOnlyList<QueueSight> _seen = [];
    volatile IReadOnlyDictionary<string, string> _harmful = new Dictionary<string, string>(StringComparer.Ordinal);
    int _withoutAnswer;
    IReadOnlySet<string> _unconsumed = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>The queues on which no host listens, as last seen.</summary>
    public IReadOnlyList<string> Unconsumed => [.. _seen.Where(queue => queue.Consumers == 0).Select(queue => queue.Queue)];

    /// <summary>What policies of the operator do to queues, a sentence for each that loses messages.</summary>
    public IReadOnlyCollection<string> Harm => [.. _harmful.Values];

    public Task<IReadOnlyList<Problem>> Find(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Problem>>([.. _seen.Where(queue => queue.Consumers == 0).Select(WithoutConsumers), .. _harmful.Select(Loses)]);

    static Problem WithoutConsumers(QueueSight queue) => new()
    {
        Code = "queue-without-consumers",
        Where = queue.Queue,
        Detail = $"no host consumes it, and {queue.Messages} messages wait there; start a worker, or see why it is not ready",
    };

    static Problem Loses(KeyValuePair<string, string> harm) => new()
    {
        Code = "policy-loses-messages",
        Where = harm.Key,
        Detail = $"{harm.Value}; until then nothing is taken over HTTP",
    };

    public override void Dispose()
    {
        // Its channel goes with it; to close that by itself would wait for a broker that stands still.
        _connection?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var running = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        await Task.Delay(Timeout.InfiniteTimeSpan, clock, lifetime.ApplicationStarted).WaitAsync(running.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!running.IsCancellationRequested)
        {
            try
            {
                await LookAtQueues(running.Token);
                Learn(await policies.Find(running.Token));
            }
            catch (Exception exception) when (!running.IsCancellationRequested)
            {
                // That the broker is away others say.
                NotLooked(exception);
            }

            await Task.Delay(Interval, clock, running.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Looks at the queues, and says when one is declared otherwise.</summary>
    async Task LookAtQueues(CancellationToken cancellationToken)
    {
        try
        {
            await Look(cancellationToken);
        }
        catch (SettingsException exception)
        {
            DeclaredOtherwise(exception.Message);
        }
    }

    async Task Look(CancellationToken cancellationToken)
    {
        if (_connection is not { IsOpen: true })
        {
            _connection?.Dispose();
            _channel = null;
            _connection = await broker.Open("look after queues", cancellationToken);
        }

        var seen = new List<QueueSight>();
        var missing = new List<string>();
        foreach (var queue in topology.Queues.Keys)
        {
            if (await Sight(_connection, queue, cancellationToken) is { } sight)
                seen.Add(sight);
            else
                missing.Add(queue);
        }

        if (settings.IsWorker)
            await Mend(_connection, missing, cancellationToken);
        else
            seen.AddRange(missing.Select(queue => new QueueSight(queue, Consumers: 0, Messages: 0)));
        Compare(seen);
    }

    /// <summary>Takes in what policies do. When the broker answers and nobody tells of them any more, what is known holds for six looks.</summary>
    internal void Learn(IReadOnlyDictionary<string, string>? harmful)
    {
        _withoutAnswer = harmful is null ? _withoutAnswer + 1 : 0;
        if (harmful is null && _withoutAnswer == LongestMemory && _harmful.Count > 0)
        {
            Forgets(string.Join(", ", _harmful.Keys));
            harmful = new Dictionary<string, string>(StringComparer.Ordinal);
        }

        _harmful = harmful ?? _harmful;
        if (_harmful.Count > 0)
            intake.Close($"{_harmful.Values.First()} ({_harmful.Count} queues)");
        else
            intake.Open();
    }

    /// <summary>Declares again what is missing, and names it.</summary>
    async Task Mend(IConnection connection, List<string> missing, CancellationToken cancellationToken)
    {
        foreach (var queue in missing)
            QueueDeleted(queue, _seen.FirstOrDefault(before => before.Queue == queue)?.Messages ?? 0);
        var exchanges = new List<string>();
        foreach (var exchange in topology.Exchanges.Concat(topology.Queues.Keys))
        {
            if (!await Exists(connection, channel => channel.ExchangeDeclarePassiveAsync(exchange, cancellationToken)))
                exchanges.Add(exchange);
        }

        if (exchanges.Count > 0)
            ExchangesDeleted(exchanges.Count, string.Join(", ", exchanges));
        await check.DeclareAll(connection, cancellationToken);
    }

    /// <summary>Tells those who know of a consumer that the broker does not. Twice in a row: a consumer that has just begun may not be counted yet.</summary>
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

    async Task<QueueSight?> Sight(IConnection connection, string queue, CancellationToken cancellationToken)
    {
        QueueSight? sight = null;
        await Exists(connection, async channel =>
        {
            var there = await channel.QueueDeclarePassiveAsync(queue, cancellationToken);
            sight = new QueueSight(queue, there.ConsumerCount, there.MessageCount);
        });
        return sight;
    }

    /// <summary>Asks on one channel as long as it lasts: the broker closes the one on which it is asked for what is not there.</summary>
    async Task<bool> Exists(IConnection connection, Func<IChannel, Task> ask)
    {
        if (_channel is not { IsOpen: true })
        {
            if (_channel is not null)
                await _channel.DisposeAsync();
            _channel = await connection.CreateChannelAsync();
        }

        try
        {
            await ask(_channel);
            return true;
        }
        catch (OperationInterruptedException exception) when (exception.ShutdownReason is { ReplyCode: NotFound })
        {
            return false;
        }
    }

    [LoggerMessage(LogLevel.Error, "Queue {Queue} was deleted while this host ran, with {Messages} messages as last seen; it is declared again")]
    partial void QueueDeleted(string queue, uint messages);

    [LoggerMessage(LogLevel.Error, "{Count} messages went from queue {Queue}, on which no host listens: somebody has purged it, or takes them himself")]
    partial void QueuePurged(string queue, uint count);

    [LoggerMessage(LogLevel.Error, "{Count} exchanges were deleted while this host ran, and what was published to them meanwhile is lost unless its publisher was told; declared again: {Exchanges}")]
    partial void ExchangesDeleted(int count, string exchanges);

    [LoggerMessage(LogLevel.Warning, "The broker answers, and its management plug-in does not: that a policy loses messages of {Queues} is forgotten, and the API takes everything again")]
    partial void Forgets(string queues);

    [LoggerMessage(LogLevel.Error, "{Reason}")]
    partial void DeclaredOtherwise(string reason);

    [LoggerMessage(LogLevel.Debug, "The queues could not be looked at")]
    partial void NotLooked(Exception exception);
}
