using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Erasures;
using NotificationBus.Model;
using NotificationBus.Notifications;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// The record of a person who is to be erased, in PostgreSQL, by the connections of operators. A page is one transaction, whose rows are
/// locked for as long as it takes to write them.
/// </summary>
public sealed class PostgresErasures(
    [FromKeyedServices(PostgresSetup.Operators)] NpgsqlDataSource database,
    INotificationStore store,
    ChannelSet channels,
    TimeProvider clock
) : IErasures
{
    // There is none before somebody is erased for the first time: then the name is NULL, and nothing is looked for under it.
    const string TheKey = "(SELECT key FROM erasure_key)";

    const string SelectOfPerson = """
        SELECT created_at, id FROM (
            (SELECT created_at, id FROM notification
            WHERE recipient_id = @recipient AND application = @application AND (created_at, id) > (@after, @after_id)
            ORDER BY created_at, id LIMIT @limit)
            UNION
            (SELECT n.created_at, n.id FROM notification_reference r
            CROSS JOIN LATERAL (SELECT * FROM notification WHERE created_at = r.created_at AND id = r.id OFFSET 0) AS n
            WHERE r.reference = ANY(@references) AND (r.created_at, r.id) > (@after, @after_id) AND n.application = @application
            ORDER BY n.created_at, n.id LIMIT @limit)) AS found
        ORDER BY created_at, id LIMIT @limit
        """;

    const string UpdateNotifications = """
        UPDATE notification SET
            version = n.version, recipient_id = n.recipient_id, recipient = n.recipient, data = '{}', deliveries = n.deliveries,
            decisions = n.decisions, left_out = n.left_out, refusal = n.refusal, event_id = NULL, fingerprint = NULL, keys = NULL,
            metadata = NULL, extras = NULL, contents = NULL
        FROM unnest(@id, @created_at, @version, @recipient_id, @recipient, @deliveries, @decisions, @left_out, @refusal)
            AS n (id, created_at, version, recipient_id, recipient, deliveries, decisions, left_out, refusal)
        WHERE notification.created_at = n.created_at AND notification.id = n.id AND notification.version = n.version - 1
        RETURNING notification.id
        """;

    // Of those that were written alone.
    static readonly string[] EraseWhatBelongsToThem =
    [
        """
            UPDATE saga_step SET before = s.before, changes = s.changes
            FROM unnest(@s_created_at, @s_id, @s_number, @s_before, @s_changes) AS s (created_at, id, number, before, changes)
            WHERE notification_created_at = s.created_at AND notification_id = s.id AND saga_step.number = s.number
                AND s.id = ANY(@written)
            """,
        """
            INSERT INTO saga_step (notification_created_at, notification_id, number, at, message, message_ids, state_before, state_after,
                before, changes, caused)
            SELECT created_at, id, number, @now, @step, '{}', state, state, before, '{}', '[]'
            FROM unnest(@e_created_at, @e_id, @e_number, @e_state, @e_before) AS e (created_at, id, number, state, before)
            WHERE id = ANY(@written)
            """,
        """
            DELETE FROM notification_reference n
            USING unnest(@r_reference, @r_created_at, @r_id) AS r (reference, created_at, id)
            WHERE n.reference = r.reference AND n.created_at = r.created_at AND n.id = r.id AND r.id = ANY(@written)
            """,
        """
            UPDATE delivery_attempt a SET reason = CASE WHEN reason IS NOT NULL THEN @text END, content = NULL
            FROM unnest(@d_created_at, @d_id, @d_delivery) AS d (created_at, id, delivery)
            WHERE a.delivery_id = d.delivery AND a.notification_created_at = d.created_at AND d.id = ANY(@written)
                AND (a.reason IS NOT NULL OR a.content IS NOT NULL)
            """,
        // The commands, with what is to be sent: they are called off. What decides about a delivery names nobody, and is followed.
        """
            DELETE FROM outgoing_message WHERE notification_id = ANY(@written) AND destination LIKE 'exchange:send-%'
            """,
        """
            UPDATE subscription_delivery SET data = t.data FROM unnest(@t_id, @t_of, @t_data) AS t (id, notification_id, data)
            WHERE subscription_delivery.id = t.id AND t.notification_id = ANY(@written)
            """,
        // Gone within minutes by itself.
        "DELETE FROM stream_event WHERE notification_id = ANY(@written)",
    ];

    // The notifications of one day, once through: there is no index on what they say, for it would cost each of them one entry more.
    const string SelectShared = """
        SELECT DISTINCT contents FROM notification
        WHERE created_at >= @since AND created_at < @until AND contents = ANY(@hashes) AND id <> ALL(@ids)
        """;

    // What was filled after the plan, which is rare, and kept by nobody else's call.
    const string SelectFilledLater = """
        SELECT c.hash, c.day FROM content c
        WHERE c.hash IN (
                SELECT a.content FROM unnest(@d_created_at, @d_delivery) AS d (created_at, delivery)
                JOIN delivery_attempt a ON a.delivery_id = d.delivery AND a.notification_created_at = d.created_at
                WHERE a.content IS NOT NULL)
            AND c.hash <> ALL(@planned)
            AND NOT EXISTS (SELECT FROM delivery_attempt o WHERE o.content = c.hash AND o.delivery_id <> ALL(@d_delivery))
        """;

    const string FailedMessagesWithParts = """
        SELECT f.id, f.body, f.headers, ARRAY(SELECT e.body FROM failed_message_edit e WHERE e.failed_message_id = f.id ORDER BY e.number)
        FROM failed_message f
        WHERE lower(encode(f.body, 'escape')) LIKE ANY(@parts) OR lower(f.headers::text) LIKE ANY(@parts) OR EXISTS (
            SELECT FROM failed_message_edit e WHERE e.failed_message_id = f.id AND lower(encode(e.body, 'escape')) LIKE ANY(@parts))
        """;

    // As if only nothing of it were kept: it is counted, and cannot be replayed.
    const string EraseFailedMessages = """
        WITH gone AS (
            UPDATE failed_message SET
                state = CASE state WHEN 'Failed' THEN 'Archived' ELSE state END, reason = @text, destination = NULL, message_id = NULL,
                headers = '{}', body_length = coalesce(body_length, octet_length(body)), body = ''
            WHERE id = ANY(@ids) RETURNING id)
        UPDATE failed_message_edit SET body = '' FROM gone WHERE failed_message_id = gone.id
        """;

    const string EraseSuppressions = """
        WITH gone AS (
            DELETE FROM suppressed_address s USING unnest(@address, @erased) AS a (address, erased)
            WHERE hashtextextended(s.address, 0) = hashtextextended(a.address, 0) AND s.address = a.address
            RETURNING s.channel, s.category, s.source, s.created_at, a.erased),
        kept AS (
            INSERT INTO suppressed_address (channel, address, category, reason, source, created_at)
            SELECT channel, erased, category, @reason, source, created_at FROM gone ON CONFLICT DO NOTHING)
        SELECT count(*)::integer FROM gone
        """;

    const string EraseNotes = """
        WITH noted AS (
            UPDATE control_change SET after = jsonb_set(after, ARRAY[what.done], to_jsonb(a.erased))
            FROM unnest(@address, @erased) AS a (address, erased), unnest(ARRAY['added', 'removed']) AS what (done)
            WHERE subject LIKE 'suppression %' AND after ->> what.done = a.address
            RETURNING 1),
        filtered AS (
            UPDATE repair SET filter = jsonb_set(filter, '{recipient}', to_jsonb(r.erased))
            FROM unnest(@recipient, @erased_recipient) AS r (recipient, erased)
            WHERE filter ->> 'recipient' = r.recipient AND (application IS NULL OR application = @application)
            RETURNING 1),
        closed AS (
            DELETE FROM event_stream WHERE recipient = ANY(@recipient) AND (application IS NULL OR application = @application))
        SELECT (SELECT count(*) FROM noted)::integer + (SELECT count(*) FROM filtered)::integer
        """;

    const string CountTraces = """
        SELECT
            (SELECT count(*) FROM suppressed_address s
                JOIN unnest(@address) AS a (address) ON hashtextextended(s.address, 0) = hashtextextended(a.address, 0)
                    AND s.address = a.address)::integer,
            (SELECT count(*) FROM control_change
                WHERE subject LIKE 'suppression %' AND (after ->> 'added' = ANY(@address) OR after ->> 'removed' = ANY(@address)))::integer
            + (SELECT count(*) FROM repair
                WHERE filter ->> 'recipient' = ANY(@recipient) AND (application IS NULL OR application = @application))::integer
        """;

    const string SuppressedBefore = "suppressed before its recipient was erased";

    static readonly DateTimeOffset BeginOfTime = new(1, 1, 2, 0, 0, 0, TimeSpan.Zero);

    // Longer than a step takes from its time to its commit, and than the clocks of hosts differ. What is looked through once more meanwhile
    // keeps all that would begin from beginning.
    static readonly TimeSpan Margin = TimeSpan.FromMinutes(10);

    /// <summary>An expression: what stands in the place of an address; NULL while nobody was erased.</summary>
    /// <param name="address">The expression of the address.</param>
    internal static string NameOf(string address) => $"('erased-' || encode(sha256({TheKey} || convert_to({address}, 'UTF8')), 'hex'))";

    /// <summary>A condition: that an address is not suppressed under the name in its place.</summary>
    /// <param name="channel">The expression of the channel.</param>
    /// <param name="address">The expression of the address.</param>
    /// <param name="category">The expression of the category.</param>
    internal static string IsNotSuppressed(string channel, string address, string category) =>
        $"NOT EXISTS (SELECT FROM suppressed_address WHERE place = suppression_place({channel}, {NameOf(address)}, {category}))";

    /// <inheritdoc />
    public async Task<ErasureKey> Key(CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand("INSERT INTO erasure_key (key) VALUES (@key) ON CONFLICT (single) DO NOTHING");
        command.Parameters.Add(
            new NpgsqlParameter<byte[]>("key", System.Security.Cryptography.RandomNumberGenerator.GetBytes(ErasureKey.Length))
        );
        await database.Commit(command, cancellationToken);
        await using var read = database.CreateCommand("SELECT key FROM erasure_key");
        return new ErasureKey((byte[])(await read.ExecuteScalarAsync(cancellationToken))!);
    }

    /// <inheritdoc />
    public async Task<FoundOfPerson> Find(ErasedPerson person, NotificationCursor? after, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(SelectOfPerson);
        command.Parameters.Add(new NpgsqlParameter<string?>("recipient", Storable.Text(person.Recipient)));
        command.Parameters.Add(new NpgsqlParameter<string>("application", person.Application));
        command.Parameters.Add(new NpgsqlParameter<long[]>("references", [.. person.Addresses.Select(NotificationReferences.OfAddress)]));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("after", after?.CreatedAt.ToUniversalTime() ?? BeginOfTime));
        command.Parameters.Add(new NpgsqlParameter<Guid>("after_id", after?.Id ?? Guid.Empty));
        command.Parameters.Add(new NpgsqlParameter<int>("limit", limit));
        var places = new List<NotificationCursor>();
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
                places.Add(new NotificationCursor(reader.GetFieldValue<DateTimeOffset>(0), reader.GetGuid(1)));
        }

        var loaded = await Task.WhenAll(places.Select(place => store.Load(place.Id, cancellationToken)));
        return new FoundOfPerson([.. loaded.OfType<NotificationState>().Where(IsOfPerson)], places.Count < limit ? null : places[^1]);

        // A reference is a hash of 64 bits.
        bool IsOfPerson(NotificationState one) =>
            one.Recipient.Id == person.Recipient
            || one.Deliveries.Any(delivery =>
                person.Addresses.Contains(channels.Find(delivery.Channel)?.Canonical(delivery.Address) ?? delivery.Address)
            );
    }

    /// <inheritdoc />
    public async Task<ErasedRows> Count(IReadOnlyList<ErasedNotification> notifications, CancellationToken cancellationToken)
    {
        var ids = notifications.Select(one => one.Before.CorrelationId).ToHashSet();
        var told = await ToldOf(notifications, cancellationToken);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var contents = await ContentsOf(connection, notifications, cancellationToken);
        await using var kept = new NpgsqlCommand(
            "SELECT count(*)::integer FROM content c JOIN unnest(@hash, @day) AS g (hash, day) ON c.hash = g.hash AND c.day = g.day",
            connection
        );
        AddContents(kept.Parameters, contents);
        return new ErasedRows(ids, (int)(await kept.ExecuteScalarAsync(cancellationToken))!, told.Count);
    }

    /// <inheritdoc />
    public async Task<ErasedRows> Erase(IReadOnlyList<ErasedNotification> notifications, CancellationToken cancellationToken)
    {
        var ids = notifications.Select(one => one.Before.CorrelationId).ToList();
        var steps = await KeptSteps.OfMany(database, ids, cancellationToken);
        var told = await ToldOf(notifications, cancellationToken);
        List<(Guid Hash, DateOnly Day)> contents;
        var since = clock.GetUtcNow() - Margin;
        await using (var reading = await database.OpenConnectionAsync(cancellationToken))
            contents = await ContentsOf(reading, notifications, cancellationToken);
        // In a transaction of its own: steps take this lock before they take rows, and whoever held rows meanwhile would wait in a circle.
        // Before the rows, which name the texts: whoever is interrupted in between finds both again.
        var gone = await database.Commit(
            connection => EraseContents(connection, ids, contents, since, cancellationToken),
            cancellationToken
        );
        return await database.Commit(
            async connection =>
            {
                await Lock(connection, notifications, cancellationToken);
                var written = await Update(connection, notifications, cancellationToken);
                await using (var batch = connection.CreateBatch())
                {
                    foreach (var statement in EraseWhatBelongsToThem)
                    {
                        var command = new NpgsqlBatchCommand(statement);
                        AddWhatBelongsTo(command.Parameters, notifications, steps, told);
                        command.Parameters.Add(new NpgsqlParameter<Guid[]>("written", [.. written]));
                        batch.BatchCommands.Add(command);
                    }

                    await batch.ExecuteNonQueryAsync(cancellationToken);
                }

                return new ErasedRows(written, gone, told.Count(one => written.Contains(one.NotificationId)));
            },
            cancellationToken
        );
    }

    /// <inheritdoc />
    public async Task<ErasedTraces> Erase(TracesOfPerson traces, bool apply, CancellationToken cancellationToken)
    {
        var failed = await FailedMessagesOf(traces, cancellationToken);
        if (!apply)
        {
            await using var count = database.CreateCommand(CountTraces);
            AddTraces(count.Parameters, traces);
            await using var reader = await count.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            return new ErasedTraces(reader.GetInt32(0), failed.Count, reader.GetInt32(1));
        }

        return await database.Commit(
            async connection =>
            {
                await Run(EraseFailedMessages, ("ids", failed.ToArray()), ("text", Erased.Text));
                return new ErasedTraces(
                    await Run(EraseSuppressions, ("reason", SuppressedBefore)) as int? ?? 0,
                    failed.Count,
                    await Run(EraseNotes) as int? ?? 0
                );

                async Task<object?> Run(string sql, params (string Name, object Value)[] values)
                {
                    await using var command = new NpgsqlCommand(sql, connection);
                    AddTraces(command.Parameters, traces);
                    foreach (var (name, value) in values)
                        command.Parameters.AddWithValue(name, value);
                    return await command.ExecuteScalarAsync(cancellationToken);
                }
            },
            cancellationToken
        );
    }

    /// <summary>Locks the notifications in the order in which steps do.</summary>
    static async Task Lock(
        NpgsqlConnection connection,
        IReadOnlyList<ErasedNotification> notifications,
        CancellationToken cancellationToken
    )
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT 1 FROM unnest(@created_at, @id) AS n (created_at, id)
            JOIN notification ON notification.created_at = n.created_at AND notification.id = n.id
            ORDER BY notification.id FOR UPDATE OF notification
            """,
            connection
        );
        command.Parameters.Add("created_at", notifications, one => one.Before.CreatedAt.ToUniversalTime());
        command.Parameters.Add("id", notifications, one => one.Before.CorrelationId);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    static async Task<HashSet<Guid>> Update(
        NpgsqlConnection connection,
        IReadOnlyList<ErasedNotification> notifications,
        CancellationToken cancellationToken
    )
    {
        await using var command = new NpgsqlCommand(UpdateNotifications, connection);
        var rows = notifications.Select(one => one.After).ToList();
        var parameters = command.Parameters;
        parameters.Add("id", rows, row => row.CorrelationId);
        parameters.Add("created_at", rows, row => row.CreatedAt.ToUniversalTime());
        parameters.Add("version", rows, row => row.Version);
        parameters.Add("recipient_id", rows, row => row.Recipient.Id);
        parameters.AddJson("recipient", rows, row => JsonSerializer.Serialize(row.Recipient, NotificationJson.Default.Contact));
        parameters.AddJson(
            "deliveries",
            rows,
            row => JsonSerializer.Serialize(row.Deliveries, NotificationJson.Default.IReadOnlyListDeliveryState)
        );
        parameters.AddJson("decisions", rows, row => JsonSerializer.Serialize(row.Decisions, NotificationJson.Default.IReadOnlyListString));
        parameters.AddJson(
            "left_out",
            rows,
            row => row.LeftOut.Count == 0 ? null : JsonSerializer.Serialize(row.LeftOut, NotificationJson.Default.IReadOnlyListLeftOut)
        );
        parameters.Add("refusal", rows, row => row.Refusal);
        var written = new HashSet<Guid>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            written.Add(reader.GetGuid(0));
        return written;
    }

    void AddWhatBelongsTo(
        NpgsqlParameterCollection parameters,
        IReadOnlyList<ErasedNotification> notifications,
        ILookup<Guid, KeptStep> steps,
        List<(Guid Id, Guid NotificationId, string Data)> told
    )
    {
        var kept = notifications.SelectMany(one => steps[one.Before.CorrelationId], (one, step) => (one.Before, Erased.Of(step))).ToList();
        parameters.Add("s_created_at", kept, row => row.Before.CreatedAt.ToUniversalTime());
        parameters.Add("s_id", kept, row => row.Before.CorrelationId);
        parameters.Add("s_number", kept, row => row.Item2.Number);
        parameters.AddJson("s_before", kept, row => row.Item2.Before);
        parameters.AddJson("s_changes", kept, row => row.Item2.Changes);
        parameters.Add("e_created_at", notifications, one => one.After.CreatedAt.ToUniversalTime());
        parameters.Add("e_id", notifications, one => one.After.CorrelationId);
        parameters.Add("e_number", notifications, one => one.After.Version);
        parameters.Add("e_state", notifications, one => one.After.CurrentState);
        var now = clock.GetUtcNow();
        parameters.AddJson("e_before", notifications, one => Erased.StepOf(one.After, now).Before);
        parameters.Add(new NpgsqlParameter<DateTimeOffset>("now", now));
        parameters.Add(new NpgsqlParameter<string>("step", Erased.Step));
        parameters.Add(new NpgsqlParameter<string>("text", Erased.Text));
        var references = notifications
            .SelectMany(one => NotificationReferences.Of(one.Before, channels), (one, reference) => (one.Before, reference))
            .ToList();
        parameters.Add("r_reference", references, row => row.reference);
        parameters.Add("r_created_at", references, row => row.Before.CreatedAt.ToUniversalTime());
        parameters.Add("r_id", references, row => row.Before.CorrelationId);
        AddDeliveries(parameters, notifications);
        parameters.Add("t_id", told, row => row.Id);
        parameters.Add("t_of", told, row => row.NotificationId);
        parameters.Add("t_data", told, row => row.Data);
    }

    static void AddDeliveries(NpgsqlParameterCollection parameters, IReadOnlyList<ErasedNotification> notifications)
    {
        var deliveries = notifications.SelectMany(one => one.Before.Deliveries, (one, delivery) => (one.Before, delivery.Id)).ToList();
        parameters.Add("d_created_at", deliveries, row => row.Before.CreatedAt.ToUniversalTime());
        parameters.Add("d_id", deliveries, row => row.Before.CorrelationId);
        parameters.Add("d_delivery", deliveries, row => row.Id);
    }

    /// <summary>What subscribers are told of them, as it is to be.</summary>
    async Task<List<(Guid Id, Guid NotificationId, string Data)>> ToldOf(
        IReadOnlyList<ErasedNotification> notifications,
        CancellationToken cancellationToken
    )
    {
        var names = notifications.ToDictionary(one => one.Before.CorrelationId, one => one.After.Recipient.Id);
        await using var command = database.CreateCommand(
            """
            WITH RECURSIVE told AS (
                (SELECT subscription_id FROM subscription_delivery ORDER BY subscription_id LIMIT 1)
                UNION ALL
                SELECT (
                    SELECT d.subscription_id FROM subscription_delivery d
                    WHERE d.subscription_id > told.subscription_id ORDER BY d.subscription_id LIMIT 1)
                FROM told WHERE told.subscription_id IS NOT NULL)
            SELECT d.id, d.notification_id, d.data FROM told
            JOIN subscription_delivery d ON d.subscription_id = told.subscription_id AND d.notification_id = ANY(@ids)
            """
        );
        command.Parameters.Add(new NpgsqlParameter<Guid[]>("ids", [.. names.Keys]));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var told = new List<(Guid, Guid, string)>();
        while (await reader.ReadAsync(cancellationToken))
            told.Add((reader.GetGuid(0), reader.GetGuid(1), Erased.Told(reader.GetString(2), names[reader.GetGuid(1)])));
        return told;
    }

    /// <summary>The contents of notifications that nobody else is told.</summary>
    static async Task<List<(Guid Hash, DateOnly Day)>> ContentsOf(
        NpgsqlConnection connection,
        IReadOnlyList<ErasedNotification> notifications,
        CancellationToken cancellationToken
    )
    {
        var planned = notifications
            .Where(one => one.Before.Contents is not null)
            .Select(one => (Hash: one.Before.Contents!.Value, Day: DateOnly.FromDateTime(one.Before.CreatedAt.UtcDateTime)))
            .Distinct()
            .ToList();
        var alone = await Unshared(
            connection,
            planned,
            [.. notifications.Select(one => one.Before.CorrelationId)],
            DateTimeOffset.MinValue,
            cancellationToken
        );

        await using var command = new NpgsqlCommand(SelectFilledLater, connection);
        AddDeliveries(command.Parameters, notifications);
        command.Parameters.Add(new NpgsqlParameter<Guid[]>("planned", [.. planned.Select(one => one.Hash)]));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            alone.Add((reader.GetGuid(0), reader.GetFieldValue<DateOnly>(1)));
        await reader.CloseAsync();
        await using var fetched = new NpgsqlCommand("SELECT hash, day FROM content WHERE hash = ANY(@files)", connection);
        fetched.Parameters.Add(new NpgsqlParameter<Guid[]>("files", [.. notifications.SelectMany(one => one.Files).Distinct()]));
        await using var files = await fetched.ExecuteReaderAsync(cancellationToken);
        while (await files.ReadAsync(cancellationToken))
            alone.Add((files.GetGuid(0), files.GetFieldValue<DateOnly>(1)));
        return alone;
    }

    static async Task<List<(Guid Hash, DateOnly Day)>> Unshared(
        NpgsqlConnection connection,
        IReadOnlyList<(Guid Hash, DateOnly Day)> contents,
        IReadOnlyList<Guid> ids,
        DateTimeOffset since,
        CancellationToken cancellationToken
    )
    {
        var alone = new List<(Guid, DateOnly)>();
        foreach (var day in contents.GroupBy(one => one.Day))
        {
            var begin = new DateTimeOffset(day.Key.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
            await using var command = new NpgsqlCommand(SelectShared, connection);
            // A day may be millions: it takes as long as it takes, for as long as nobody waits for it.
            if (since == DateTimeOffset.MinValue)
                command.CommandTimeout = 0;
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("since", begin > since ? begin : since));
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("until", begin.AddDays(1)));
            command.Parameters.Add(new NpgsqlParameter<Guid[]>("hashes", [.. day.Select(one => one.Hash)]));
            command.Parameters.Add(new NpgsqlParameter<Guid[]>("ids", [.. ids]));
            var shared = new HashSet<Guid>();
            await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
            {
                while (await reader.ReadAsync(cancellationToken))
                    shared.Add(reader.GetGuid(0));
            }

            alone.AddRange(day.Where(one => !shared.Contains(one.Hash)));
        }

        return alone;
    }

    /// <summary>
    /// Another notification that says the same may begin meanwhile, and finds what it says kept. For the moment in which that is decided
    /// none begins.
    /// </summary>
    static async Task<int> EraseContents(
        NpgsqlConnection connection,
        IReadOnlyList<Guid> ids,
        List<(Guid Hash, DateOnly Day)> contents,
        DateTimeOffset since,
        CancellationToken cancellationToken
    )
    {
        if (contents.Count == 0)
            return 0;

        await using (var alone = new NpgsqlCommand($"SELECT {PostgresWithdrawals.KeepFromBeginning}", connection))
            await alone.ExecuteNonQueryAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            "DELETE FROM content c USING unnest(@hash, @day) AS g (hash, day) WHERE c.hash = g.hash AND c.day = g.day",
            connection
        );
        AddContents(command.Parameters, await Unshared(connection, contents, ids, since, cancellationToken));
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    static void AddContents(NpgsqlParameterCollection parameters, IReadOnlyList<(Guid Hash, DateOnly Day)> contents)
    {
        parameters.Add("hash", contents, one => one.Hash);
        parameters.Add("day", contents, one => one.Day);
    }

    async Task<List<Guid>> FailedMessagesOf(TracesOfPerson traces, CancellationToken cancellationToken)
    {
        var person = new PersonInMessages(traces);
        await using var command = database.CreateCommand(FailedMessagesWithParts);
        command.Parameters.Add(new NpgsqlParameter<string[]>("parts", [.. person.Parts.Select(part => $"%{part}%")]));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<Guid>();
        while (await reader.ReadAsync(cancellationToken))
        {
            if (person.AreIn(reader.GetFieldValue<byte[]>(1), reader.GetString(2), reader.GetFieldValue<byte[][]>(3)))
                found.Add(reader.GetGuid(0));
        }

        return found;
    }

    static void AddTraces(NpgsqlParameterCollection parameters, TracesOfPerson traces)
    {
        var (addresses, recipients) = (traces.Addresses.ToList(), traces.Recipients.ToList());
        parameters.Add("address", addresses, one => one);
        parameters.Add("erased", addresses, traces.Key.OfAddress);
        parameters.Add("recipient", recipients, one => one);
        parameters.Add("erased_recipient", recipients, one => traces.Key.OfRecipient(traces.Application, one));
        parameters.Add(new NpgsqlParameter<string>("application", traces.Application));
        Storable.MakeAll(parameters);
    }
}
