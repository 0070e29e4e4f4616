using System.Diagnostics;
using System.Text;
using Npgsql;

namespace NotificationBus.IntegrationTests;

/// <summary>The record as an operator reads it with psql: through the documented views.</summary>
sealed class The_record(string connectionString) : IAsyncDisposable
{
    // The views are not read for nothing: every look costs those who work what it costs the database.
    static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(200);

    readonly NpgsqlDataSource _database = NpgsqlDataSource.Create(connectionString);

    public async Task<T> Scalar<T>(string sql)
    {
        await using var command = _database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Changes the record behind the hosts' backs.</summary>
    public async Task<int> Execute(string sql)
    {
        await using var command = _database.CreateCommand(sql);
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>The names of the columns and how many rows there are.</summary>
    public async Task<(IReadOnlyList<string> Columns, int Rows)> Read(string sql)
    {
        await using var command = _database.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var columns = Enumerable.Range(0, reader.FieldCount).Select(reader.GetName).ToList();
        var rows = 0;
        while (await reader.ReadAsync())
            rows++;

        return (columns, rows);
    }

    /// <summary>The first column of all rows, as text.</summary>
    public async Task<string> Text(string sql)
    {
        await using var command = _database.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var text = new StringBuilder();
        while (await reader.ReadAsync())
            text.Append(reader.GetValue(0)).Append('\n');

        return text.ToString();
    }

    /// <summary>Everything that this user may read, as text.</summary>
    public async Task<string> Dump()
    {
        var names = await Text(
            """
            SELECT c.oid::regclass::text FROM pg_class c
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'm') AND has_table_privilege(c.oid, 'SELECT')
            """
        );
        var dump = new StringBuilder();
        foreach (var name in names.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            dump.Append(await Text($"SELECT row_to_json(t)::text FROM {name} t"));
        return dump.ToString();
    }

    /// <summary>Waits until every notification has an outcome.</summary>
    public async Task UntilSettled(TimeSpan within)
    {
        var waiting = Stopwatch.StartNew();
        while (await Scalar<long>("SELECT count(*) FROM notification WHERE completed_at IS NULL") > 0)
        {
            if (waiting.Elapsed > within)
                throw new TimeoutException($"Some have no outcome after {within}");

            await Task.Delay(LookAgain);
        }
    }

    /// <summary>Holds back whoever wants to begin a notification, until disposed.</summary>
    public Task<IAsyncDisposable> HoldBackNewNotifications() => Lock("notification", "EXCLUSIVE");

    /// <summary>Holds back whoever wants to call a provider, until disposed.</summary>
    public Task<IAsyncDisposable> HoldBackCalls() => Lock("delivery_attempt", "EXCLUSIVE");

    /// <summary>Holds back whoever wants to read a table, until disposed.</summary>
    public Task<IAsyncDisposable> Hold(string table) => Lock(table, "ACCESS EXCLUSIVE");

    /// <summary>What those who are held back had asked for is not done any more.</summary>
    public Task EndThoseHeldBack() =>
        Execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'");

    /// <summary>What was opened before goes on under what held then.</summary>
    public Task EndSessionsOf(string user) => Execute($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{user}'");

    async Task<IAsyncDisposable> Lock(string table, string mode)
    {
        var connection = await _database.OpenConnectionAsync();
        await using var command = new NpgsqlCommand($"BEGIN; LOCK TABLE {table} IN {mode} MODE", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }

    /// <summary>Waits until nobody else is connected: what a killed host had begun to write is written or not.</summary>
    public Task UntilAlone(TimeSpan within) =>
        Until(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' "
                + "AND pid <> pg_backend_pid()",
            0,
            within
        );

    /// <summary>What is put off comes now.</summary>
    public Task LetAllBeDue() => Execute("UPDATE outgoing_message SET due_at = now()");

    /// <summary>The claims of a host that is dead run out now instead of in a minute.</summary>
    public Task LetClaimsRunOut() => Execute("UPDATE delivery_attempt SET lease_until = now() WHERE status = 'Started'");

    /// <summary>All notifications began so much earlier.</summary>
    /// <param name="by">An interval, as PostgreSQL writes it.</param>
    public Task MakeOlder(string by) =>
        Execute(
            $"""
            WITH keys AS (UPDATE notification_key SET created_at = created_at - interval '{by}'),
            unfinished AS (UPDATE unfinished_notification SET created_at = created_at - interval '{by}'),
            attempts AS (UPDATE delivery_attempt SET notification_created_at = notification_created_at - interval '{by}')
            UPDATE notification SET created_at = created_at - interval '{by}'
            """
        );

    /// <summary>Nothing is left to be published.</summary>
    public Task UntilNothingIsOutgoing(TimeSpan within) => Until("SELECT count(*) FROM outgoing_message", 0, within);

    public Task<long> Notifications(string where = "true") => Scalar<long>($"SELECT count(*) FROM notification_overview WHERE {where}");

    public Task<long> Deliveries(string where = "true") => Scalar<long>($"SELECT count(*) FROM delivery_overview WHERE {where}");

    /// <summary>Waits until a query gives what is wanted, and says what it gives when time is up.</summary>
    public async Task Until(string sql, long wanted, TimeSpan within)
    {
        var waiting = Stopwatch.StartNew();
        long found;
        while ((found = await Scalar<long>(sql)) != wanted)
        {
            if (waiting.Elapsed > within)
                throw new TimeoutException($"{sql} gives {found} after {within}, wanted is {wanted}");

            await Task.Delay(LookAgain);
        }
    }

    /// <summary>Waits until a count is no longer nought.</summary>
    public async Task Some(string sql, TimeSpan within)
    {
        var waiting = Stopwatch.StartNew();
        while (await Scalar<long>(sql) == 0)
        {
            if (waiting.Elapsed > within)
                throw new TimeoutException($"{sql} still gives 0 after {within}");

            await Task.Delay(5);
        }
    }

    public Task UntilDelivered(long count, TimeSpan within) =>
        Until("SELECT count(*) FROM notification_overview WHERE status = 'delivered'", count, within);

    public ValueTask DisposeAsync() => _database.DisposeAsync();
}
