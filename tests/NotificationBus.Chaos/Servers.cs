using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.Chaos;

/// <summary>A RabbitMQ and a PostgreSQL of our own, which situations may kill as long as they bring them back.</summary>
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
