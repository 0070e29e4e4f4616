namespace NotificationBus.IntegrationTests.Servers;

/// <summary>A RabbitMQ and a PostgreSQL of our own, as durable as real ones. Whoever kills one brings it back.</summary>
sealed record OwnServers(RabbitMqServer Broker, PostgresServer Postgres) : IAsyncDisposable
{
    public static async Task<OwnServers> Start()
    {
        var broker = RabbitMqServer.Start();
        return new OwnServers(await broker, await PostgresServer.Start());
    }

    public async ValueTask DisposeAsync()
    {
        await Broker.DisposeAsync();
        await Postgres.DisposeAsync();
    }
}
