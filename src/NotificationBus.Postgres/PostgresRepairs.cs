using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Notifications;
using NotificationBus.Outgoing;
using NotificationBus.Providers.Controls;
using NotificationBus.Repairs;
using Npgsql;
using NpgsqlTypes;

namespace NotificationBus.Postgres;

/// <summary>Repairs in PostgreSQL. Who is at one holds a lease in its row, and every statement about an item looks at it.</summary>
public sealed class PostgresRepairs([FromKeyedServices(PostgresSetup.Operators)] NpgsqlDataSource database) : IRepairs
{
    const string Columns = """
        r.id, r.created_at, r.who, r.on_behalf_of, r.why, r.filter, r.is_complete, r.state, r.note, r.per_second, r.started_at, r.ended_at,
        r.application
        """;

    const string ItemColumns = """
        notification_id, began_at, category, cause, cause_channel, cause_provider, state, left_out, detail, channels, cost,
        repaired_by, settled_at
        """;

    /// <inheritdoc />
    public Task Add(Repair repair, IReadOnlyList<RepairItem> items, CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand(
            """
            WITH planned AS (
                INSERT INTO repair (id, who, on_behalf_of, why, filter, is_complete, per_second, application)
                VALUES (@id, @who, @on_behalf_of, @why, @filter, @is_complete, @per_second, @application)),
            noted AS (
                INSERT INTO control_change (subject, who, on_behalf_of, why, before, after)
                VALUES (@subject, @who, @on_behalf_of, @why, 'null', @after))
            INSERT INTO repair_item (
                repair_id, notification_id, began_at, category, cause, cause_channel, cause_provider, state, left_out, detail, channels,
                cost, repaired_by)
            SELECT @id, i.notification_id, i.began_at, i.category, i.cause, i.cause_channel, i.cause_provider, i.state, i.left_out,
                i.detail, string_to_array(i.channels, ','), i.cost, i.repaired_by
            FROM unnest(
                @notification, @began_at, @category, @cause, @cause_channel, @cause_provider, @state, @left_out, @detail, @channels, @cost,
                @repaired_by)
                AS i (notification_id, began_at, category, cause, cause_channel, cause_provider, state, left_out, detail, channels, cost,
                    repaired_by)
            """
        );
        var parameters = command.Parameters;
        parameters.Add(new NpgsqlParameter<Guid>("id", repair.Id));
        AddBy(parameters, repair.By);
        AddJson(parameters, "filter", repair.Filter);
        parameters.Add(new NpgsqlParameter<bool>("is_complete", repair.IsComplete));
        parameters.Add(new NpgsqlParameter<string?>("application", repair.Application));
        parameters.Add(new NpgsqlParameter<int>("per_second", repair.PerSecond));
        parameters.Add(new NpgsqlParameter<string>("subject", RepairChange.SubjectOf(repair.Id)));
        AddJson(parameters, "after", RepairChange.NotePlan(items));
        parameters.Add("notification", items, item => item.NotificationId);
        parameters.Add("began_at", items, item => item.BeganAt.ToUniversalTime());
        parameters.Add("category", items, item => item.Category);
        parameters.Add("cause", items, item => item.Cause.Code);
        parameters.Add("cause_channel", items, item => item.Cause.Channel);
        parameters.Add("cause_provider", items, item => item.Cause.Provider);
        parameters.Add("state", items, item => $"{item.Status}");
        parameters.Add("left_out", items, item => item.LeftOut?.ToString());
        parameters.Add("detail", items, item => item.Detail);
        parameters.Add("channels", items, item => string.Join(',', item.Channels));
        parameters.Add("cost", items, item => item.Cost);
        parameters.Add("repaired_by", items, item => item.RepairedBy);
        return database.Commit(command, cancellationToken);
    }

