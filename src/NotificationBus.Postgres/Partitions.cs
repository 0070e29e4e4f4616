using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// Makes the partitions of notifications, of what they are found by, of attempts, sagas' steps and contents, for each month, before they
/// are needed. What comes in a month without one is kept in the default partition, and moved when there is one.
/// </summary>
public sealed partial class Partitions([FromKeyedServices(PostgresSetup.Operators)] NpgsqlDataSource database, ILogger<Partitions> log)
{
    // Any number will do, as long as all hosts take the same.
    const long MakingLock = 0x4E6F_7469_6670;

    /// <summary>
    /// Limits how long a change of the tables waits for those who use them. They wait behind it for as long: rather again later.
    /// </summary>
    internal const string LimitWaiting = "SET LOCAL lock_timeout = '1s'";

    const string Ahead =
        "SELECT (date_trunc('month', now() AT TIME ZONE 'UTC') + ahead * interval '1 month')::date FROM generate_series(0, 2) AS ahead";

    /// <summary>The months that lack their partitions: this one, the two after it, and those the default partitions have rows of.</summary>
    internal Task<IReadOnlyList<Month>> Missing(CancellationToken cancellationToken) =>
        Months(
            $"""
            SELECT first FROM (
                {Ahead}
                UNION SELECT date_trunc('month', created_at AT TIME ZONE 'UTC')::date FROM notification_default
                UNION SELECT date_trunc('month', notification_created_at AT TIME ZONE 'UTC')::date FROM delivery_attempt_default
                    WHERE isfinite(notification_created_at)
                UNION SELECT date_trunc('month', notification_created_at AT TIME ZONE 'UTC')::date FROM saga_step_default
                ) AS wanted (first)
            WHERE to_regclass('notification_' || to_char(first, 'YYYY_MM')) IS NULL
            ORDER BY first
            """,
            cancellationToken
        );

    /// <summary>The same for contents: they go earlier than the notifications of their month.</summary>
    internal Task<IReadOnlyList<Month>> MissingContents(CancellationToken cancellationToken) =>
        Months(
            $"""
            SELECT first FROM ({Ahead} UNION SELECT date_trunc('month', day)::date FROM content_default) AS wanted (first)
            WHERE to_regclass('content_' || to_char(first, 'YYYY_MM')) IS NULL
            ORDER BY first
            """,
            cancellationToken
        );

    async Task<IReadOnlyList<Month>> Months(string sql, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        command.CommandTimeout = 0;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var missing = new List<Month>();
        while (await reader.ReadAsync(cancellationToken))
            missing.Add(new Month(reader.GetFieldValue<DateOnly>(0)));

        return missing;
    }

    /// <summary>Makes those that are missing. Any number of hosts may do so at once.</summary>
    /// <exception cref="PostgresException">
    /// Somebody has used the tables for too long (<see cref="PostgresErrorCodes.LockNotAvailable"/>), or this user may not change them.
    /// </exception>
    public async Task MakeAhead(CancellationToken cancellationToken)
    {
        foreach (var month in await Missing(cancellationToken))
            await Make(month, cancellationToken);
        foreach (var month in await MissingContents(cancellationToken))
            await MakeContents(month, cancellationToken);
    }

