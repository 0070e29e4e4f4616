using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// Forgets notifications, their attempts, their sagas' steps and their contents by dropping the partitions of whole months. A month with a
/// notification that has not ended is kept.
/// </summary>
public sealed partial class Retention(
    [FromKeyedServices(PostgresSetup.Operators)] NpgsqlDataSource database,
    IOptions<RetentionOptions> options,
    ILogger<Retention> log
)
{
    // Any number will do, as long as all hosts take the same.
    const long DroppingLock = 0x4E6F_7469_6664;

    // One statement forgets this many ids: short enough not to hold up an event that comes again meanwhile.
    const int BatchSize = 10_000;

    /// <summary>Drops what is older than the settings say; nothing while another host is at it.</summary>
    /// <exception cref="PostgresException">
    /// Somebody has used the tables for too long (<see cref="PostgresErrorCodes.LockNotAvailable"/>), or this user may not drop them.
    /// </exception>
    public async Task Apply(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        if (!await Scalar<bool>(connection, $"SELECT pg_try_advisory_lock({DroppingLock})", cancellationToken))
            return;

        try
        {
            foreach (var month in await ContentsBefore(connection, options.Value.Contents, cancellationToken))
                await DropContents(connection, month, cancellationToken);

            if (options.Value.Notifications is not { } age)
                return;

            foreach (var month in await MonthsBefore(connection, age, cancellationToken))
                await Drop(connection, month, cancellationToken);

            await ForgetAttemptsOfNoNotification(connection, age, cancellationToken);
        }
        finally
        {
            await Execute(connection, $"SELECT pg_advisory_unlock({DroppingLock})", CancellationToken.None);
        }
    }

    /// <summary>
    /// Forgets failed messages about which somebody has decided, and changes of operators and of automation, when they are older or more
    /// than the settings say; repairs as changes; and withdrawals whose time is over.
    /// </summary>
    public async Task ForgetWhatIsDecided(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // What waited for long and was put back today is as old as that, and so is what was edited for it.
        await using var messages = Command(
            connection,
            "DELETE FROM failed_message WHERE state <> 'Failed' AND coalesce(replayed_at, failed_at) < now() - @age"
        );
        messages.Parameters.Add(new NpgsqlParameter<TimeSpan>("age", options.Value.FailedMessages));
        var failed = await messages.ExecuteNonQueryAsync(cancellationToken);

        // Where no partition was made for them.
        await using var contents = Command(connection, "DELETE FROM content_default WHERE day < (now() - @age)::date");
        contents.Parameters.Add(new NpgsqlParameter<TimeSpan>("age", options.Value.Contents));
        await contents.ExecuteNonQueryAsync(cancellationToken);

        await using var withdrawals = Command(connection, "DELETE FROM withdrawal WHERE before < now() - interval '1 day'");
        await withdrawals.ExecuteNonQueryAsync(cancellationToken);

        // What ran until lately may still be looked at; when it is planned once more, the ids are the same.
        await using var repairs = Command(connection, "DELETE FROM repair WHERE created_at < now() - @age AND state <> 'Running'");
        repairs.Parameters.Add(new NpgsqlParameter<TimeSpan>("age", options.Value.Changes));
        await repairs.ExecuteNonQueryAsync(cancellationToken);

        await using var controls = Command(
            connection,
            """
            DELETE FROM control_change WHERE at < now() - @age
                OR (code IS NULL AND number <= (SELECT number FROM control_change WHERE code IS NULL
                    ORDER BY number DESC OFFSET @most LIMIT 1))
                OR (code IS NOT NULL AND number <= (SELECT number FROM control_change WHERE code IS NOT NULL
                    ORDER BY number DESC OFFSET @most LIMIT 1))
            """
        );
        controls.Parameters.Add(new NpgsqlParameter<TimeSpan>("age", options.Value.Changes));
        controls.Parameters.Add(new NpgsqlParameter<int>("most", options.Value.ChangesCount));
        var changes = await controls.ExecuteNonQueryAsync(cancellationToken);
        if (failed + changes > 0)
            Forgotten(failed, changes);
    }

    static async Task<IReadOnlyList<Month>> Months(
        NpgsqlConnection connection,
        string table,
        Func<string, Month?> monthOf,
        CancellationToken cancellationToken
    )
    {
        var months = new List<Month>();
        await using var command = Command(
            connection,
            $"""
            SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = '{table}'::regclass ORDER BY relname
            """
        );
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            if (monthOf(reader.GetString(0)) is { } month)
                months.Add(month);
        }

        return months;
    }

    /// <summary>
    /// The months whose contents are all older. What is under way still needs what was planned for it: the sweep has in mind what had not
    /// ended after some minutes.
    /// </summary>
    static async Task<IReadOnlyList<Month>> ContentsBefore(NpgsqlConnection connection, TimeSpan age, CancellationToken cancellationToken)
    {
        var before = new List<Month>();
        foreach (var month in await Months(connection, "content", Month.OfContents, cancellationToken))
        {
            await using var command = Command(
                connection,
                $"""
                SELECT now() - @age >= '{month.End}' AND NOT EXISTS (
                    SELECT FROM unfinished_notification u JOIN notification n ON n.created_at = u.created_at AND n.id = u.id
                    WHERE u.created_at >= '{month.Begin}' AND u.created_at < '{month.End}' AND n.completed_at IS NULL)
                """
            );
            command.Parameters.Add(new NpgsqlParameter<TimeSpan>("age", age));
            if ((bool)(await command.ExecuteScalarAsync(cancellationToken))!)
                before.Add(month);
        }

        return before;
    }

    async Task DropContents(NpgsqlConnection connection, Month month, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await Execute(connection, $"{Partitions.LimitWaiting}; DROP TABLE {month.Contents}", cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        ContentsDropped($"{month}");
    }

    static async Task<IReadOnlyList<Month>> MonthsBefore(NpgsqlConnection connection, TimeSpan age, CancellationToken cancellationToken)
    {
        var before = new List<Month>();
        foreach (var month in await Months(connection, "notification", Month.Of, cancellationToken))
        {
            // A day after its end nothing is stored any more that began in it, on hosts whose clocks are about right.
            await using var command = Command(
                connection,
                $"""
                SELECT now() - interval '1 day' >= '{month.End}'
                    AND coalesce((SELECT max(created_at) FROM {month.Notifications}), '{month.Begin}') < now() - @age
                """
            );
            command.Parameters.Add(new NpgsqlParameter<TimeSpan>("age", age));
            if ((bool)(await command.ExecuteScalarAsync(cancellationToken))!)
                before.Add(month);
        }

        return before;
    }

    /// <summary>
    /// Forgets the ids first: from then on nobody finds a notification of the month, and no step of one begins. A step that had begun
    /// before may still take one up again. Then the sweep has it in mind since the same commit, and its id is put back.
    /// </summary>
    async Task Drop(NpgsqlConnection connection, Month month, CancellationToken cancellationToken)
    {
        var unfinished = await Unfinished(connection, month, cancellationToken);
        var unpublished = await Scalar<long>(
            connection,
            $"""
            SELECT count(*) FROM outgoing_message o
            JOIN notification_key k ON k.id = o.notification_id
            JOIN {month.Notifications} n ON n.created_at = k.created_at AND n.id = k.id
            """,
            cancellationToken
        );
        if (unfinished + unpublished > 0)
        {
            // What was forgotten by a host that did not come to the end.
            await PutBackUnfinished(connection, month, cancellationToken);
            Kept($"{month}", unfinished, unpublished, month.End);
            return;
        }

        var count = await Forget(connection, month, cancellationToken);
        var isDropped = false;
        try
        {
            isDropped = await DropUnlessTakenUpAgain(connection, month, cancellationToken);
        }
        finally
        {
            // Also when the lock was not to be had.
            if (!isDropped)
                await PutBackUnfinished(connection, month, cancellationToken);
        }

        if (isDropped)
        {
            Dropped(count, $"{month}");
            return;
        }

        Kept($"{month}", await Unfinished(connection, month, cancellationToken), unpublished, month.End);
    }

    static Task<long> Unfinished(NpgsqlConnection connection, Month month, CancellationToken cancellationToken) =>
        Scalar<long>(connection, $"SELECT count(*) FROM {month.Notifications} WHERE completed_at IS NULL", cancellationToken);

    static Task PutBackUnfinished(NpgsqlConnection connection, Month month, CancellationToken cancellationToken) =>
        Execute(
            connection,
            $"""
            INSERT INTO notification_key (id, created_at) SELECT id, created_at FROM {month.Notifications} WHERE completed_at IS NULL
            ON CONFLICT (id) DO NOTHING
            """,
            cancellationToken
        );

    /// <summary>Forgets which ids the month has, but not those under which the same event has begun a notification since.</summary>
    static async Task<long> Forget(NpgsqlConnection connection, Month month, CancellationToken cancellationToken)
    {
        var (count, createdAt, id) = (0L, DateTime.MinValue, Guid.Empty);
        while (true)
        {
            await using var command = Command(
                connection,
                $"""
                WITH batch AS (
                    SELECT created_at, id, completed_at FROM {month.Notifications} WHERE (created_at, id) > (@created_at, @id)
                        ORDER BY created_at, id LIMIT {BatchSize}),
                forgotten AS (
                    DELETE FROM notification_key k USING batch
                        WHERE k.id = batch.id AND k.created_at = batch.created_at AND batch.completed_at IS NOT NULL)
                SELECT created_at, id, (SELECT count(*) FROM batch) FROM batch ORDER BY created_at DESC, id DESC LIMIT 1
                """
            );
            command.Parameters.Add(new NpgsqlParameter<DateTime>("created_at", DateTime.SpecifyKind(createdAt, DateTimeKind.Utc)));
            command.Parameters.Add(new NpgsqlParameter<Guid>("id", id));
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            if (!await reader.ReadAsync(cancellationToken))
                return count;

            (createdAt, id) = (reader.GetFieldValue<DateTime>(0), reader.GetGuid(1));
            count += reader.GetInt64(2);
        }
    }

    static async Task<bool> DropUnlessTakenUpAgain(NpgsqlConnection connection, Month month, CancellationToken cancellationToken)
    {
        // Not detached concurrently, which cannot be done beside a default partition: the lock is had or given up within a second, and
        // held for milliseconds.
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await Execute(
            connection,
            $"{Partitions.LimitWaiting}; LOCK TABLE ONLY notification, ONLY delivery_attempt, ONLY saga_step, "
                + "ONLY notification_reference, ONLY notification_range, ONLY notification_not_delivered IN ACCESS EXCLUSIVE MODE",
            cancellationToken
        );
        if (
            await Scalar<bool>(
                connection,
                $"""
                SELECT EXISTS (
                    SELECT FROM unfinished_notification u JOIN {month.Notifications} n ON n.created_at = u.created_at AND n.id = u.id
                    WHERE n.completed_at IS NULL)
                """,
                cancellationToken
            )
        )
        {
            return false;
        }

        // What was lost of the month would be gone by now as well.
        await Execute(
            connection,
            $"""
            DROP TABLE {month.Notifications}, {month.Attempts}, {month.Steps}, {month.References}, {month.Ranges}, {month.NotDelivered};
            DELETE FROM unrecorded_notification WHERE accepted_at >= '{month.Begin}' AND accepted_at < '{month.End}'
            """,
            cancellationToken
        );
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    static async Task ForgetAttemptsOfNoNotification(NpgsqlConnection connection, TimeSpan age, CancellationToken cancellationToken)
    {
        await using var command = Command(
            connection,
            "DELETE FROM delivery_attempt_default WHERE NOT isfinite(notification_created_at) AND started_at < now() - @age"
        );
        command.Parameters.Add(new NpgsqlParameter<TimeSpan>("age", age));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    static async Task<T> Scalar<T>(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, sql);
        return (T)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    static async Task Execute(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>A month may be large, and reading it may take longer than a statement usually does.</summary>
    static NpgsqlCommand Command(NpgsqlConnection connection, string sql) => new(sql, connection) { CommandTimeout = 0 };

    [LoggerMessage(
        LogLevel.Information,
        "Forgot {Failed} failed messages that were replayed or archived and {Changes} changes, as Retention says"
    )]
    partial void Forgotten(int failed, int changes);

    [LoggerMessage(LogLevel.Information, "Dropped the texts of {Month}, as Retention:Contents says")]
    partial void ContentsDropped(string month);

    [LoggerMessage(LogLevel.Information, "Dropped {Count} notifications of {Month} and their attempts, as Retention:Notifications says")]
    partial void Dropped(long count, string month);

    [LoggerMessage(
        LogLevel.Warning,
        "{Month} is older than Retention:Notifications and kept, because {Unfinished} of its notifications have not ended (SELECT * FROM "
            + "notification_overview WHERE completed_at IS NULL AND created_at < '{End}') and {Unpublished} messages of "
            + "them are in outgoing_message"
    )]
    partial void Kept(string month, long unfinished, long unpublished, string end);
}
