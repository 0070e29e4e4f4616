using RabbitMQ.Client;

namespace NotificationBus.Chaos;

/// <summary>
/// A connection and a channel, to any of the nodes there are, made again after each failure: RabbitMQ.Client 7.1 miscounts confirms after
/// one that was given up.
/// </summary>
sealed class BusLine(IReadOnlyList<Uri> ways) : IAsyncDisposable
{
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    IConnection? _connection;
    IChannel? _channel;

    public async Task Publish(string exchange, byte[] body, BasicProperties properties, string routingKey = "")
    {
        _connection ??= await new ConnectionFactory
        {
            Uri = ways[0],
            AutomaticRecoveryEnabled = false,
            RequestedConnectionTimeout = Limit,
        }
            .CreateConnectionAsync(ways.Select(way => new AmqpTcpEndpoint(way)))
            .WaitAsync(Limit);
        _channel ??= await _connection
            .CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true))
            .WaitAsync(Limit);
        await _channel.BasicPublishAsync(exchange, routingKey, mandatory: true, properties, body).AsTask().WaitAsync(Limit);
    }

    public async ValueTask DisposeAsync()
    {
        var connection = _connection;
        (_connection, _channel) = (null, null);
        if (connection is null)
            return;

        try
        {
            await connection.AbortAsync().WaitAsync(TimeSpan.FromSeconds(2));
        }
        catch (TimeoutException)
        {
            // The broker is frozen; the socket goes with the process.
        }
    }
}
