using NotificationBus.Host.Settings;

using RabbitMQ.Client;

namespace NotificationBus.Host.RabbitMq;

/// <summary>Makes the host's own connections to the broker, beside the one of the bus: with them it looks after what the bus needs.</summary>
sealed class BrokerConnections(HostSettings settings)
{
    static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);

    /// <summary>A factory of connections that do not come back by themselves: whoever uses one finds out that it is lost.</summary>
    /// <param name="purpose">What the broker calls it, after the name of the product.</param>
    public ConnectionFactory Factory(string purpose) => new()
    {
        Uri = new Uri(settings.ConnectionStrings.RabbitMq!),
        AutomaticRecoveryEnabled = false,
        RequestedHeartbeat = Heartbeat,
        ClientProvidedName = $"NotificationBus {purpose}",
    };

    /// <summary>Connects and opens a channel, so that the connection is known to work.</summary>
    public Task<IConnection> Open(string purpose, CancellationToken cancellationToken) => Factory(purpose).OpenAndTry(cancellationToken);
}
