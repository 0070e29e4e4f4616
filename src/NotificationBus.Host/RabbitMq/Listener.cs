using RabbitMQ.Client;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// Knows whether this host listens on one queue: a consumer that the broker has confirmed, on a channel and a connection that are open.
/// </summary>
sealed class Listener(string queue, TimeProvider clock)
{
    readonly Lock _lock = new();
    IChannel? _channel;
    IConnection? _connection;
    bool _isConfirmed;
    bool _hasListened;
    TimeSpan? _absentSince = clock.Steady();

    public string Queue => queue;

    /// <summary>Since when nobody of this host listens, as <see cref="SteadyTime"/>; null while somebody does.</summary>
    public TimeSpan? AbsentSince
    {
        get
        {
            lock (_lock)
                return IsListening ? null : _absentSince ??= clock.Steady();
        }
    }

    bool IsListening => _isConfirmed && _channel is { IsOpen: true } && _connection is { IsOpen: true };

    /// <summary>The endpoint has a channel, and is about to consume on it.</summary>
    public void Begin(IChannel channel, IConnection connection)
    {
        lock (_lock)
        {
            (_channel, _connection) = (channel, connection);
            _isConfirmed = false;
        }
    }

    /// <summary>The broker has confirmed the consumer.</summary>
    /// <returns>For how long nobody listened; null when this is the first time.</returns>
    public TimeSpan? Confirm()
    {
        lock (_lock)
        {
            var absence = _hasListened && _absentSince is { } since ? clock.Steady() - since : (TimeSpan?)null;
            (_isConfirmed, _hasListened, _absentSince) = (true, true, null);
            return absence;
        }
    }

    /// <summary>The consumer on this channel has ended.</summary>
    /// <returns>True when nobody listens any more who did before.</returns>
    public bool End(IChannel channel)
    {
        lock (_lock)
            return ReferenceEquals(_channel, channel) && Lose();
    }

    /// <summary>The broker does not know of the consumer, whatever is known here.</summary>
    public bool Doubt()
    {
        lock (_lock)
            return Lose();
    }

    bool Lose()
    {
        var was = _isConfirmed;
        (_channel, _connection, _isConfirmed) = (null, null, false);
        _absentSince ??= clock.Steady();
        return was;
    }
}
