using NotificationBus.Intake;
using Npgsql;
using NpgsqlTypes;

namespace NotificationBus.Postgres;

/// <summary>
/// Events of <c>notificationbus.publish</c>. Hosts take them side by side, in batches that skip what another host is taking: whatever is
/// there, so that one that commits late is not passed over. One that hosts have taken twice and not ended may be what ends them: it is
/// taken alone, so that no other is taken for it.
/// </summary>
public sealed class PostgresIntakeRows(NpgsqlDataSource database) : IIntakeRows, IAsyncDisposable
{
    const string Wake = "intake_event";

    // Shorter than a host goes on looking by itself after it has found something.
    static readonly TimeSpan Awake = TimeSpan.FromSeconds(1.5);

    readonly Listener _listener = new(database, Wake);

    /// <inheritdoc />
    public async Task<IReadOnlyList<IntakeRow>> Take(TimeSpan lease, int limit, CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand(
            $"""
            WITH suspect AS (
                SELECT id FROM intake_event WHERE due_at <= now() AND times > 1
                ORDER BY due_at, at LIMIT 1 FOR UPDATE SKIP LOCKED),
            others AS (
                SELECT id FROM intake_event
                WHERE due_at <= now() AND times <= 1 AND NOT EXISTS (SELECT FROM suspect)
                ORDER BY due_at, at LIMIT @limit FOR UPDATE SKIP LOCKED),
            due AS (SELECT id FROM suspect UNION ALL SELECT id FROM others),
            taken AS (
                UPDATE intake_event SET due_at = now() + @lease, times = times + 1 WHERE id = {Few.Of("id", "due")}
                RETURNING id, event_type, event, producer, times, at),
            awake AS (
                UPDATE intake_watch SET awake_until = now() + @awake, oldest_taken = (SELECT min(at) FROM taken)
                WHERE NOT awake_until BETWEEN now() + @awake / 2 AND now() + @awake * 2 AND EXISTS (SELECT FROM taken))
            SELECT id, event_type, convert_to(event::text, 'UTF8'), producer, times FROM taken ORDER BY at
            """
        );
        command.Parameters.Add(new NpgsqlParameter<TimeSpan>("lease", lease));
        command.Parameters.Add(new NpgsqlParameter<int>("limit", limit));
        command.Parameters.Add(new NpgsqlParameter<TimeSpan>("awake", Awake));
        return await database.Write(command, reader => Read(reader, cancellationToken), cancellationToken);
    }

    /// <inheritdoc />
    public Task Remove(IReadOnlyCollection<IntakeRow> rows, CancellationToken cancellationToken)
    {
        // What comes back after a fail-over is published again under the same event id. Published is published: whoever may have taken it
        // since need not do it once more.
        var command = new NpgsqlBatchCommand("DELETE FROM intake_event WHERE id = ANY(@id)");
        command.Parameters.Add(Ids(rows));
        return database.Write(command, cancellationToken);
    }

    /// <inheritdoc />
    public Task PutOff(IReadOnlyCollection<IntakeRow> rows, TimeSpan by, CancellationToken cancellationToken)
    {
        // Not what another host has taken since: that one's lease holds.
        var command = new NpgsqlBatchCommand(
            """
            UPDATE intake_event AS e SET due_at = now() + @by, times = e.times - 1
            FROM unnest(@id, @times) AS mine (id, times) WHERE e.id = mine.id AND e.times = mine.times
            """
        );
        command.Parameters.Add(new NpgsqlParameter<TimeSpan>("by", by));
        command.Parameters.Add(Ids(rows));
        command.Parameters.Add(
            new NpgsqlParameter<int[]>("times", NpgsqlDbType.Array | NpgsqlDbType.Integer)
            {
                TypedValue = [.. rows.Select(row => row.Times)],
            }
        );
        return database.Write(command, cancellationToken);
    }

    /// <inheritdoc />
    public async Task Wait(TimeSpan atMost, CancellationToken cancellationToken)
    {
        // What was published before it listens has woken nobody: then it is looked at once.
        if (!await _listener.EnsureListening(cancellationToken))
            await _listener.Wait(atMost, cancellationToken);
    }

    /// <inheritdoc />
    public async Task<TimeSpan?> LongestWait(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT clock_timestamp() - at FROM intake_event ORDER BY at LIMIT 1");
        return await command.ExecuteScalarAsync(cancellationToken) as TimeSpan?;
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _listener.DisposeAsync();

    static NpgsqlParameter<Guid[]> Ids(IReadOnlyCollection<IntakeRow> rows) =>
        new("id", NpgsqlDbType.Array | NpgsqlDbType.Uuid) { TypedValue = [.. rows.Select(row => row.Id)] };

    static async Task<IReadOnlyList<IntakeRow>> Read(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        var rows = new List<IntakeRow>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(
                new IntakeRow(
                    reader.GetGuid(0),
                    reader.GetString(1),
                    reader.GetFieldValue<byte[]>(2),
                    reader.GetString(3),
                    reader.GetInt32(4)
                )
            );
        }

        return rows;
    }
}
