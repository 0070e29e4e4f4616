using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Intake;
using NotificationBus.Notifications;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>The live ledger in PostgreSQL.</summary>
/// <param name="database">For what hosts note each second.</param>
/// <param name="operators">For what people ask.</param>
public sealed class PostgresLedger(NpgsqlDataSource database, [FromKeyedServices(PostgresSetup.Operators)] NpgsqlDataSource operators)
    : IUnrecordedNotifications,
        INotificationLedger
{
    /// <summary>The condition that one is on record. With an offset the server looks for each by itself.</summary>
    const string OnRecord = """
        EXISTS (SELECT FROM notification_key k JOIN notification r ON r.created_at = k.created_at AND r.id = k.id WHERE k.id = u.id
            OFFSET 0)
        """;

    /// <summary>
    /// Forgets those that have come on record, or whose event is among the failed messages, which have an alarm of their own.
    /// </summary>
    internal const string Reconcile = $"""
        DELETE FROM unrecorded_notification u
        WHERE {OnRecord} OR u.message_id::text IN (SELECT message_id FROM failed_message WHERE message_id IS NOT NULL)
        """;

    /// <summary>Counts those that should be on record, and are not.</summary>
    internal const string CountUnreconciled =
        $"SELECT count(*) FROM unrecorded_notification u WHERE accepted_at < now() - @grace AND NOT {OnRecord}";

    /// <inheritdoc />
    public async Task Note(IReadOnlyList<PromisedNotification> accepted, CancellationToken cancellationToken)
    {
        // The key is written with the row. With an offset the server looks for each by itself, also while the table is empty.
        var command = new NpgsqlBatchCommand(
            """
            INSERT INTO unrecorded_notification (id, message_id, accepted_at)
            SELECT a.id, a.message_id, now() - a.ago
            FROM unnest(@id, @message_id, @ago) AS a (id, message_id, ago)
            LEFT JOIN LATERAL (SELECT id FROM notification_key WHERE id = a.id OFFSET 0) AS k ON true
            WHERE k.id IS NULL
            ON CONFLICT (id) DO NOTHING
            """
        );
        command.Parameters.Add("id", accepted, one => one.Id);
        command.Parameters.Add("message_id", accepted, one => one.MessageId);
        command.Parameters.Add("ago", accepted, one => one.Ago);
        await database.Write(command, cancellationToken);
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<LedgerHour>> Hours(DateTimeOffset? before, int limit, CancellationToken cancellationToken)
    {
        await using var command = operators.CreateCommand(
            """
            WITH newest AS (SELECT coalesce(@before - interval '1 hour', (SELECT max(created_at) FROM notification), now()) AS at),
            last AS (SELECT date_trunc('hour', greatest(at, CASE WHEN @before IS NULL THEN now() END), 'UTC') AS hour FROM newest)
            SELECT hour, accepted, delivered, partly_delivered, cancelled, expired, failed, in_flight, difference, oldest_open
            FROM ledger WHERE hour <= (SELECT hour FROM last) AND hour > (SELECT hour FROM last) - @limit * interval '1 hour'
            ORDER BY hour DESC
            """
        );
        command.Parameters.Add(
            new NpgsqlParameter("before", NpgsqlTypes.NpgsqlDbType.TimestampTz)
            {
                Value = before is { } at ? at.ToUniversalTime() : DBNull.Value,
            }
        );
        command.Parameters.Add(new NpgsqlParameter<int>("limit", limit));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);

        var hours = new List<LedgerHour>();
        while (await reader.ReadAsync(cancellationToken))
            hours.Add(Read(reader));
        return hours;
    }

    /// <inheritdoc />
    public async Task<long> Unreconciled(CancellationToken cancellationToken)
    {
        await using var command = operators.CreateCommand(CountUnreconciled);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan>("grace", LedgerRules.Grace));
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    static LedgerHour Read(NpgsqlDataReader row) =>
        new(
            row.GetFieldValue<DateTimeOffset>(0),
            row.GetInt64(1),
            new EndedCount(row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6)),
            row.GetInt64(7),
            row.GetInt64(8),
            row.IsDBNull(9) ? null : row.GetFieldValue<DateTimeOffset>(9)
        );
}
