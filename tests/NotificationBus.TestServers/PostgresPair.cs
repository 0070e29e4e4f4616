using Npgsql;

namespace NotificationBus.IntegrationTests.Servers;

/// <summary>A primary that waits for its standby with every commit, and a database on both.</summary>
sealed class PostgresPair : IAsyncDisposable
{
    PostgresPair(PostgresServer primary, PostgresServer standby, string database)
    {
        (Primary, Standby) = (primary, standby);
        OnThePrimary = database;
        Database = new NpgsqlConnectionStringBuilder(database) { Host = $"{primary.Address},{standby.Address}" }.ConnectionString;
        OnTheStandby = new NpgsqlConnectionStringBuilder(database) { Host = standby.Address }.ConnectionString;
    }

    public PostgresServer Primary { get; }

    public PostgresServer Standby { get; }

    /// <summary>The database as a host is told of it, which takes whatever server writes.</summary>
    public string Database { get; }

    public string OnThePrimary { get; }

    public string OnTheStandby { get; }

    public static async Task<PostgresPair> Start()
    {
        var primary = await PostgresServer.Start();
        try
        {
            var database = await primary.CreateDatabase();
            return new PostgresPair(primary, await primary.StartStandby(), database);
        }
        catch
        {
            await primary.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Standby.Thaw();
        await Standby.DisposeAsync();
        await Primary.DisposeAsync();
    }
}
