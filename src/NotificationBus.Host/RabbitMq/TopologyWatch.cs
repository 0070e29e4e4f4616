using System.Net;

using NotificationBus.Host.Settings;
using NotificationBus.Intake;
using NotificationBus.Status;

using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

using static RabbitMQ.Client.Constants;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// Looks at the exchanges and queues while the host runs. What an operator has deleted is declared again by hosts that work, and named in
/// the log; a queue on which no host listens is named in <c>/health/ready</c> and <c>GET /v1/status</c>, and while a policy loses messages
/// nothing is taken over HTTP.
/// </summary>
sealed partial class TopologyWatch(
    BrokerTopology topology, QueueCheck check, PolicyCheck policies, ManagementPlugIn plugIn, BrokerConnections broker, Listeners listeners, DeletedQueues deleted,
    IntakeGate intake, HostSettings settings, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<TopologyWatch> log) : BackgroundService, IProblemSource
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    // Six looks. By then the plug-in may be gone for good, and nobody could open the gate again.
    const int LongestMemory = 6;

    IConnection? _connection;
    IChannel? _channel;
    volatile IReadOnlyList<QueueSight> _seen = [];
    volatile IReadOnlyList<Refusal> _refused = [];
    volatile IReadOnlyDictionary<string, string> _harmful = new Dictionary<string, string>(StringComparer.Ordinal);
    volatile bool _isBlind;
    IReadOnlyList<string> _missing = [];
    IReadOnlyList<string> _unbound = [];
    int _withoutAnswer;
    IReadOnlySet<string> _unconsumed = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>The queues on which no host listens, as last seen.</summary>
    public IReadOnlyList<string> Unconsumed => [.. _seen.Where(queue => queue.Consumers == 0).Select(queue => queue.Queue)];

    /// <summary>The harm that policies of the operator do to queues, a sentence for each that loses messages.</summary>
    public IReadOnlyCollection<string> Harm => [.. _harmful.Values];

    /// <summary>Declarations that the broker does not let this host make.</summary>
    public IReadOnlyList<Refusal> Refused => _refused;

    /// <summary>The reason why nobody can tell what policies do; null when somebody can.</summary>
    public string? PoliciesUnknown => policies.Unknown;

    /// <summary>True while the broker answers and the queues cannot be looked at.</summary>
    public bool IsBlind => _isBlind;

    public Task<IReadOnlyList<Problem>> Find(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<Problem>>(
    [
        .. _seen.Where(queue => queue.Consumers == 0).Select(WithoutConsumers),
        .. _harmful.Select(Loses),
        .. _refused.Select(IsRefused),
        .. PoliciesUnknown is { } why ? [CannotTell(why)] : (Problem[])[],
    ]);

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

    static Problem IsRefused(Refusal refusal) => new() { Code = "declaration-refused", Where = refusal.What, Detail = refusal.Reason };

    static Problem CannotTell(string why) => new() { Code = "policies-unknown", Detail = why };

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
            await LookAtQueues(running.Token);
            await LookAtPolicies(running.Token);
            await Task.Delay(Interval, clock, running.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task LookAtQueues(CancellationToken cancellationToken)
    {
        try
        {
            await Look(cancellationToken);
            _isBlind = false;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // That the broker is away others say.
            var wasBlind = _isBlind;
            _isBlind = _connection is { IsOpen: true };
            if (_isBlind && !wasBlind)
                IsBlinded(exception);
            else
                NotLooked(exception);
        }
    }

    async Task LookAtPolicies(CancellationToken cancellationToken)
    {
        try
        {
            Learn(await policies.Find(cancellationToken));
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            NotLooked(exception);
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
            QueueSight? sight = null;
            var isThere = await Exists(_connection, async channel =>
            {
                var there = await channel.QueueDeclarePassiveAsync(queue, cancellationToken);
                sight = new QueueSight(queue, there.ConsumerCount, there.MessageCount);
            });
            if (!isThere)
                missing.Add(queue);
            else if (sight is not null)
                seen.Add(sight);
        }

        // First what is seen: whoever waits for it must not wait for what the broker refuses.
        Compare(settings.IsWorker ? seen : [.. seen, .. missing.Select(queue => new QueueSight(queue, Consumers: 0, Messages: 0))]);
        if (!settings.IsWorker)
            return;

        missing.ForEach(deleted.Missed);
        seen.ForEach(deleted.Saw);
        await Mend(_connection, missing, cancellationToken);
    }

    /// <summary>
    /// Takes in what policies do. When the broker answers and nobody tells of them any more, what is known holds for six looks.
    /// </summary>
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

    /// <summary>Declares again what is missing, and names exchanges, and bindings where the plug-in shows them.</summary>
    async Task Mend(IConnection connection, IReadOnlyList<string> missingQueues, CancellationToken cancellationToken)
    {
        var missing = new List<string>();
        foreach (var exchange in topology.Exchanges.Concat(topology.Queues.Keys))
        {
            if (!await Exists(connection, channel => channel.ExchangeDeclarePassiveAsync(exchange, cancellationToken)))
                missing.Add(exchange);
        }

        var deletedNow = missing.Except(_missing, StringComparer.Ordinal).ToList();
        if (deletedNow.Count > 0)
            ExchangesDeleted(deletedNow.Count, string.Join(", ", deletedNow));
        var (bound, _) = await plugIn.Ask(Bound, cancellationToken);
        if (bound is not null)
            NameBindings(topology.AllBindings.Except(bound).Where(way => !IsGone(way.Exchange) && !IsGone(way.Queue)).Select(way => $"{way.Exchange} to {way.Queue}").ToList());
        _refused = await check.DeclareAll(connection, cancellationToken);
        // It is said once, however often the broker refuses them.
        _missing = _refused.Count > 0 ? missing : [];

        // Their bindings went with them.
        bool IsGone(string name) => missing.Contains(name, StringComparer.Ordinal) || missingQueues.Contains(name, StringComparer.Ordinal);
    }

    void NameBindings(IReadOnlyList<string> unbound)
    {
        var unboundNow = unbound.Except(_unbound, StringComparer.Ordinal).ToList();
        if (unboundNow.Count > 0)
            BindingsRemoved(unboundNow.Count, string.Join(", ", unboundNow));
        _unbound = unbound;
    }

    static async Task<IReadOnlySet<(string Exchange, string Queue)>> Bound(ManagementPlugIn.Node management, CancellationToken cancellationToken)
    {
        using var shown = await management.Get("bindings", name: null, cancellationToken) ?? throw new HttpRequestException("no bindings", inner: null, HttpStatusCode.NotFound);
        return shown.RootElement.EnumerateArray().Select(binding => (binding.GetProperty("source").GetString()!, binding.GetProperty("destination").GetString()!)).ToHashSet();
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
        catch (OperationInterruptedException exception) when (exception.ShutdownReason is { ReplyCode: ResourceLocked or AccessRefused })
        {
            // It is there, and nobody shows it to us. Why, the declaration says.
            return true;
        }
    }

    [LoggerMessage(LogLevel.Error, "{Count} messages went from queue {Queue}, on which no host listens: somebody has purged it, or takes them himself")]
    partial void QueuePurged(string queue, uint count);

    [LoggerMessage(LogLevel.Error, "{Count} exchanges were deleted while this host ran, and what was published to them meanwhile is lost unless its publisher was told; declared again: {Exchanges}")]
    partial void ExchangesDeleted(int count, string exchanges);

    [LoggerMessage(LogLevel.Error, "{Count} bindings were removed while this host ran, and what was published to them meanwhile is lost unless its publisher was told; bound again: {Bindings}")]
    partial void BindingsRemoved(int count, string bindings);

    [LoggerMessage(LogLevel.Warning, "The broker answers, and its management plug-in does not: that a policy loses messages of {Queues} is forgotten, and the API takes everything again")]
    partial void Forgets(string queues);

    [LoggerMessage(LogLevel.Error, "The broker answers, and the queues cannot be looked at; it is said once, and tried again")]
    partial void IsBlinded(Exception exception);

    [LoggerMessage(LogLevel.Debug, "The queues, or their policies, could not be looked at")]
    partial void NotLooked(Exception exception);
}
