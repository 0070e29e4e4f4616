using NotificationBus.Host.Settings;
using NotificationBus.Status;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// Looks at the exchanges and queues while the host runs. What an operator has deleted is declared again by hosts that work, and named in
/// the log; a queue on which no host listens is named in <c>/health/ready</c> and <c>GET /v1/status</c>, and while a policy loses messages
/// nothing is taken over HTTP.
/// </summary>
sealed partial class TopologyWatch(
    QueueWatch queues,
    TopologyRepair repair,
    PolicyWatch policies,
    HostSettings settings,
    IHostApplicationLifetime lifetime,
    TimeProvider clock,
    ILogger<TopologyWatch> log
) : BackgroundService, IProblemSource
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    volatile bool _isBlind;

    /// <summary>The queues on which no host listens, as last seen.</summary>
    public IReadOnlyList<string> Unconsumed => [.. queues.Unconsumed.Select(queue => queue.Queue)];

    /// <summary>The harm that policies of the operator do to queues, a sentence for each that loses messages.</summary>
    public IEnumerable<string> Harm => policies.Harm.Values;

    /// <summary>Declarations that the broker does not let this host make.</summary>
    public IReadOnlyList<Refusal> Refused => repair.Refused;

    /// <summary>The reason why nobody can tell what policies do; null when somebody can.</summary>
    public string? PoliciesUnknown => policies.Unknown;

    /// <summary>True while the broker answers and the queues cannot be looked at.</summary>
    public bool IsBlind => _isBlind;

    public Task<IReadOnlyList<Problem>> Find(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Problem>>([
            .. queues.Unconsumed.Select(WithoutConsumers),
            .. policies.Harm.Select(Loses),
            .. repair.Refused.Select(IsRefused),
            .. policies.Unknown is { } why ? [CannotTell(why)] : (Problem[])[],
        ]);

    static Problem WithoutConsumers(QueueSight queue) =>
        new()
        {
            Code = "queue-without-consumers",
            Where = queue.Queue,
            Detail = $"no host consumes it, and {queue.Messages} messages wait there; start a worker, or see why it is not ready",
        };

    static Problem Loses(KeyValuePair<string, string> harm) =>
        new()
        {
            Code = "policy-loses-messages",
            Where = harm.Key,
            Detail = $"{harm.Value}; until then nothing is taken over HTTP",
        };

    static Problem IsRefused(Refusal refusal) =>
        new()
        {
            Code = "declaration-refused",
            Where = refusal.What,
            Detail = refusal.Reason,
        };

    static Problem CannotTell(string why) => new() { Code = "policies-unknown", Detail = why };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var running = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        await Task.Delay(Timeout.InfiniteTimeSpan, clock, lifetime.ApplicationStarted)
            .WaitAsync(running.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
            // First what is seen: whoever waits for it must not wait for what the broker refuses.
            var missing = await queues.Look(cancellationToken);
            if (settings.IsWorker)
                await repair.Mend(missing, cancellationToken);
            _isBlind = false;
        }
        catch (Exception exception)
        {
            if (cancellationToken.IsCancellationRequested)
                return;

            // That the broker is away others say.
            var wasBlind = _isBlind;
            _isBlind = queues.IsConnected;
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
            await policies.Look(cancellationToken);
        }
        catch (Exception exception)
        {
            // A host that stops is not told what it cannot see any more.
            if (!cancellationToken.IsCancellationRequested)
                NotLooked(exception);
        }
    }

    [LoggerMessage(LogLevel.Error, "The broker answers, and the queues cannot be looked at; it is said once, and tried again")]
    partial void IsBlinded(Exception exception);

    [LoggerMessage(LogLevel.Debug, "The queues, or their policies, could not be looked at")]
    partial void NotLooked(Exception exception);
}
