using RabbitMQ.Client;

namespace NotificationBus.Host.RabbitMq;

/// <summary>A connection that is known to work.</summary>
static class TriedConnection
{
    /// <summary>
    /// Connects and opens a channel. The client takes a connection for open before the broker has let it into the virtual host;
    /// whether it has shows only with the first channel.
    /// </summary>
    public static async Task<IConnection> OpenAndTry(this ConnectionFactory factory, CancellationToken cancellationToken)
    {
        var connection = await factory.CreateConnectionAsync(cancellationToken);
        try
        {
            await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
