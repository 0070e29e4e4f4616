using System.Runtime.Versioning;
using NotificationBus.BrowserTests;
using NotificationBus.IntegrationTests.Servers;

[assembly: AssemblyFixture(typeof(RealServers))]
[assembly: UnsupportedOSPlatform("windows")]

namespace NotificationBus.BrowserTests;

/// <summary>A RabbitMQ and a PostgreSQL of these tests, started by the first that asks. Each test has its own corner of them.</summary>
public sealed class RealServers : IAsyncDisposable
{
    readonly Lazy<Task<RabbitMqServer>> _broker = new(() => RabbitMqServer.Start());
    readonly Lazy<Task<PostgresServer>> _database = new(PostgresServer.Start);

    /// <summary>An empty virtual host and an empty database.</summary>
    public async Task<(Uri Broker, string Database)> Create()
    {
        var (broker, database) = (_broker.Value, _database.Value);
        return (await (await broker).CreateVirtualHost(), await (await database).CreateDatabase());
    }

    public async ValueTask DisposeAsync()
    {
        if (_broker is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            await (await _broker.Value).DisposeAsync();
        if (_database is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            await (await _database.Value).DisposeAsync();
    }
}
