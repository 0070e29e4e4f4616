namespace NotificationBus.Host.Settings;

/// <summary>The way messages travel, and with it the place where the record is kept.</summary>
public enum Transport
{
    /// <summary>Embedded: everything in the memory of one process, lost when it ends. The default.</summary>
    InMemory,

    /// <summary>Distributed: RabbitMQ and PostgreSQL, any number of hosts.</summary>
    RabbitMq,
}
