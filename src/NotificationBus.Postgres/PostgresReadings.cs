using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Notifications;
using NotificationBus.Telemetry;
using Npgsql;
using NpgsqlTypes;

namespace NotificationBus.Postgres;

/// <summary>Readings of the record in PostgreSQL. Whoever finds that it is time reads, and leaves what was read for the others.</summary>
public sealed class PostgresReadings([FromKeyedServices(PostgresSetup.Operators)] NpgsqlDataSource database, WaitingReadings waiting)
    : IRecordReadings
{
    // Reading takes no more than this share of the time.
    const int ShareOfTheTime = 20;

    static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    // One that has begun may be killed before it is done. Then it is another's turn.
    const string TakeTurn = """
        WITH turn AS (
            UPDATE record_reading SET next_at = now() + interval '1 minute'
            WHERE next_at <= now() OR next_at > now() + @longest + interval '1 minute'
            RETURNING 1)
        SELECT EXISTS (SELECT FROM turn), reading FROM record_reading
        """;

    // The oldest that nobody has put off and nobody decides about: of those that had not ended when the sweep passed them, which are few,
    // for to look among all that have begun since would read each of them. How many are looked at is bounded, should they be many.
    const string Look = $"""
        SELECT 'waiting' AS kind, destination, waits_for, count(*), min(coalesce(occurred_at, created_at)) FROM outgoing_message
        WHERE notification_id IS NOT NULL GROUP BY destination, waits_for
        UNION ALL SELECT 'due', NULL, NULL, count(*), min(due_at) FROM outgoing_message WHERE due_at <= now()
        UNION ALL SELECT 'held', NULL, NULL, count(*), min(created_at) FROM held_notification
        UNION ALL SELECT 'failed', f.kind, NULL, count(*), min(first_failed_at) FROM failed_message f WHERE state = 'Failed' GROUP BY f.kind
        UNION ALL SELECT 'unreconciled', NULL, NULL, ({PostgresLedger.CountUnreconciled}),
            (SELECT min(accepted_at) FROM unrecorded_notification)
        UNION ALL SELECT 'queue', NULL, NULL, 0, min(created_at) FROM (
            SELECT id, created_at FROM unfinished_notification ORDER BY created_at LIMIT 10000) AS u
        WHERE EXISTS (SELECT FROM notification n WHERE n.created_at = u.created_at AND n.id = u.id AND n.completed_at IS NULL OFFSET 0)
            AND NOT EXISTS (SELECT FROM held_notification h WHERE h.created_at = u.created_at AND h.id = u.id)
            AND NOT EXISTS (SELECT FROM outgoing_message o WHERE o.notification_id = u.id)
        """;

    /// <inheritdoc />
    public async Task<RecordReading?> Read(TimeSpan interval, CancellationToken cancellationToken)
    {
        var (isOurTurn, last) = await TakeTurnOrRead(cancellationToken);
        if (!isOurTurn)
            return last;

        var began = Stopwatch.GetTimestamp();
        await database.Write(new NpgsqlBatchCommand(PostgresLedger.Reconcile), cancellationToken);
        var reading = await Take(cancellationToken);
        await Leave(reading, Stopwatch.GetElapsedTime(began) * ShareOfTheTime, interval, cancellationToken);
        return reading;
    }

    async Task<(bool IsOurTurn, RecordReading? Last)> TakeTurnOrRead(CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand(TakeTurn);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan>("longest", Longest));
        return await database.Write(
            command,
            async reader =>
                await reader.ReadAsync(cancellationToken)
                    ? (
                        reader.GetBoolean(0),
                        reader.IsDBNull(1)
                            ? null
                            : JsonSerializer.Deserialize<RecordReading>(reader.GetString(1), JsonSerializerOptions.Web)
                    )
                    : default,
            cancellationToken
        );
    }

    async Task Leave(RecordReading reading, TimeSpan pause, TimeSpan interval, CancellationToken cancellationToken)
    {
        var next = pause > interval ? pause : interval;
        var command = new NpgsqlBatchCommand("UPDATE record_reading SET reading = @reading, next_at = now() + @next");
        command.Parameters.Add(
            new NpgsqlParameter<string>("reading", NpgsqlDbType.Jsonb)
            {
                TypedValue = JsonSerializer.Serialize(reading, JsonSerializerOptions.Web),
            }
        );
        command.Parameters.Add(new NpgsqlParameter<TimeSpan>("next", next < Longest ? next : Longest));
        await database.Write(command, cancellationToken);
    }

    async Task<RecordReading> Take(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"SELECT kind, destination, waits_for, count, min, now() FROM ({Look}) AS look");
        command.Parameters.Add(new NpgsqlParameter<TimeSpan>("grace", LedgerRules.Grace));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);

        var reading = new RecordReading { TakenAt = default };
        var messages = new List<WaitingMessages>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var since = reader.IsDBNull(4) ? (DateTimeOffset?)null : reader.GetFieldValue<DateTimeOffset>(4);
            reading = Add(reading, messages, reader, since) with { TakenAt = reader.GetFieldValue<DateTimeOffset>(5) };
        }

        return waiting.Add(reading, messages);
    }

    static RecordReading Add(RecordReading reading, List<WaitingMessages> messages, NpgsqlDataReader row, DateTimeOffset? since)
    {
        var (kind, count) = (row.GetString(0), row.GetInt64(3));
        if (kind == "waiting")
            messages.Add(new WaitingMessages(row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2), count, since!.Value));
        return kind switch
        {
            "due" => reading with { Due = count, DueSince = since },
            "held" => Oldest(reading with { Held = count }, WaitingReason.Decision),
            "unreconciled" => Oldest(reading with { Unreconciled = count }, WaitingReason.Intake),
            "queue" => Oldest(reading, WaitingReason.Queue),
            "failed" => reading with
            {
                FailedMessages =
                [
                    .. reading.FailedMessages,
                    new FailedMessageCount(JsonNamingPolicy.KebabCaseLower.ConvertName(row.GetString(1)), count, since!.Value),
                ],
            },
            _ => reading,
        };

        RecordReading Oldest(RecordReading of, string reason) =>
            since is { } at ? of with { Notifications = [.. of.Notifications, new OldestNotification(reason, at)] } : of;
    }
}
