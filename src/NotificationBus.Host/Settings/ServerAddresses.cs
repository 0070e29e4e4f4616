namespace NotificationBus.Host.Settings;

/// <summary>Settings of <c>ConnectionStrings</c>: the addresses of the servers.</summary>
public sealed class ServerAddresses
{
    /// <summary>
    /// RabbitMQ as a URI: <c>amqp://user:password@host:5672/vhost</c>, or <c>amqps</c> for TLS. The nodes of a cluster stand beside each
    /// other: <c>amqp://user:password@one:5672,two:5672/vhost</c>. Must be set with <c>Transport=RabbitMq</c>, and left out embedded.
    /// </summary>
    public string? RabbitMq { get; set; }

    /// <summary>
    /// PostgreSQL as Npgsql reads it: <c>Host=…;Database=…;Username=…;Password=…</c>. Must be set with <c>Transport=RabbitMq</c>, and left
    /// out embedded. <c>Maximum Pool Size</c> bounds the connections for events and deliveries; operators have further ones.
    /// </summary>
    public string? Postgres { get; set; }

    /// <summary>
    /// A replica of it, read by Npgsql the same way: lists and what the console shows are read there as long as it is in step, up to some
    /// seconds behind, and else from the primary. Nothing is decided by it. Default: none.
    /// </summary>
    public string? PostgresReplica { get; set; }
}
