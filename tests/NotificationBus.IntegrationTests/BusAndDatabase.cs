using System.Runtime.Versioning;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NotificationBus.IntegrationTests;
using NotificationBus.IntegrationTests.Servers;
using NotificationBus.Postgres;
using Npgsql;

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
    readonly Lazy<Task<string>> _template;

    public BusAndDatabase() => _template = new(CreateTemplate);

    /// <summary>An empty virtual host, and a database that has its tables, as from the second start of a host on.</summary>
    public async Task<(Uri Broker, string Database)> CreateBoth()
    {
        var broker = CreateVirtualHost();
        return (await broker, await CreateDatabase());
    }

    /// <summary>An empty virtual host and an empty database, as before the first start of a host.</summary>
    public async Task<(Uri Broker, string Database)> CreateBothEmpty()
    {
        var broker = CreateVirtualHost();
        return (await broker, await CreateEmptyDatabase());
    }

    public async Task<Uri> CreateVirtualHost()
    {
        var broker = await _servers.Value.Broker;
        return await broker.CreateVirtualHost();
    }

    /// <summary>
    /// A database that has its tables: a copy of one that was migrated, because migrating each costs more than many a test.
    /// </summary>
    public async Task<string> CreateDatabase()
    {
        var template = await _template.Value;
        var database = await _servers.Value.Database;
        return await database.CreateDatabase(template);
    }

    public async Task<string> CreateEmptyDatabase()
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

    async Task<string> CreateTemplate()
    {
        var database = await CreateEmptyDatabase();
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(Options.Create(new PostgresOptions()));
        services.AddPostgresStore(database);
        // Disposed before the first copy is made, which nobody may be connected to.
        await using var host = services.BuildServiceProvider();
        await host.GetRequiredService<Schema>().EnsureReady(CancellationToken.None);
        return new NpgsqlConnectionStringBuilder(database).Database!;
    }

    static Pair Start()
    {
        // Whoever names a server means it, whatever is installed.
        var broker = Named(ServersMissing.RabbitMq);
        var database = Named(ServersMissing.Postgres);

        var missing = new List<string>();
        if (broker is null && !RabbitMqServer.IsInstalled)
            missing.Add("RabbitMQ");
        if (database is null && !PostgresServer.IsInstalled)
            missing.Add("PostgreSQL");
        if (missing.Count > 0)
            throw ServersMissing.ToBeUsed(missing);

        return new Pair(
            broker is null ? AsBroker(RabbitMqServer.Start()) : Task.FromResult<IBroker>(new GivenRabbitMq(new Uri(broker))),
            database is null ? AsDatabase(PostgresServer.Start()) : Task.FromResult<IDatabaseServer>(new GivenPostgres(database))
        );
    }

    static string? Named(string server) =>
        Environment.GetEnvironmentVariable(server) is { } named && !string.IsNullOrWhiteSpace(named) ? named : null;

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
