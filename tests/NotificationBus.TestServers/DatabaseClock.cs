using Npgsql;

namespace NotificationBus.IntegrationTests.Servers;

/// <summary>A database of its own whose clock can be set: its statements find another <c>now()</c> and
/// <c>clock_timestamp()</c> before PostgreSQL's.</summary>
sealed class DatabaseClock : IAsyncDisposable
{
    readonly NpgsqlDataSource _source;

    DatabaseClock(string database)
    {
        Database = database;
        _source = NpgsqlDataSource.Create(database);
    }

    public string Database { get; }

    /// <summary>Sets the clock of an empty database, which nobody has connected to yet, so far ahead of the hosts'.</summary>
    public static async Task<DatabaseClock> Of(string database, TimeSpan ahead)
    {
        var clock = new DatabaseClock(database);
        var name = new NpgsqlConnectionStringBuilder(clock.Database).Database;
        await clock.Execute(
            $"""
            CREATE SCHEMA clock;
            CREATE TABLE clock.setting (ahead interval NOT NULL);
            INSERT INTO clock.setting VALUES ('0');
            CREATE FUNCTION clock.now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT pg_catalog.now() + ahead FROM clock.setting';
            CREATE FUNCTION clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
                AS 'SELECT pg_catalog.clock_timestamp() + ahead FROM clock.setting';
            ALTER DATABASE {name} SET search_path = clock, pg_catalog, public;
            """
        );
        // What was opened before does not find it.
        clock._source.Clear();
        await clock.Set(ahead);
        return clock;
    }

    /// <summary>Sets it so far ahead of the hosts' clocks; behind them when that is negative.</summary>
    public Task Set(TimeSpan ahead) => Execute($"UPDATE clock.setting SET ahead = interval '{(long)ahead.TotalSeconds} seconds'");

    public async Task<T> Scalar<T>(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    async Task Execute(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
