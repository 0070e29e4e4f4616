using MassTransit;
using RabbitMQ.Client;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// Brings back a consumer that does not come back by itself. MassTransit ends the loop of an endpoint for good on a cancellation (8.4.0)
/// and on what its retry policy does not know (all versions), waits without limit for some calls of the client, and logs nothing of it.
/// While the broker answers, the endpoint is stopped and started anew; when that does not help, the process ends, so that whoever looks
/// after it starts another. So it does when the client does not finish to close a connection, for what is published by it would wait for
/// ever. But a message that is worked on keeps the client from that as well, and what its work knows is lost with the process: then it
/// waits until that is done.
/// </summary>
sealed partial class ListenerWatch(
    Listeners listeners,
    IBusControl bus,
    BrokerConnections broker,
    IHostApplicationLifetime lifetime,
    TimeProvider clock,
    ILogger<ListenerWatch> log
) : BackgroundService
{
    /// <summary>So long a queue may be without this host while the broker answers. Then the host is not alive any more.</summary>
    public static readonly TimeSpan LongestAbsence = TimeSpan.FromSeconds(60);

    static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    // MassTransit waits up to 30 s between two tries when the broker was away for long; most endpoints come back by themselves within a
    // few.
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    // Of one message: a call of some minutes, and the longest outage it waits out before its outcome is on record. Then RabbitMQ takes it
    // away.
    internal static readonly TimeSpan LongestWork = TimeSpan.FromMinutes(30);

    static readonly TimeSpan LongestCall = TimeSpan.FromSeconds(10);

    readonly TaskCompletionSource<string> _givenUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly Dictionary<string, TimeSpan> _startedAnew = new(StringComparer.Ordinal);
    TimeSpan? _answersSince;
    TimeSpan? _busySince;
    TimeSpan? _idleSince;

    /// <summary>Completes with the reason for which this process must end.</summary>
    public Task<string> GivenUp => _givenUp.Task;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var running = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        await Task.Delay(Timeout.InfiniteTimeSpan, clock, lifetime.ApplicationStarted)
            .WaitAsync(running.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!running.IsCancellationRequested)
        {
            await Task.Delay(Interval, clock, running.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Look(running.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task Look(CancellationToken cancellationToken)
    {
        if ((listeners.Absent.Count > 0 || listeners.LookForHalfClosed() is not null) && await Answers(cancellationToken))
            await Task.WhenAll(Judge().Select(StartAnew));
        else
            (_answersSince, _busySince, _idleSince) = (null, null, null);
    }

    /// <summary>While the broker answers: gives up, or says which queues' endpoints to start anew.</summary>
    internal IReadOnlyList<string> Judge()
    {
        var now = clock.Steady();
        var answersSince = _answersSince ??= now;
        _busySince = listeners.WorkOnClosed ? _busySince ?? now : null;
        _idleSince = now - _busySince < LongestWork ? null : _idleSince ?? now;
        var halfClosed = listeners.LookForHalfClosed();
        if (halfClosed is { IdleSince: { } idle } && now - Later(idle, answersSince) >= Patience || now - halfClosed?.Since >= LongestWork)
        {
            GiveUp("RabbitMQ answers, and yet this host could not get rid of a connection that was closed");
            return [];
        }

        // What is under way on a closed connection keeps others of its channels open, and their endpoints come back by themselves
        // (GoOnListening).
        var countsSince = Later(answersSince, _idleSince ?? now);
        var absent = listeners
            .Absent.Select(listener => (listener.Queue, For: now - Later(listener.AbsentSince ?? now, countsSince)))
            .ToList();
        var lost = absent.Where(queue => queue.For >= LongestAbsence).Select(queue => queue.Queue).ToList();
        if (lost.Count > 0)
        {
            GiveUp(
                $"RabbitMQ answers, and yet this host could not listen on {string.Join(", ", lost)} for {LongestAbsence.TotalSeconds} s"
            );
            return [];
        }

        return
        [
            .. absent.Where(queue => queue.For >= Patience && !(now - StartedAnew(queue.Queue) < Patience)).Select(queue => queue.Queue),
        ];
    }

    TimeSpan? StartedAnew(string queue) => _startedAnew.TryGetValue(queue, out var at) ? at : null;

    /// <summary>A fresh connection: one that is open already says little about the next.</summary>
    async Task<bool> Answers(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(LongestCall, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var opening = broker.Open("look after consumers", either.Token);
        try
        {
            await using var connection = await opening.WaitAsync(either.Token);
            return true;
        }
        catch (Exception)
        {
            // It may open at this very moment.
            _ = Close(opening);
            cancellationToken.ThrowIfCancellationRequested();
            return false;
        }
    }

    /// <summary>Closes a connection for which nobody waits any more, should it still open.</summary>
    static async Task Close(Task<IConnection> opening)
    {
        try
        {
            await using var connection = await opening;
        }
        catch (Exception)
        {
            // It did not open, or is closed already.
        }
    }

    async Task StartAnew(string queue)
    {
        _startedAnew[queue] = clock.Steady();
        var endpoint = bus.CheckHealth()
            .Endpoints.Values.FirstOrDefault(endpoint => Listeners.QueueOf(endpoint.InputAddress) == queue)
            .ReceiveEndpoint;
        if (endpoint is null)
            return;

        StartsAnew(queue);
        try
        {
            // The second time it does not wait: who was told to stop is only forgotten then.
            if (!await HasStopped(endpoint))
                await HasStopped(endpoint);
            endpoint.Start(CancellationToken.None);
        }
        catch (Exception exception)
        {
            NotStarted(exception, queue);
        }
    }

    async Task<bool> HasStopped(IReceiveEndpoint endpoint)
    {
        using var limit = new CancellationTokenSource(LongestCall, clock);
        var stopping = endpoint.Stop(limit.Token);
        await stopping.WaitAsync(LongestCall, clock, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return stopping.IsCompletedSuccessfully;
    }

    void GiveUp(string reason)
    {
        if (!_givenUp.TrySetResult(reason))
            return;

        Ends(reason);
        lifetime.StopApplication();
    }

    static TimeSpan Later(TimeSpan one, TimeSpan other) => one > other ? one : other;

    [LoggerMessage(
        LogLevel.Warning,
        "The broker answers, and this host does not listen on {Queue}; its endpoint is stopped and started anew"
    )]
    partial void StartsAnew(string queue);

    [LoggerMessage(LogLevel.Error, "The endpoint of {Queue} could not be started anew")]
    partial void NotStarted(Exception exception, string queue);

    [LoggerMessage(LogLevel.Critical, "{Reason}; the process ends, to be started again")]
    partial void Ends(string reason);
}
