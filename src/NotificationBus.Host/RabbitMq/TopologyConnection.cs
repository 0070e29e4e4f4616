using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using static RabbitMQ.Client.Constants;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// The connection on which exchanges and queues are looked at. It is opened when somebody looks, and for one look at a time.
/// </summary>
sealed class TopologyConnection(BrokerConnections broker) : IDisposable
{
    IConnection? _connection;
    IChannel? _channel;

    /// <summary>True while the broker answers.</summary>
    public bool IsOpen => _connection is { IsOpen: true };

    /// <summary>Opens it, unless it is open.</summary>
    public async Task<IConnection> Open(CancellationToken cancellationToken)
    {
        if (_connection is { IsOpen: true } open)
            return open;

        _connection?.Dispose();
        _channel = null;
        return _connection = await broker.Open("look after queues", cancellationToken);
    }

    public void Dispose()
    {
        // Its channel goes with it; to close that by itself would wait for a broker that stands still.
        _connection?.Dispose();
    }

    /// <summary>Asks on one channel as long as it lasts: the broker closes the one on which it is asked for what is not there.</summary>
    public async Task<bool> Exists(Func<IChannel, Task> ask, CancellationToken cancellationToken)
    {
        if (_channel is not { IsOpen: true })
        {
            if (_channel is not null)
                await _channel.DisposeAsync();
            _channel = await (await Open(cancellationToken)).CreateChannelAsync(cancellationToken: cancellationToken);
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
}