    /// <inheritdoc />
    public async Task<Repair?> Find(Guid id, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"SELECT {Columns} FROM repair r WHERE id = @id");
        command.Parameters.Add(new NpgsqlParameter<Guid>("id", id));
        Repair? found;
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
            found = await reader.ReadAsync(cancellationToken) ? Read(reader) : null;
        return found is null ? null : found with { Groups = await GroupsOf(id, cancellationToken) };
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<Repair>> List(
        string? application,
        (DateTimeOffset At, Guid Id)? after,
        int limit,
        CancellationToken cancellationToken
    )
    {
        await using var command = database.CreateCommand(
            $"""
            SELECT {Columns} FROM repair r
            WHERE (@application IS NULL OR application = @application) AND (@after IS NULL OR (created_at, id) < (@after, @after_id))
            ORDER BY created_at DESC, id DESC LIMIT @limit
            """
        );
        command.Parameters.Add(new NpgsqlParameter<string?>("application", application));
        AddPlace(command.Parameters, after?.At, after?.Id, limit);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<Repair>();
        while (await reader.ReadAsync(cancellationToken))
            found.Add(Read(reader));
        return found;
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<RepairItem>> Items(
        Guid id,
        RepairItemStatus? status,
        NotificationCursor? after,
        int limit,
        CancellationToken cancellationToken
    )
    {
        await using var command = database.CreateCommand(
            $"""
            SELECT {ItemColumns} FROM repair_item
            WHERE repair_id = @id AND (@state IS NULL OR state = @state)
                AND (@after IS NULL OR (began_at, notification_id) < (@after, @after_id))
            ORDER BY began_at DESC, notification_id DESC LIMIT @limit
            """
        );
        command.Parameters.Add(new NpgsqlParameter<Guid>("id", id));
        command.Parameters.Add(new NpgsqlParameter<string?>("state", status?.ToString()));
        AddPlace(command.Parameters, after?.CreatedAt, after?.Id, limit);
        return await ReadItems(command, cancellationToken);
    }

    /// <inheritdoc />
    public async Task<bool> Change(Guid id, RepairChange change, ChangedBy by, CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand(
            """
            WITH changed AS (
                UPDATE repair SET state = @state, note = NULL, owner = NULL, lease_until = NULL,
                    per_second = CASE WHEN @runs THEN @per_second ELSE per_second END,
                    may_begin = CASE WHEN @runs THEN @limit ELSE 0 END,
                    started_at = CASE WHEN @runs THEN coalesce(started_at, now()) ELSE started_at END,
                    ended_at = CASE WHEN @ends THEN now() END
                WHERE id = @id AND state = ANY(@from)
                RETURNING id),
            noted AS (
                INSERT INTO control_change (subject, who, on_behalf_of, why, before, after)
                SELECT @subject, @who, @on_behalf_of, @why, 'null', @after FROM changed)
            SELECT count(*)::integer FROM changed
            """
        );
        var parameters = command.Parameters;
        parameters.Add(new NpgsqlParameter<Guid>("id", id));
        parameters.Add(new NpgsqlParameter<string>("state", $"{change.To}"));
        parameters.Add(new NpgsqlParameter<string[]>("from", [.. change.From.Select(from => $"{from}")]));
        parameters.Add(new NpgsqlParameter<bool>("runs", change.To == RepairStatus.Running));
        parameters.Add(new NpgsqlParameter<bool>("ends", change.To == RepairStatus.Stopped));
        parameters.Add(new NpgsqlParameter<int>("per_second", change.PerSecond));
        parameters.Add(new NpgsqlParameter<int>("limit", change.Limit));
        parameters.Add(new NpgsqlParameter<string>("subject", RepairChange.SubjectOf(id)));
        AddBy(parameters, by);
        AddJson(parameters, "after", change.Noted);
        return await database.Commit(command, cancellationToken) is 1;
    }

    /// <inheritdoc />
    public async Task<IReadOnlySet<Guid>> RepairedAmong(IReadOnlyCollection<Guid> notificationIds, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "SELECT notification_id FROM repair_item WHERE notification_id = ANY(@ids) AND state = 'Repaired'"
        );
        command.Parameters.Add(new NpgsqlParameter<Guid[]>("ids", [.. notificationIds]));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var found = new HashSet<Guid>();
        while (await reader.ReadAsync(cancellationToken))
            found.Add(reader.GetGuid(0));
        return found;
    }

    /// <inheritdoc />
    public Task<RepairTurn?> Take(Guid owner, TimeSpan lease, CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand(
            """
            UPDATE repair SET owner = @owner, lease_until = now() + @lease
            WHERE id = (
                SELECT id FROM repair
                WHERE state = 'Running' AND (owner = @owner OR lease_until IS NULL OR lease_until < now())
                ORDER BY started_at LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING id, per_second, may_begin
            """
        );
        command.Parameters.Add(new NpgsqlParameter<Guid>("owner", owner));
        command.Parameters.Add(new NpgsqlParameter<TimeSpan>("lease", lease));
        return database.Write(
            command,
            async reader =>
                await reader.ReadAsync(cancellationToken)
                    ? new RepairTurn(reader.GetGuid(0), owner, reader.GetInt32(1), reader.GetInt32(2))
                    : null,
            cancellationToken
        );
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<RepairItem>> Next(Guid id, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"""
            SELECT {ItemColumns} FROM repair_item WHERE repair_id = @id AND state = 'Planned'
            ORDER BY began_at, notification_id LIMIT @limit
            """
        );
        command.Parameters.Add(new NpgsqlParameter<Guid>("id", id));
        command.Parameters.Add(new NpgsqlParameter<int>("limit", limit));
        return await ReadItems(command, cancellationToken);
    }

