using NotificationBus.Benchmarks.Contenders;
using NotificationBus.Benchmarks.Load;
using NotificationBus.IntegrationTests.Servers;
using Npgsql;

namespace NotificationBus.Benchmarks.Measures;

/// <summary>Where one contender runs once: a virtual host and a database of its own, a producer, and its record.</summary>
sealed class Stand : IAsyncDisposable
{
    readonly int _atOnce;

    Stand(OwnServers servers, Uri virtualHost, string database, int atOnce, RunningContender running, Publisher publisher)
    {
        _atOnce = atOnce;
        ConnectionString = database;
        Servers = servers;
        VirtualHost = virtualHost;
        Running = running;
        Publisher = publisher;
        Record = new Record(database);
    }

    public OwnServers Servers { get; }

    public Uri VirtualHost { get; }

    /// <summary>The database.</summary>
    public string ConnectionString { get; }

    public RunningContender Running { get; }

    public Publisher Publisher { get; }

    public Record Record { get; }

    public static async Task<Stand> Open(OwnServers servers, Contender contender, IReadOnlyDictionary<string, string>? settings = null)
    {
        var virtualHost = await servers.Broker.CreateVirtualHost();
        var database = await servers.Postgres.CreateDatabase();
        var running = await contender.Start(virtualHost, database, settings);
        return new Stand(servers, virtualHost, database, contender.Expected, running, await Publisher.Connect(virtualHost));
    }

    /// <summary>One more producer.</summary>
    public Task<Publisher> Connect() => Publisher.Connect(VirtualHost);

    /// <summary>
    /// Lets notifications through for some time, so that what is compiled on the way is compiled before anything is measured.
    /// </summary>
    /// <returns>How many there were, and how many of them came through a second towards the end.</returns>
    public async Task<(int Count, double PerSecond)> WarmUp(TimeSpan time)
    {
        var started = Clock.Now;
        for (var count = _atOnce; ; count += _atOnce)
        {
            var portion = Clock.Now;
            await Publisher.Publish(Events.Placed(_atOnce));
            await Record.UntilCompleted(count, started);
            if (Clock.Now - started < time)
                continue;

            var perSecond = _atOnce / (Clock.Now - portion).TotalSeconds;
            await Record.Checkpoint();
            return (count, perSecond);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Publisher.DisposeAsync();
        await Running.DisposeAsync();
        await Record.DisposeAsync();
        // Whoever comes next must not share the server with the vacuuming of what is over.
        await Database.Drop(Servers.Postgres.ConnectionString, new NpgsqlConnectionStringBuilder(ConnectionString).Database!);
    }
}
