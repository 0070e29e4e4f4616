namespace NotificationBus.Host.Settings;

/// <summary>Settings of <c>ConnectionStrings</c>: the addresses of the servers.</summary>
public sealed class ServerAddresses
{
    /// <summary>
    /// RabbitMQ as a URI: <c>amqp://user:password@host:5672/vhost</c>, or <c>amqps</c> for TLS. The nodes of a cluster stand beside each
    /// other: <c>amqp://user:password@one:5672,two:5672/vhost</c>.
    /// </summary>
    public string? RabbitMq { get; set; }

    /// <summary>PostgreSQL as Npgsql reads it: <c>Host=…;Database=…;Username=…;Password=…</c>.</summary>
    public string? Postgres { get; set; }
}
