using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.Benchmarks;

/// <summary>A RabbitMQ and a PostgreSQL of our own, as durable as real ones.</summary>
sealed record Servers(RabbitMqServer Broker, PostgresServer Postgres) : IAsyncDisposable
{
    public static async Task<Servers> Start()
    {
        var broker = RabbitMqServer.Start();
        return new Servers(await broker, await PostgresServer.Start());
    }

    public async ValueTask DisposeAsync()
    {
        await Broker.DisposeAsync();
        await Postgres.DisposeAsync();
    }
}