    async Task MakeContents(Month month, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (!await TakeTurn(connection, transaction, "content", month.Contents, cancellationToken))
            return;

        await using var make = new NpgsqlCommand(
            $"""
            {LimitWaiting};
            CREATE TABLE {month.Contents} (LIKE content INCLUDING DEFAULTS INCLUDING STORAGE) WITH (toast_tuple_target = 8160);
            LOCK TABLE content_default IN ACCESS EXCLUSIVE MODE;
            WITH moved AS (DELETE FROM content_default WHERE day >= '{month.FirstDay}' AND day < '{month.Next.FirstDay}' RETURNING *)
            INSERT INTO {month.Contents} SELECT * FROM moved;
            ALTER TABLE content ATTACH PARTITION {month.Contents} FOR VALUES FROM ('{month.FirstDay}') TO ('{month.Next.FirstDay}');
            """,
            connection,
            transaction
        )
        {
            CommandTimeout = 0,
        };
        await make.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Waits until no other host makes partitions. False when one has made this partition meanwhile.</summary>
    static async Task<bool> TakeTurn(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        string table,
        string partition,
        CancellationToken cancellationToken
    )
    {
        await using (var take = Command($"SELECT pg_advisory_xact_lock({MakingLock})"))
            await take.ExecuteNonQueryAsync(cancellationToken);
        // Read from the catalogue: to_regclass() may still say what it said before another host was first.
        await using var look = Command(
            $"SELECT EXISTS (SELECT FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = '{table}'::regclass "
                + $"AND relname = '{partition}')"
        );
        return !(bool)(await look.ExecuteScalarAsync(cancellationToken))!;

        NpgsqlCommand Command(string sql) => new(sql, connection, transaction) { CommandTimeout = 0 };
    }

    async Task Make(Month month, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (!await TakeTurn(connection, transaction, "notification", month.Notifications, cancellationToken))
            return;

        await using var make = Command(
            $"""
            {LimitWaiting};
            CREATE TABLE {month.Notifications} (LIKE notification INCLUDING DEFAULTS) WITH (fillfactor = 75);
            CREATE TABLE {month.Attempts} (LIKE delivery_attempt INCLUDING DEFAULTS);
            CREATE TABLE {month.Steps} (LIKE saga_step INCLUDING DEFAULTS);
            CREATE TABLE {month.References} (LIKE notification_reference INCLUDING DEFAULTS);
            CREATE TABLE {month.Ranges} (LIKE notification_range INCLUDING DEFAULTS);
            CREATE TABLE {month.NotDelivered} (LIKE notification_not_delivered INCLUDING DEFAULTS);
            LOCK TABLE notification_default, notification_reference_default, notification_range_default, notification_not_delivered_default,
                delivery_attempt_default, saga_step_default IN ACCESS EXCLUSIVE MODE;
            WITH moved AS (DELETE FROM notification_default WHERE created_at >= '{month.Begin}' AND created_at < '{month.End}' RETURNING *)
            INSERT INTO {month.Notifications} SELECT * FROM moved;
            WITH moved AS (DELETE FROM delivery_attempt_default
                WHERE notification_created_at >= '{month.Begin}' AND notification_created_at < '{month.End}' RETURNING *)
            INSERT INTO {month.Attempts} SELECT * FROM moved;
            WITH moved AS (DELETE FROM saga_step_default
                WHERE notification_created_at >= '{month.Begin}' AND notification_created_at < '{month.End}' RETURNING *)
            INSERT INTO {month.Steps} SELECT * FROM moved;
            WITH moved AS (DELETE FROM notification_reference_default WHERE created_at >= '{month.Begin}' AND created_at < '{month.End}'
                RETURNING *)
            INSERT INTO {month.References} SELECT * FROM moved;
            WITH moved AS (DELETE FROM notification_range_default WHERE until >= '{month.Begin}' AND until < '{month.End}' RETURNING *)
            INSERT INTO {month.Ranges} SELECT * FROM moved;
            WITH moved AS (DELETE FROM notification_not_delivered_default WHERE created_at >= '{month.Begin}' AND created_at < '{month.End}'
                RETURNING *)
            INSERT INTO {month.NotDelivered} SELECT * FROM moved;
            ALTER TABLE notification ATTACH PARTITION {month.Notifications} FOR VALUES FROM ('{month.Begin}') TO ('{month.End}');
            ALTER TABLE delivery_attempt ATTACH PARTITION {month.Attempts} FOR VALUES FROM ('{month.Begin}') TO ('{month.End}');
            ALTER TABLE saga_step ATTACH PARTITION {month.Steps} FOR VALUES FROM ('{month.Begin}') TO ('{month.End}');
            ALTER TABLE notification_reference ATTACH PARTITION {month.References} FOR VALUES FROM ('{month.Begin}') TO ('{month.End}');
            ALTER TABLE notification_range ATTACH PARTITION {month.Ranges} FOR VALUES FROM ('{month.Begin}') TO ('{month.End}');
            ALTER TABLE notification_not_delivered ATTACH PARTITION {month.NotDelivered}
                FOR VALUES FROM ('{month.Begin}') TO ('{month.End}');
            """
        );
        await make.ExecuteNonQueryAsync(cancellationToken);
        await using var count = Command($"SELECT count(*) FROM {month.Notifications}");
        var moved = (long)(await count.ExecuteScalarAsync(cancellationToken))!;
        await transaction.CommitAsync(cancellationToken);
        if (moved > 0)
            Moved(moved, $"{month}");

        // What is moved may take longer than a statement usually does.
        NpgsqlCommand Command(string sql) => new(sql, connection, transaction) { CommandTimeout = 0 };
    }

    [LoggerMessage(
        LogLevel.Warning,
        "{Count} notifications were created in {Month} while there was no partition for it, and were moved into it"
    )]
    partial void Moved(long count, string month);
}
