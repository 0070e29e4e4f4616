using System.Collections.Concurrent;
using MassTransit;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace NotificationBus.Host.RabbitMq;

/// <summary>Knows the queues this host listens on, and those it should and does not. Every loss and every return is in the log.</summary>
sealed partial class Listeners(DeletedQueues deleted, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<Listeners> log)
    : IReceiveEndpointObserver
{
    readonly ConcurrentDictionary<string, Listener> _byQueue = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<IChannel, HalfClosedChannel> _halfClosed = new();
    readonly ConcurrentDictionary<UnderWay, IConnection> _underWay = new();

    /// <summary>Those on whose queue nobody of this host listens, though it should.</summary>
    public IReadOnlyList<Listener> Absent =>
        [
            .. _byQueue
                .Values.Where(listener => listener.AbsentSince is not null)
                .OrderBy(listener => listener.Queue, StringComparer.Ordinal),
        ];

    /// <summary>
    /// True while messages are worked on that came by connections which are closed. Until they are done the client keeps other channels
    /// open.
    /// </summary>
    public bool WorkOnClosed => _underWay.Values.Any(connection => !connection.IsOpen);

    /// <summary>
    /// Looks for connections that are closed and whose channels are not. The client closes them one after the other, each when its messages
    /// are done, and when MassTransit is done with the connection; and MassTransit is when what is published by them has failed, which is
    /// when they are closed. So it passes when a message is under way, and else may stay so for ever.
    /// </summary>
    /// <returns>Null when there is none.</returns>
    public HalfClosed? LookForHalfClosed()
    {
        foreach (var channel in _halfClosed.Keys.Where(channel => !channel.IsOpen))
            _halfClosed.TryRemove(channel, out _);
        var found = _halfClosed.Values.ToList();
        var busy = _underWay.Values.Where(connection => !connection.IsOpen).ToHashSet();
        foreach (var channel in found)
            channel.IdleSince = busy.Contains(channel.Connection) ? null : channel.IdleSince ?? clock.Steady();
        return found.Count == 0 ? null : new HalfClosed(found.Min(channel => channel.Since), found.Min(channel => channel.IdleSince));
    }

    /// <summary>A message is worked on until what this returns is disposed.</summary>
    /// <param name="connection">By which it came.</param>
    /// <param name="giveBack">Has the work know that the broker gives the message to somebody else.</param>
    public IDisposable Work(IConnection connection, Action giveBack)
    {
        var work = new UnderWay(this, giveBack);
        _underWay[work] = connection;
        return work;
    }

    /// <summary>
    /// Tells what is under way on a closed connection that its message is not ours any more. What waits to publish by it would wait for the
    /// channels to be closed, and they for it.
    /// </summary>
    public void GiveBack(IConnection connection)
    {
        foreach (var (work, by) in _underWay)
        {
            if (ReferenceEquals(by, connection))
                work.GiveBack();
        }
    }

    /// <summary>The queue of an endpoint.</summary>
    public static string QueueOf(Uri inputAddress) =>
        Uri.UnescapeDataString(inputAddress.AbsolutePath[(inputAddress.AbsolutePath.LastIndexOf('/') + 1)..]);

    /// <summary>The listener of a queue; from the first time on it is one on which this host should listen.</summary>
    public Listener Of(Uri inputAddress) => _byQueue.GetOrAdd(QueueOf(inputAddress), queue => new Listener(queue, clock));

    public Task Ready(ReceiveEndpointReady ready)
    {
        var queue = QueueOf(ready.InputAddress);
        deleted.IsBack(queue);
        if (_byQueue.TryGetValue(queue, out var listener) && listener.Confirm() is { } absence)
            Returned(queue, absence);
        return Task.CompletedTask;
    }

    public Task Stopping(ReceiveEndpointStopping stopping) => Task.CompletedTask;

    public Task Completed(ReceiveEndpointCompleted completed) => Task.CompletedTask;

    public Task Faulted(ReceiveEndpointFaulted faulted) => Task.CompletedTask;

    /// <summary>
    /// The consumer of a queue has ended, and its channel has not: the broker does that when the queue is deleted (basic.cancel).
    /// </summary>
    public async Task LookForQueue(Listener listener, IConnection connection)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
            return;

        try
        {
            await using var channel = await connection.CreateChannelAsync();
            await channel.QueueDeclarePassiveAsync(listener.Queue);
        }
        catch (OperationInterruptedException exception) when (exception.ShutdownReason is { ReplyCode: Constants.NotFound })
        {
            deleted.Missed(listener.Queue);
        }
        catch (Exception)
        {
            // Then it is the connection that is lost.
        }
    }

    /// <summary>The consumer of a queue has ended.</summary>
    public void End(Listener listener, IChannel channel, IConnection connection)
    {
        if (channel.IsOpen && !connection.IsOpen)
            _halfClosed.TryAdd(channel, new HalfClosedChannel(connection, clock.Steady()));
        if (listener.End(channel) && !lifetime.ApplicationStopping.IsCancellationRequested)
            Lost(listener.Queue, (channel.CloseReason ?? connection.CloseReason)?.ReplyText ?? "the consumer has ended");
    }

    /// <summary>The broker counts no consumer of a queue.</summary>
    public void Doubt(string queue)
    {
        if (_byQueue.TryGetValue(queue, out var listener) && listener.Doubt())
            Lost(queue, "the broker counts no consumer");
    }

    [LoggerMessage(LogLevel.Warning, "This host does not listen on {Queue} any more: {Reason}")]
    partial void Lost(string queue, string reason);

    [LoggerMessage(LogLevel.Information, "This host listens on {Queue} again after {Absence}")]
    partial void Returned(string queue, TimeSpan absence);

    sealed class HalfClosedChannel(IConnection connection, TimeSpan since)
    {
        public IConnection Connection => connection;

        public TimeSpan Since => since;

        public TimeSpan? IdleSince { get; set; }
    }

    sealed class UnderWay(Listeners listeners, Action giveBack) : IDisposable
    {
        public void GiveBack()
        {
            try
            {
                giveBack();
            }
            catch (ObjectDisposedException)
            {
                // It was done meanwhile.
            }
        }

        public void Dispose() => listeners._underWay.TryRemove(this, out _);
    }
}
