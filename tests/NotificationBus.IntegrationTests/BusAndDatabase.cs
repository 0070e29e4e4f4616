using System.Runtime.Versioning;

using NotificationBus.IntegrationTests;
using NotificationBus.IntegrationTests.Servers;

[assembly: AssemblyFixture(typeof(BusAndDatabase))]
[assembly: UnsupportedOSPlatform("windows")]

namespace NotificationBus.IntegrationTests;

/// <summary>
/// The RabbitMQ and the PostgreSQL all tests share, each in its own corner of them. Started by the first test that asks, both at once.
/// A test that hurts a server starts its own.
/// </summary>
public sealed class BusAndDatabase : IAsyncDisposable
{
    readonly Lazy<Pair> _servers = new(Start);

    /// <summary>An empty virtual host and an empty database.</summary>
    public async Task<(Uri Broker, string Database)> CreateBoth()
    {
        var broker = CreateVirtualHost();
        return (await broker, await CreateDatabase());
    }

    public async Task<Uri> CreateVirtualHost()
    {
        var broker = await _servers.Value.Broker;
        return await broker.CreateVirtualHost();
    }

    public async Task<string> CreateDatabase()
    {
        var database = await _servers.Value.Database;
        return await database.CreateDatabase();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_servers.IsValueCreated)
            return;

        await Task.WhenAll(End(_servers.Value.Broker), End(_servers.Value.Database));
    }

    static Pair Start()
    {
        var broker = RabbitMqServer.IsInstalled ? null : Environment.GetEnvironmentVariable(ServersMissing.RabbitMq);
        var database = PostgresServer.IsInstalled ? null : Environment.GetEnvironmentVariable(ServersMissing.Postgres);

        var missing = new List<string>();
        if (!RabbitMqServer.IsInstalled && string.IsNullOrWhiteSpace(broker))
            missing.Add("RabbitMQ");
        if (!PostgresServer.IsInstalled && string.IsNullOrWhiteSpace(database))
            missing.Add("PostgreSQL");
        if (missing.Count > 0)
            throw ServersMissing.ToBeUsed(missing);

        return new Pair(
            broker is null ? AsBroker(RabbitMqServer.Start()) : Task.FromResult<IBroker>(new GivenRabbitMq(new Uri(broker))),
            database is null ? AsDatabase(PostgresServer.Start()) : Task.FromResult<IDatabaseServer>(new GivenPostgres(database)));
    }

    static async Task<IBroker> AsBroker(Task<RabbitMqServer> server) => await server;

    static async Task<IDatabaseServer> AsDatabase(Task<PostgresServer> server) => await server;

    static async Task End<T>(Task<T> started)
        where T : IAsyncDisposable
    {
        await ((Task)started).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // Whoever asked for it was told already.
        if (started.IsCompletedSuccessfully)
            await (await started).DisposeAsync();
    }

    sealed record Pair(Task<IBroker> Broker, Task<IDatabaseServer> Database);
}
