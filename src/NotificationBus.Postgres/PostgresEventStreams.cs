using NotificationBus.Subscriptions;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>The streams by filter, in PostgreSQL.</summary>
public sealed class PostgresEventStreams(NpgsqlDataSource database) : IEventStreams
{
    /// <summary>A part of the statement that writes steps, with what <see cref="PostgresWebhookDeliveries.Insert"/> needs.</summary>
    internal const string Insert = """
        streamed AS (
            INSERT INTO stream_event (stream_id, notification_id, sequence, type, at, data)
            SELECT h.listener_id, h.notification_id, h.number + coalesce((
                    SELECT max(sequence) FROM stream_event e
                    WHERE e.stream_id = h.listener_id AND e.notification_id = h.notification_id), 0),
                h.type, h.at, h.data
            FROM unnest(@h_listener, @h_notification, @h_number, @h_type, @h_at, @h_data)
                AS h (listener_id, notification_id, number, type, at, data)
            JOIN stored ON stored.id = h.notification_id
            JOIN event_stream s ON s.id = h.listener_id)
        """;

    const string Columns = "id, application, events, category, recipient, key_name, key_value";

    // Numbers are given under the lock of the stream, so that they can be read in their order. What another host has numbered while this
    // one waited for the lock has its number, and is left out; so are the numbers that it would have had here. Nobody who has nothing to
    // number writes anything, but for a note now and then that it is read.
    static readonly string AdvanceMany = $"""
        WITH mine AS (
            SELECT s.id, s.last_number FROM event_stream s
            WHERE s.id = ANY(@ids) AND (s.read_at < now() - interval '15 seconds' OR EXISTS (
                SELECT FROM stream_event e WHERE e.stream_id = s.id AND e.number IS NULL {Few.OneByOne}))
            ORDER BY s.id FOR UPDATE),
        fresh AS (
            SELECT e.stream_id, e.notification_id, e.sequence,
                mine.last_number
                    + row_number() OVER (PARTITION BY e.stream_id ORDER BY e.stored_at, e.notification_id, e.sequence) AS number
            FROM mine CROSS JOIN LATERAL (
                SELECT stream_id, notification_id, sequence, stored_at FROM stream_event
                WHERE stream_id = mine.id AND number IS NULL ORDER BY stored_at LIMIT @limit) AS e
            WHERE NOT EXISTS (
                SELECT FROM stream_event b
                WHERE b.stream_id = e.stream_id AND b.notification_id = e.notification_id AND b.sequence < e.sequence
                    AND {Few.OnceFound("b.number IS NULL AND b.stored_at > e.stored_at")}
                ORDER BY b.sequence {Few.OneByOne})),
        numbered AS (
            UPDATE stream_event e SET number = fresh.number
            FROM unnest(ARRAY(SELECT stream_id FROM fresh), ARRAY(SELECT notification_id FROM fresh), ARRAY(SELECT sequence FROM fresh),
                ARRAY(SELECT number FROM fresh)) AS fresh (stream_id, notification_id, sequence, number)
            WHERE e.stream_id = fresh.stream_id AND e.notification_id = fresh.notification_id AND e.sequence = fresh.sequence
                AND e.number IS NULL),
        moved AS (
            UPDATE event_stream s SET
                last_number = mine.last_number + (SELECT count(*) FROM fresh WHERE fresh.stream_id = mine.id), read_at = now()
            FROM mine WHERE s.id = mine.id RETURNING s.id, s.last_number, s.forgotten)
        SELECT id, last_number, forgotten FROM moved
        UNION ALL
        SELECT id, last_number, forgotten FROM event_stream s
        WHERE s.id = ANY(@ids) AND NOT EXISTS (SELECT FROM moved WHERE moved.id = s.id)
        """;

    const string ForgetOld = $"""
        WITH unread AS (DELETE FROM event_stream WHERE read_at < now() - @age RETURNING id),
        told AS (DELETE FROM stream_event e USING unread WHERE e.stream_id = unread.id),
        old AS (
            DELETE FROM stream_event e
            WHERE e.stored_at < now() - @age AND e.stream_id NOT IN (SELECT id FROM unread)
                AND (e.number IS NOT NULL OR NOT EXISTS (SELECT FROM event_stream s WHERE s.id = e.stream_id))
            RETURNING e.stream_id, e.number),
        forgotten AS (
            UPDATE event_stream s SET forgotten = greatest(s.forgotten, last.number)
            FROM (SELECT stream_id, max(number) AS number FROM old GROUP BY stream_id) AS last WHERE s.id = last.stream_id)
        SELECT pg_notify('{PostgresControls.Changed}', '') FROM unread LIMIT 1
        """;

    // One that somebody has gone back to at this moment is locked, and stays.
    const string MakeRoom = """
        DELETE FROM event_stream WHERE id = (
            SELECT id FROM event_stream
            WHERE read_at < now() - @left_alone
                AND ((SELECT count(*) FROM event_stream) >= @most_in_all
                    OR application IS NOT DISTINCT FROM @application AND (
                        SELECT count(*) FROM event_stream WHERE application IS NOT DISTINCT FROM @application) >= @most)
            ORDER BY read_at LIMIT 1 FOR UPDATE SKIP LOCKED)
        """;

