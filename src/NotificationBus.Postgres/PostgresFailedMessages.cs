using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NotificationBus.Failures;
using NotificationBus.Providers.Controls;
using Npgsql;
using NpgsqlTypes;

namespace NotificationBus.Postgres;

/// <summary>Failed messages in PostgreSQL, by the database's clock.</summary>
public sealed class PostgresFailedMessages(
    [FromKeyedServices(PostgresSetup.Operators)] NpgsqlDataSource database,
    IOptions<RetentionOptions> retention,
    TimeProvider clock
) : IFailedMessages, IDisposable
{
    // All are counted for it, and a flood must not have that done for each.
    static readonly TimeSpan CountAgain = TimeSpan.FromSeconds(10);

    // So many go together when there is no room.
    const int ForgottenTogether = 1000;

    // Bodies are copied by the statement; this many at a time keep it short.
    const int ReplayedTogether = 100;

    // Counts and records, so that no two of this host take the last place.
    readonly SemaphoreSlim _recording = new(1);

    volatile Counted? _counted;

    const string RecordFailure = """
        INSERT INTO failed_message AS known (id, kind, cause, reason, exception_type, queue, destination, message_id, message_types,
            content_type, headers, body, failure_id, body_length, edit_of)
        VALUES (
            coalesce((SELECT replayed.id FROM failed_message replayed
                WHERE replayed.id = @replay_of AND replayed.queue = @queue AND replayed.body = @body), @id),
            @kind, @cause, @reason, @exception_type, @queue, @destination, @message_id, @message_types, @content_type, @headers, @body,
            @failure_id, @body_length,
            (SELECT edit.failed_message_id FROM failed_message_edit edit
                WHERE edit.failed_message_id = @replay_of AND edit.body = @body LIMIT 1))
        ON CONFLICT (id) DO UPDATE SET
            state = 'Failed', kind = excluded.kind, cause = excluded.cause, reason = excluded.reason,
            exception_type = excluded.exception_type, failure_id = excluded.failure_id, failed_at = now(), times = known.times + 1
        WHERE known.failure_id <> excluded.failure_id
        """;

    // A row that somebody else is replaying is waited for, and then no longer waits for a decision.
    const string Chosen = """
        chosen AS (
            SELECT id FROM failed_message
            WHERE failed_at <= @until AND (@id IS NULL OR id = @id) AND (@cause IS NULL OR cause = @cause)
        """;

    const string Waiting = "state = 'Failed'";

    // Whoever names it by its id may have put it away by mistake.
    const string WaitingOrArchived = "state IN ('Failed', 'Archived')";

    static string Replaying(string states) =>
        $$"""
            WITH {{Chosen}} AND {{states}} AND destination IS NOT NULL
                ORDER BY failed_at, id LIMIT @limit FOR UPDATE),
            replayed AS (
                UPDATE failed_message f SET state = 'Replayed', replayed_at = now(), replayed_by = @by
                FROM chosen WHERE f.id = chosen.id
                RETURNING f.id, f.destination, f.message_id, f.message_types, f.content_type, f.headers, f.body),
            edited AS (
                INSERT INTO failed_message_edit (failed_message_id, body, who, on_behalf_of, why)
                SELECT id, @edited_kept, @by, @on_behalf_of, @why FROM replayed WHERE @edited_kept IS NOT NULL),
            outgoing AS (
                INSERT INTO outgoing_message (message_id, sent_as, replay_of, destination, content_type, message_types, headers, body,
                    due_at)
                SELECT gen_random_uuid(),
                    coalesce(@edited_id, CASE WHEN message_id ~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$' THEN message_id::uuid END),
                    id, destination, coalesce(@edited_content_type, content_type, ''),
                    coalesce(@edited_types, array_to_string(message_types, ';')), headers, coalesce(@edited, body), now()
                FROM replayed),
            noted AS (
                INSERT INTO control_change (subject, who, on_behalf_of, why, before, after)
                SELECT @subject, @by, @on_behalf_of, @why, 'null'::jsonb,
                    jsonb_build_object('replayed', count(*))
                        || CASE WHEN @edited IS NULL THEN '{}' ELSE jsonb_build_object('edited', count(*)) END
                FROM replayed WHERE @note IS NULL HAVING count(*) > 0
                RETURNING number),
            counted AS (
                UPDATE control_change
                SET after = jsonb_build_object('replayed', (after ->> 'replayed')::bigint + (SELECT count(*) FROM replayed))
                WHERE number = @note)
            SELECT count(*)::integer, (SELECT number FROM noted), pg_notify('{{PostgresOutgoingMessages.Wake}}', '') FROM replayed
            """;

    const string ArchiveChosen = $"""
        WITH {Chosen} AND {Waiting} FOR UPDATE),
        archived AS (UPDATE failed_message f SET state = 'Archived' FROM chosen WHERE f.id = chosen.id RETURNING 1),
        noted AS (
            INSERT INTO control_change (subject, who, on_behalf_of, why, before, after)
            SELECT @subject, @by, @on_behalf_of, @why, 'null'::jsonb, jsonb_build_object('archived', count(*))
            FROM archived HAVING count(*) > 0)
        SELECT count(*)::integer FROM archived
        """;

    const string SummaryColumns = """
        id, state, kind, cause, reason, exception_type, queue, destination IS NOT NULL, message_id, message_types, content_type,
        coalesce(body_length, octet_length(body)), first_failed_at, failed_at, times, replayed_at, replayed_by,
        CASE WHEN body_length IS NOT NULL THEN octet_length(body)::bigint END, edit_of
        """;

    /// <inheritdoc />
    public void Dispose() => _recording.Dispose();

    /// <inheritdoc />
    public async Task Record(Failure failure, CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand(RecordFailure);
        var parameters = command.Parameters;
        parameters.Add(new NpgsqlParameter<Guid>("id", failure.Id));
        AddOptional(parameters, "replay_of", NpgsqlDbType.Uuid, failure.ReplayOf);
        parameters.Add(new NpgsqlParameter<string>("kind", failure.Explanation.Kind.ToString()));
        parameters.Add(new NpgsqlParameter<string>("cause", failure.Explanation.Cause));
        parameters.Add(new NpgsqlParameter<string>("reason", failure.Explanation.Reason));
        AddOptional(parameters, "exception_type", NpgsqlDbType.Text, failure.Explanation.ExceptionType);
        parameters.Add(new NpgsqlParameter<string>("queue", failure.Queue));
        AddOptional(parameters, "destination", NpgsqlDbType.Text, failure.Destination);
        AddOptional(parameters, "message_id", NpgsqlDbType.Text, failure.MessageId);
        parameters.Add(new NpgsqlParameter<string[]>("message_types", [.. failure.MessageTypes]));
        AddOptional(parameters, "content_type", NpgsqlDbType.Text, failure.ContentType);
        parameters.Add(new NpgsqlParameter<string>("headers", NpgsqlDbType.Jsonb) { TypedValue = failure.Headers });
        parameters.Add(new NpgsqlParameter<byte[]>("body", failure.Body));
        parameters.Add(new NpgsqlParameter<Guid>("failure_id", failure.FailureId));
        AddOptional(parameters, "body_length", NpgsqlDbType.Bigint, failure.BodyLength);

        await _recording.WaitAsync(cancellationToken);
        try
        {
            var (room, at) = await MakeRoom(failure, cancellationToken);
            // Until it is known to be there it is not known how many there are.
            _counted = null;
            await database.Commit(command, cancellationToken);
            _counted = new Counted(room with { Count = room.Count + 1, Bytes = room.Bytes + failure.Body.Length }, at);
        }
        finally
        {
            _recording.Release();
        }
    }

    /// <inheritdoc />
    public async Task<FailedMessageRoom> Room(CancellationToken cancellationToken) => (await Count(cancellationToken)).Room;

    async Task<Counted> Count(CancellationToken cancellationToken)
    {
        if (_counted is { } counted && clock.GetElapsedTime(counted.At) < CountAgain)
            return counted;

        var at = clock.GetTimestamp();
        await using var command = database.CreateCommand(
            """
            SELECT count(*),
                (coalesce(sum(octet_length(body)), 0) + (SELECT coalesce(sum(octet_length(body)), 0) FROM failed_message_edit))::bigint
            FROM failed_message
            """
        );
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new Counted(new FailedMessageRoom(reader.GetInt64(0), reader.GetInt64(1), retention.Value), at);
    }

    /// <summary>Lets those go that were decided longest ago, when there is no room for another.</summary>
    /// <returns>How many there are, and since when that is known.</returns>
    async Task<Counted> MakeRoom(Failure failure, CancellationToken cancellationToken)
    {
        var counted = await Count(cancellationToken);
        while (counted.Room.IsFull && !await IsKnown(failure, cancellationToken))
        {
            await using var command = database.CreateCommand(
                $"""
                WITH gone AS (
                    SELECT id FROM failed_message WHERE state <> 'Failed' ORDER BY coalesce(replayed_at, failed_at), id
                    LIMIT least({ForgottenTogether}, greatest(1, (SELECT count(*) FROM failed_message) + 1 - @most)) FOR UPDATE SKIP LOCKED)
                DELETE FROM failed_message USING gone WHERE failed_message.id = gone.id
                """
            );
            command.Parameters.Add(new NpgsqlParameter<long>("most", retention.Value.FailedMessagesCount));
            var gone = await command.ExecuteNonQueryAsync(cancellationToken);
            _counted = null;
            counted = await Count(cancellationToken);
            if (gone == 0 && counted.Room.IsFull)
                throw new NoRoomException();
        }

        return counted;
    }

    /// <summary>True when it only counts once more.</summary>
    async Task<bool> IsKnown(Failure failure, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "SELECT EXISTS (SELECT FROM failed_message WHERE id = @id OR (id = @replay_of AND queue = @queue AND body = @body))"
        );
        command.Parameters.Add(new NpgsqlParameter<Guid>("id", failure.Id));
        AddOptional(command.Parameters, "replay_of", NpgsqlDbType.Uuid, failure.ReplayOf);
        command.Parameters.Add(new NpgsqlParameter<string>("queue", failure.Queue));
        command.Parameters.Add(new NpgsqlParameter<byte[]>("body", failure.Body));
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    sealed record Counted(FailedMessageRoom Room, long At);

    /// <inheritdoc />
    public async Task<IReadOnlyList<FailedMessageSummary>> Search(FailedMessageFilter filter, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"""
            SELECT {SummaryColumns} FROM failed_message
            WHERE (@state IS NULL OR state = @state) AND (@cause IS NULL OR cause = @cause) AND (@queue IS NULL OR queue = @queue)
                AND (@after_at IS NULL OR (failed_at, id) < (@after_at, @after_id))
            ORDER BY failed_at DESC, id DESC LIMIT @limit
            """
        );
        var parameters = command.Parameters;
        AddOptional(parameters, "state", NpgsqlDbType.Text, filter.State?.ToString());
        AddOptional(parameters, "cause", NpgsqlDbType.Text, filter.Cause);
        AddOptional(parameters, "queue", NpgsqlDbType.Text, filter.Queue);
        AddOptional(parameters, "after_at", NpgsqlDbType.TimestampTz, filter.After?.FailedAt);
        AddOptional(parameters, "after_id", NpgsqlDbType.Uuid, filter.After?.Id);
        parameters.Add(new NpgsqlParameter<int>("limit", filter.Limit));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);

        var found = new List<FailedMessageSummary>();
        while (await reader.ReadAsync(cancellationToken))
            found.Add(ReadSummary(reader));
        return found;
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<FailureCause>> Causes(int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            SELECT cause, (array_agg(kind ORDER BY failed_at DESC))[1], (array_agg(queue ORDER BY failed_at DESC))[1],
                (array_agg(reason ORDER BY failed_at DESC))[1], count(*), min(first_failed_at), max(failed_at)
            FROM failed_message WHERE state = 'Failed'
            GROUP BY cause ORDER BY count(*) DESC, cause LIMIT @limit
            """
        );
        command.Parameters.Add(new NpgsqlParameter<int>("limit", limit));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);

        var causes = new List<FailureCause>();
        while (await reader.ReadAsync(cancellationToken))
        {
            causes.Add(
                new FailureCause(
                    reader.GetString(0),
                    Enum.Parse<FailureKind>(reader.GetString(1)),
                    reader.GetString(2),
                    reader.GetString(3),
                    reader.GetInt64(4),
                    reader.GetFieldValue<DateTimeOffset>(5),
                    reader.GetFieldValue<DateTimeOffset>(6)
                )
            );
        }

        return causes;
    }

    /// <inheritdoc />
    public async Task<FailedMessage?> Find(Guid id, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"""
            SELECT {SummaryColumns}, headers, body FROM failed_message WHERE id = @id;
            SELECT number, body, who, on_behalf_of, why, edited_at FROM failed_message_edit WHERE failed_message_id = @id ORDER BY number
            """
        );
        command.Parameters.Add(new NpgsqlParameter<Guid>("id", id));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            return null;

        var message = new FailedMessage(ReadSummary(reader), reader.GetString(19), reader.GetFieldValue<byte[]>(20));
        await reader.NextResultAsync(cancellationToken);
        var edits = new List<FailedMessageEdit>();
        while (await reader.ReadAsync(cancellationToken))
        {
            edits.Add(
                new FailedMessageEdit(
                    reader.GetInt64(0),
                    reader.GetFieldValue<byte[]>(1),
                    new ChangedBy(reader.GetString(2), reader.GetString(4))
                    {
                        OnBehalfOf = reader.IsDBNull(3) ? null : reader.GetString(3),
                    },
                    reader.GetFieldValue<DateTimeOffset>(5)
                )
            );
        }

        return message with
        {
            Edits = edits,
        };
    }

    /// <inheritdoc />
    public async Task<int> Replay(FailedMessageChoice choice, ChangedBy by, CancellationToken cancellationToken)
    {
        // What fails once more while the others are being replayed is not replayed again.
        var until = await Now(cancellationToken);
        var all = 0;
        var statement = Replaying(choice.Id is null ? Waiting : WaitingOrArchived);
        int replayed;
        // Each statement notes what it did: the first that does anything writes the note, and those that follow count on.
        long? note = null;
        do
        {
            var command = new NpgsqlBatchCommand(statement);
            AddDecision(command.Parameters, choice, until, by);
            AddEdited(command.Parameters, choice.Edited);
            command.Parameters.Add(new NpgsqlParameter<int>("limit", ReplayedTogether));
            AddOptional(command.Parameters, "note", NpgsqlDbType.Bigint, note);
            (replayed, var noted) = await database.Commit(
                command,
                async reader =>
                {
                    await reader.ReadAsync(cancellationToken);
                    return (reader.GetInt32(0), reader.IsDBNull(1) ? (long?)null : reader.GetInt64(1));
                },
                cancellationToken
            );
            note ??= noted;
            all += replayed;
        } while (replayed == ReplayedTogether);
        return all;
    }

    /// <inheritdoc />
    public async Task<int> Archive(FailedMessageChoice choice, ChangedBy by, CancellationToken cancellationToken)
    {
        var until = await Now(cancellationToken);
        var command = new NpgsqlBatchCommand(ArchiveChosen);
        AddDecision(command.Parameters, choice, until, by);
        return (int)(await database.Commit(command, cancellationToken))!;
    }

    async Task<DateTime> Now(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT now()");
        return (DateTime)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    static void AddDecision(NpgsqlParameterCollection parameters, FailedMessageChoice choice, DateTime until, ChangedBy by)
    {
        AddOptional(parameters, "id", NpgsqlDbType.Uuid, choice.Id);
        AddOptional(parameters, "cause", NpgsqlDbType.Text, choice.Cause);
        parameters.Add(new NpgsqlParameter<DateTime>("until", until));
        parameters.Add(new NpgsqlParameter<string>("subject", choice.Subject));
        parameters.Add(new NpgsqlParameter<string>("by", by.Who));
        AddOptional(parameters, "on_behalf_of", NpgsqlDbType.Text, by.OnBehalfOf);
        parameters.Add(new NpgsqlParameter<string>("why", by.Why));
    }

    static void AddEdited(NpgsqlParameterCollection parameters, EditedBody? edited)
    {
        AddOptional(parameters, "edited", NpgsqlDbType.Bytea, edited?.Body.ToArray());
        AddOptional(parameters, "edited_kept", NpgsqlDbType.Bytea, edited?.Kept.ToArray());
        AddOptional(parameters, "edited_id", NpgsqlDbType.Uuid, edited?.MessageId);
        AddOptional(parameters, "edited_types", NpgsqlDbType.Text, edited?.MessageTypes);
        AddOptional(parameters, "edited_content_type", NpgsqlDbType.Text, edited is null ? null : EditedBody.ContentType);
    }

    static void AddOptional(NpgsqlParameterCollection parameters, string name, NpgsqlDbType type, object? value) =>
        parameters.Add(new NpgsqlParameter(name, type) { Value = value ?? DBNull.Value });

    static FailedMessageSummary ReadSummary(NpgsqlDataReader row) =>
        new()
        {
            Id = row.GetGuid(0),
            State = Enum.Parse<FailedMessageState>(row.GetString(1)),
            Kind = Enum.Parse<FailureKind>(row.GetString(2)),
            Cause = row.GetString(3),
            Reason = row.GetString(4),
            ExceptionType = row.IsDBNull(5) ? null : row.GetString(5),
            Queue = row.GetString(6),
            CanBeReplayed = row.GetBoolean(7),
            MessageId = row.IsDBNull(8) ? null : row.GetString(8),
            MessageTypes = row.GetFieldValue<string[]>(9),
            ContentType = row.IsDBNull(10) ? null : row.GetString(10),
            BodyLength = row.GetInt64(11),
            BodyKept = row.IsDBNull(17) ? null : row.GetInt64(17),
            FirstFailedAt = row.GetFieldValue<DateTimeOffset>(12),
            FailedAt = row.GetFieldValue<DateTimeOffset>(13),
            Times = row.GetInt32(14),
            ReplayedAt = row.IsDBNull(15) ? null : row.GetFieldValue<DateTimeOffset>(15),
            ReplayedBy = row.IsDBNull(16) ? null : row.GetString(16),
            EditOf = row.IsDBNull(18) ? null : row.GetGuid(18),
        };
}
