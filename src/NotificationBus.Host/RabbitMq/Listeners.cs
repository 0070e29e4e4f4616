using System.Collections.Concurrent;

using MassTransit;

using RabbitMQ.Client;

namespace NotificationBus.Host.RabbitMq;

/// <summary>Knows the queues this host listens on, and those it should and does not. Every loss and every return is in the log.</summary>
sealed partial class Listeners(IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<Listeners> log) : IReceiveEndpointObserver
{
    readonly ConcurrentDictionary<string, Listener> _byQueue = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<IChannel, DateTimeOffset> _halfClosed = new();

    /// <summary>Those on whose queue nobody of this host listens, though it should.</summary>
    public IReadOnlyList<Listener> Absent => [.. _byQueue.Values.Where(listener => listener.AbsentSince is not null).OrderBy(listener => listener.Queue, StringComparer.Ordinal)];

    /// <summary>
    /// Since when there is a connection that is closed and whose channels are not; null when there is none. The client closes them when MassTransit is
    /// done with the connection, and MassTransit is when what is published by them has failed, which is when they are closed: it stays so for ever.
    /// </summary>
    public DateTimeOffset? HalfClosedSince
    {
        get
        {
            foreach (var channel in _halfClosed.Keys.Where(channel => !channel.IsOpen))
                _halfClosed.TryRemove(channel, out _);
            return _halfClosed.IsEmpty ? null : _halfClosed.Values.Min();
        }
    }

    /// <summary>The queue of an endpoint.</summary>
    public static string QueueOf(Uri inputAddress) => Uri.UnescapeDataString(inputAddress.AbsolutePath[(inputAddress.AbsolutePath.LastIndexOf('/') + 1)..]);

    /// <summary>The listener of a queue; from the first time on it is one on which this host should listen.</summary>
    public Listener Of(Uri inputAddress) => _byQueue.GetOrAdd(QueueOf(inputAddress), queue => new Listener(queue, clock));

    public Task Ready(ReceiveEndpointReady ready)
    {
        if (_byQueue.TryGetValue(QueueOf(ready.InputAddress), out var listener) && listener.Confirm() is { } absence)
            Returned(listener.Queue, absence);
        return Task.CompletedTask;
    }

    public Task Stopping(ReceiveEndpointStopping stopping) => Task.CompletedTask;

    public Task Completed(ReceiveEndpointCompleted completed) => Task.CompletedTask;

    public Task Faulted(ReceiveEndpointFaulted faulted) => Task.CompletedTask;

    /// <summary>The consumer of a queue has ended.</summary>
    public void End(Listener listener, IChannel channel, IConnection connection)
    {
        if (channel.IsOpen && !connection.IsOpen)
            _halfClosed.TryAdd(channel, clock.GetUtcNow());
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
}