    /// <inheritdoc />
    public async Task<IReadOnlyList<StreamListener>> Load(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"SELECT {Columns} FROM event_stream ORDER BY opened_at, id");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var all = new List<StreamListener>();
        while (await reader.ReadAsync(cancellationToken))
            all.Add(Read(reader));
        return all;
    }

    /// <inheritdoc />
    public Task<bool> Open(StreamListener stream, CancellationToken cancellationToken) =>
        database.Commit(
            async connection =>
            {
                // Those who open one at the same moment count each other.
                await using (var take = new NpgsqlCommand("LOCK TABLE event_stream IN SHARE ROW EXCLUSIVE MODE", connection))
                    await take.ExecuteNonQueryAsync(cancellationToken);
                await using (var makeRoom = new NpgsqlCommand(MakeRoom, connection))
                {
                    AddTo(makeRoom.Parameters);
                    await makeRoom.ExecuteNonQueryAsync(cancellationToken);
                }

                await using var command = new NpgsqlCommand(
                    $"""
                    WITH opened AS (
                        INSERT INTO event_stream ({Columns})
                        SELECT @id, @application, @events, @category, @recipient, @key_name, @key_value
                        WHERE (SELECT count(*) FROM event_stream WHERE application IS NOT DISTINCT FROM @application) < @most
                            AND (SELECT count(*) FROM event_stream) < @most_in_all
                        RETURNING id)
                    SELECT id, pg_notify('{PostgresControls.Changed}', '') FROM opened
                    """,
                    connection
                );
                AddTo(command.Parameters);
                command.Parameters.Add(new NpgsqlParameter<Guid>("id", stream.Id));
                command.Parameters.Add(new NpgsqlParameter<string[]>("events", [.. stream.Events]));
                command.Parameters.Add(new NpgsqlParameter<string?>("category", stream.Category));
                command.Parameters.Add(new NpgsqlParameter<string?>("recipient", stream.Recipient));
                command.Parameters.Add(new NpgsqlParameter<string?>("key_name", stream.Key?.Key));
                command.Parameters.Add(new NpgsqlParameter<string?>("key_value", stream.Key?.Value));
                Storable.MakeAll(command.Parameters);
                return await command.ExecuteScalarAsync(cancellationToken) is not null;

                void AddTo(NpgsqlParameterCollection parameters)
                {
                    parameters.Add(new NpgsqlParameter<string?>("application", stream.Application));
                    parameters.Add(new NpgsqlParameter<int>("most", StreamListener.Most));
                    parameters.Add(new NpgsqlParameter<int>("most_in_all", StreamListener.MostInAll));
                    parameters.Add(new NpgsqlParameter<TimeSpan>("left_alone", StreamListener.LeftAloneAfter));
                }
            },
            cancellationToken
        );

    /// <inheritdoc />
    public Task<IReadOnlyDictionary<Guid, StreamExtent>> Advance(
        IReadOnlyCollection<Guid> streams,
        int limit,
        CancellationToken cancellationToken
    )
    {
        var command = new NpgsqlBatchCommand(AdvanceMany);
        command.Parameters.Add(new NpgsqlParameter<Guid[]>("ids", [.. streams]));
        command.Parameters.Add(new NpgsqlParameter<int>("limit", limit));
        return database.Commit(command, Read, cancellationToken);

        async Task<IReadOnlyDictionary<Guid, StreamExtent>> Read(NpgsqlDataReader reader)
        {
            var extents = new Dictionary<Guid, StreamExtent>();
            while (await reader.ReadAsync(cancellationToken))
                extents[reader.GetGuid(0)] = new StreamExtent(After: reader.GetInt64(2), UpTo: reader.GetInt64(1));
            return extents;
        }
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<StreamedEvent>> After(StreamPlace place, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            SELECT number, type, at, sequence, data FROM stream_event
            WHERE stream_id = @stream AND number > @number AND @number >= (SELECT forgotten FROM event_stream WHERE id = @stream)
            ORDER BY number LIMIT @limit
            """
        );
        command.Parameters.Add(new NpgsqlParameter<Guid>("stream", place.Stream));
        command.Parameters.Add(new NpgsqlParameter<long>("number", place.Number));
        command.Parameters.Add(new NpgsqlParameter<int>("limit", limit));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var told = new List<StreamedEvent>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var (type, at) = (reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(2));
            told.Add(new StreamedEvent(reader.GetInt64(0), type, HeardEvents.Write(type, at, reader.GetInt32(3), reader.GetString(4))));
        }

        return told;
    }

    /// <inheritdoc />
    public Task Forget(TimeSpan age, CancellationToken cancellationToken)
    {
        return database.Write(async connection =>
        {
            // In the order in which those who number take them: neither waits for what the other has.
            await using var batch = connection.CreateBatch();
            batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT 1 FROM event_stream ORDER BY id FOR UPDATE"));
            var forget = new NpgsqlBatchCommand(ForgetOld);
            forget.Parameters.Add(new NpgsqlParameter<TimeSpan>("age", age));
            batch.BatchCommands.Add(forget);
            await batch.ExecuteNonQueryAsync(cancellationToken);
        });
    }

    static StreamListener Read(NpgsqlDataReader reader)
    {
        return new StreamListener
        {
            Id = reader.GetGuid(0),
            Application = Text(1),
            Events = reader.GetFieldValue<string[]>(2),
            Category = Text(3),
            Recipient = Text(4),
            Key = Text(5) is { } name ? KeyValuePair.Create(name, Text(6) ?? "") : null,
        };

        string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
    }
}