    /// <inheritdoc />
    public async Task<RepairTurn?> Record(
        RepairTurn turn,
        RepairItem item,
        OutgoingMessage? message,
        TimeSpan lease,
        CancellationToken cancellationToken
    )
    {
        var command = new NpgsqlBatchCommand(
            $"""
            WITH mine AS (
                UPDATE repair SET lease_until = now() + @lease, may_begin = may_begin - @begins
                WHERE id = @id AND owner = @owner AND state = 'Running'
                RETURNING per_second, may_begin),
            settled AS (
                UPDATE repair_item SET state = @state, left_out = @left_out, detail = @detail, repaired_by = @repaired_by,
                    settled_at = now()
                FROM mine WHERE repair_id = @id AND notification_id = @notification AND state = 'Planned'
                RETURNING 1),
            scheduled AS (
                INSERT INTO outgoing_message (message_id, destination, content_type, message_types, body, headers, due_at)
                SELECT @message_id, @destination, @content_type, @message_types, @body, @headers, now() FROM settled WHERE @begins > 0
                ON CONFLICT (message_id) DO NOTHING)
            SELECT per_second, may_begin, CASE WHEN @begins > 0 THEN pg_notify('{PostgresOutgoingMessages.Wake}', '') END FROM mine
            """
        );
        var parameters = command.Parameters;
        parameters.Add(new NpgsqlParameter<Guid>("id", turn.Id));
        parameters.Add(new NpgsqlParameter<Guid>("owner", turn.Owner));
        parameters.Add(new NpgsqlParameter<TimeSpan>("lease", lease));
        parameters.Add(new NpgsqlParameter<int>("begins", message is null ? 0 : 1));
        parameters.Add(new NpgsqlParameter<Guid>("notification", item.NotificationId));
        parameters.Add(new NpgsqlParameter<string>("state", $"{item.Status}"));
        parameters.Add(new NpgsqlParameter<string?>("left_out", item.LeftOut?.ToString()));
        parameters.Add(new NpgsqlParameter<string?>("detail", item.Detail));
        AddOptional(parameters, "repaired_by", NpgsqlDbType.Uuid, item.RepairedBy);
        AddOptional(parameters, "message_id", NpgsqlDbType.Uuid, message?.Token);
        parameters.Add(new NpgsqlParameter<string?>("destination", message?.Destination));
        parameters.Add(new NpgsqlParameter<string?>("content_type", message?.ContentType));
        parameters.Add(new NpgsqlParameter<string?>("message_types", message?.MessageTypes));
        AddOptional(parameters, "body", NpgsqlDbType.Bytea, message?.Body.ToArray());
        AddOptional(parameters, "headers", NpgsqlDbType.Jsonb, message?.Headers);
        try
        {
            return await database.Commit(
                command,
                async reader =>
                    await reader.ReadAsync(cancellationToken)
                        ? turn with
                        {
                            PerSecond = reader.GetInt32(0),
                            Left = reader.GetInt32(1),
                        }
                        : null,
                cancellationToken
            );
        }
        catch (PostgresException exception)
            when (exception is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "repair_item_once" })
        {
            throw new RepairedBeforeException();
        }
    }

    /// <inheritdoc />
    public Task End(RepairTurn turn, RepairStatus status, string? note, CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand(
            """
            UPDATE repair SET state = @state, note = @note, owner = NULL, lease_until = NULL, ended_at = CASE WHEN @done THEN now() END
            WHERE id = @id AND owner = @owner AND state = 'Running'
            """
        );
        command.Parameters.Add(new NpgsqlParameter<Guid>("id", turn.Id));
        command.Parameters.Add(new NpgsqlParameter<Guid>("owner", turn.Owner));
        command.Parameters.Add(new NpgsqlParameter<string>("state", $"{status}"));
        command.Parameters.Add(new NpgsqlParameter<bool>("done", status == RepairStatus.Done));
        command.Parameters.Add(new NpgsqlParameter<string?>("note", note));
        return database.Commit(command, cancellationToken);
    }

    async Task<IReadOnlyList<RepairGroup>> GroupsOf(Guid id, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            SELECT state, left_out, cause, cause_channel, cause_provider, CASE WHEN state <> 'LeftOut' THEN channels[1] END,
                state = 'LeftOut' AND settled_at IS NOT NULL, count(*), CASE WHEN state <> 'LeftOut' THEN sum(cost) END
            FROM repair_item WHERE repair_id = @id
            GROUP BY 1, 2, 3, 4, 5, 6, 7
            ORDER BY count(*) DESC, cause COLLATE "C", cause_channel COLLATE "C" NULLS FIRST, cause_provider COLLATE "C" NULLS FIRST
            """
        );
        command.Parameters.Add(new NpgsqlParameter<Guid>("id", id));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var groups = new List<RepairGroup>();
        while (await reader.ReadAsync(cancellationToken))
            groups.Add(
                new RepairGroup(
                    Enum.Parse<RepairItemStatus>(reader.GetString(0)),
                    Text(reader, 1) is { } leftOut ? Enum.Parse<RepairExclusion>(leftOut) : null,
                    new RepairCause(reader.GetString(2), Text(reader, 3), Text(reader, 4)),
                    Text(reader, 5),
                    reader.GetBoolean(6),
                    reader.GetInt64(7),
                    reader.IsDBNull(8) ? null : reader.GetDecimal(8)
                )
            );
        return groups;
    }

    static Repair Read(NpgsqlDataReader reader) =>
        new()
        {
            Id = reader.GetGuid(0),
            CreatedAt = reader.GetFieldValue<DateTimeOffset>(1),
            By = new ChangedBy(reader.GetString(2), reader.GetString(4)) { OnBehalfOf = Text(reader, 3) },
            Filter = JsonSerializer.Deserialize<Dictionary<string, string>>(reader.GetString(5))!,
            IsComplete = reader.GetBoolean(6),
            Status = Enum.Parse<RepairStatus>(reader.GetString(7)),
            Note = Text(reader, 8),
            PerSecond = reader.GetInt32(9),
            StartedAt = Time(reader, 10),
            EndedAt = Time(reader, 11),
            Application = Text(reader, 12),
        };

    static async Task<IReadOnlyList<RepairItem>> ReadItems(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var items = new List<RepairItem>();
        while (await reader.ReadAsync(cancellationToken))
            items.Add(
                new RepairItem
                {
                    NotificationId = reader.GetGuid(0),
                    BeganAt = reader.GetFieldValue<DateTimeOffset>(1),
                    Category = reader.GetString(2),
                    Cause = new RepairCause(reader.GetString(3), Text(reader, 4), Text(reader, 5)),
                    Status = Enum.Parse<RepairItemStatus>(reader.GetString(6)),
                    LeftOut = Text(reader, 7) is { } leftOut ? Enum.Parse<RepairExclusion>(leftOut) : null,
                    Detail = Text(reader, 8),
                    Channels = reader.GetFieldValue<string[]>(9),
                    Cost = reader.IsDBNull(10) ? null : reader.GetDecimal(10),
                    RepairedBy = reader.IsDBNull(11) ? null : reader.GetGuid(11),
                    At = Time(reader, 12),
                }
            );
        return items;
    }

    static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    static DateTimeOffset? Time(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);

    static void AddBy(NpgsqlParameterCollection parameters, ChangedBy by)
    {
        parameters.Add(new NpgsqlParameter<string>("who", by.Who));
        parameters.Add(new NpgsqlParameter<string?>("on_behalf_of", by.OnBehalfOf));
        parameters.Add(new NpgsqlParameter<string>("why", by.Why));
    }

    static void AddPlace(NpgsqlParameterCollection parameters, DateTimeOffset? at, Guid? id, int limit)
    {
        AddOptional(parameters, "after", NpgsqlDbType.TimestampTz, at?.ToUniversalTime());
        AddOptional(parameters, "after_id", NpgsqlDbType.Uuid, id);
        parameters.Add(new NpgsqlParameter<int>("limit", limit));
    }

    static void AddJson(NpgsqlParameterCollection parameters, string name, object value) =>
        parameters.Add(
            new NpgsqlParameter<string>(name, NpgsqlDbType.Jsonb) { TypedValue = JsonSerializer.Serialize(value, ControlJson.Options) }
        );

    static void AddOptional(NpgsqlParameterCollection parameters, string name, NpgsqlDbType type, object? value) =>
        parameters.Add(new NpgsqlParameter(name, type) { Value = value ?? DBNull.Value });
}
