using System.Text.Json;
using NotificationBus.Notifications;
using NotificationBus.Subscriptions;
using NotificationBus.Telemetry;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// What subscribers are told, in PostgreSQL, by the database's clock. Hosts take it side by side, and skip what another host is taking;
/// what came of tries is written in batches.
/// </summary>
public sealed class PostgresWebhookDeliveries : IWebhookDeliveries
{
    const string Columns =
        "d.id, d.subscription_id, d.notification_id, d.sequence, d.type, d.at, d.data, d.status, d.attempts, "
        + "d.due_at, d.created_at, d.tries";

    /// <summary>What is due later, and which nobody is sending. What is leased has its own time.</summary>
    internal const string PutOff = "d.status = 'Waiting' AND d.due_at > now() AND (d.leased_until IS NULL OR d.leased_until <= now())";

    /// <summary>
    /// A part of the statement that writes steps, which it has as <c>stored</c>. The step before of the same notification is committed and
    /// seen, or this one has lost its race: so numbers have no gap and come once.
    /// </summary>
    internal const string Insert = """
        heard AS (
            INSERT INTO subscription_delivery (id, subscription_id, notification_id, sequence, type, at, data)
            SELECT h.id, h.subscription_id, h.notification_id, h.number + coalesce((
                    SELECT max(sequence) FROM subscription_delivery d
                    WHERE d.subscription_id = h.subscription_id AND d.notification_id = h.notification_id), 0),
                h.type, h.at, h.data
            FROM unnest(@h_id, @h_listener, @h_notification, @h_number, @h_type, @h_at, @h_data)
                AS h (id, subscription_id, notification_id, number, type, at, data)
            JOIN stored ON stored.id = h.notification_id
            JOIN subscription s ON s.id = h.subscription_id AND s.disabled_at IS NULL)
        """;

    const string InsertTest = $"""
        INSERT INTO subscription_delivery AS d (id, subscription_id, notification_id, sequence, type, at, data)
        VALUES (@id, @subscription, @notification, 1, @type, @at, @data) RETURNING {Columns}
        """;

    const string SelectWithDue = $"""
        SELECT s.id FROM subscription s
        WHERE s.disabled_at IS NULL AND EXISTS (
            SELECT FROM subscription_delivery d WHERE d.subscription_id = s.id AND d.status = 'Waiting' AND d.due_at <= now()
            {Few.OneByOne})
        """;

    // Those that wait behind one that is put off are due with it, so that they are not read each time; not those behind one that is being
    // told: whoever settles it at this moment would not see that they were moved. Some at once: most calls find none.
    static readonly string TakeDue = $"""
        WITH front AS (
            SELECT d.id, d.notification_id, d.sequence FROM subscription_delivery d
            WHERE d.subscription_id = @subscription AND d.status = 'Waiting' AND d.due_at <= now() ORDER BY d.due_at LIMIT 40),
        waiting AS (
            SELECT front.id, first.due_at FROM front, LATERAL (
                SELECT e.due_at, e.leased_until FROM subscription_delivery e
                WHERE e.subscription_id = @subscription AND e.notification_id = front.notification_id AND e.sequence < front.sequence
                    AND {Few.OnceFound("e.status = 'Waiting'")}
                ORDER BY e.sequence LIMIT 1) first
            WHERE first.due_at > now() AND (first.leased_until IS NULL OR first.leased_until <= now())),
        free AS (
            SELECT d.id FROM subscription_delivery d
            WHERE d.id = {Few.Of("id", "waiting")} AND {Few.OnceFound("d.status = 'Waiting' AND d.due_at <= now()")}
            FOR UPDATE SKIP LOCKED),
        behind AS (
            UPDATE subscription_delivery d SET due_at = (SELECT waiting.due_at FROM waiting WHERE waiting.id = d.id)
            WHERE d.id = {Few.Of("id", "free")}),
        due AS (
            SELECT d.id, d.due_at AS was_due FROM subscription_delivery d
            WHERE d.subscription_id = @subscription AND d.status = 'Waiting' AND d.due_at <= now() AND NOT EXISTS (
                SELECT FROM subscription_delivery e
                WHERE e.subscription_id = d.subscription_id AND e.notification_id = d.notification_id AND e.sequence < d.sequence
                    AND {Few.OnceFound("e.status = 'Waiting'")}
                ORDER BY e.sequence {Few.OneByOne})
            ORDER BY d.due_at LIMIT @limit FOR UPDATE SKIP LOCKED),
        taken AS (
            UPDATE subscription_delivery d SET due_at = now() + @lease, leased_until = now() + @lease
            WHERE d.id = {Few.Of("id", "due")}
            RETURNING {Columns})
        SELECT {Columns} FROM taken d JOIN due ON due.id = d.id ORDER BY due.was_due, d.created_at
        """;

    // What waits behind one that waits no more is due; not what is settled by the same statement, which changes a row once. Whoever has
    // locked such a row makes it due, too. The ids are named twice: planned while the table was empty, a join alone would read all of it.
    static readonly string SettleMany = $"""
        WITH settled AS (
            UPDATE subscription_delivery d SET
                status = s.status, attempts = d.attempts + 1, due_at = CASE WHEN s.status = 'Waiting' THEN now() + s.again END,
                leased_until = NULL,
                tries = CASE WHEN jsonb_array_length(d.tries) >= @most_tries THEN d.tries - 0 ELSE d.tries END || s.try
            FROM unnest(@s_id, @s_attempts, @s_status, @s_again, @s_try) AS s (id, attempts, status, again, try)
            WHERE d.id = ANY (@s_id) AND d.id = s.id
                AND (s.status = 'Delivered' OR d.status = 'Waiting' AND d.attempts = s.attempts)
            RETURNING d.subscription_id, d.notification_id, d.sequence, d.status),
        behind AS (
            SELECT later.id FROM settled, LATERAL (
                SELECT d.id FROM subscription_delivery d
                WHERE d.subscription_id = settled.subscription_id AND d.notification_id = settled.notification_id
                    AND d.sequence > settled.sequence AND d.id <> ALL (@s_id) AND {Few.OnceFound(PutOff)}
                ORDER BY d.sequence {Few.OneByOne} FOR UPDATE SKIP LOCKED) AS later
            WHERE settled.status <> 'Waiting')
        UPDATE subscription_delivery d SET due_at = now() WHERE d.id = {Few.Of("id", "behind")} AND {Few.OnceFound(PutOff)}
        """;

    readonly NpgsqlDataSource _database;
    readonly GroupCommit.Kind<WebhookSettlement, bool> _settlements;

    /// <summary>Keeps it in that database.</summary>
    /// <param name="database">The database.</param>
    /// <param name="metrics">Told how many settlements share a commit.</param>
    public PostgresWebhookDeliveries(NpgsqlDataSource database, FlowMetrics metrics)
    {
        _database = database;
        _settlements = new GroupCommit(database, rows => metrics.Batched("webhooks", rows)).Add<WebhookSettlement, bool>(
            settlement => settlement.Id,
            Settle,
            _ => Task.FromResult<Func<WebhookSettlement, bool>>(_ => true)
        );
    }

    /// <summary>Gives the statement what it needs for <see cref="Insert"/>, and for those who read along.</summary>
    internal static void AddTo(NpgsqlParameterCollection parameters, IReadOnlyList<NotificationStep> steps)
    {
        var heard = steps.SelectMany(step => step.Heard).ToList();
        parameters.Add("h_id", heard, row => row.Id);
        parameters.Add("h_listener", heard, row => row.ListenerId);
        parameters.Add("h_notification", heard, row => row.NotificationId);
        parameters.Add("h_number", heard, row => row.Number);
        parameters.Add("h_type", heard, row => row.Type);
        parameters.Add("h_at", heard, row => row.At.ToUniversalTime());
        parameters.Add("h_data", heard, row => row.Data);
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<Guid>> WithDue(CancellationToken cancellationToken)
    {
        await using var command = _database.CreateCommand(SelectWithDue);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var due = new List<Guid>();
        while (await reader.ReadAsync(cancellationToken))
            due.Add(reader.GetGuid(0));
        return due;
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<WebhookDelivery>> Take(
        Guid subscriptionId,
        TimeSpan lease,
        int limit,
        CancellationToken cancellationToken
    )
    {
        var command = new NpgsqlBatchCommand(TakeDue);
        command.Parameters.Add(new NpgsqlParameter<Guid>("subscription", subscriptionId));
        command.Parameters.Add(new NpgsqlParameter<TimeSpan>("lease", lease));
        command.Parameters.Add(new NpgsqlParameter<int>("limit", limit));
        return await _database.Write(command, reader => Read(reader, cancellationToken), cancellationToken);
    }

    /// <inheritdoc />
    public Task Settle(WebhookSettlement settlement, CancellationToken cancellationToken) =>
        _settlements.Run(settlement, cancellationToken);

    /// <inheritdoc />
    public Task Hasten(Guid subscriptionId, CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand(
            $"UPDATE subscription_delivery d SET due_at = now() WHERE d.subscription_id = @subscription AND {PutOff}"
        );
        command.Parameters.Add(new NpgsqlParameter<Guid>("subscription", subscriptionId));
        return _database.Write(command, cancellationToken);
    }

    /// <inheritdoc />
    public async Task<long> CountWaiting(Guid subscriptionId, long most, CancellationToken cancellationToken)
    {
        await using var command = _database.CreateCommand(
            """
            SELECT count(*) FROM (
                SELECT FROM subscription_delivery WHERE subscription_id = @subscription AND status = 'Waiting' LIMIT @most) AS waiting
            """
        );
        command.Parameters.Add(new NpgsqlParameter<Guid>("subscription", subscriptionId));
        command.Parameters.Add(new NpgsqlParameter<long>("most", most));
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <inheritdoc />
    public async Task<WebhookDelivery> AddTest(HeardEvent heard, CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand(InsertTest);
        command.Parameters.Add(new NpgsqlParameter<Guid>("id", heard.Id));
        command.Parameters.Add(new NpgsqlParameter<Guid>("subscription", heard.ListenerId));
        command.Parameters.Add(new NpgsqlParameter<Guid>("notification", heard.NotificationId));
        command.Parameters.Add(new NpgsqlParameter<string>("type", heard.Type));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("at", heard.At.ToUniversalTime()));
        command.Parameters.Add(new NpgsqlParameter<string>("data", heard.Data));
        return (await _database.Commit(command, reader => Read(reader, cancellationToken), cancellationToken))[0];
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<WebhookDelivery>> List(WebhookFilter filter, CancellationToken cancellationToken)
    {
        // Only what is asked for is in the statement, so that the server sees which index has it.
        await using var command = _database.CreateCommand(
            $"""
            SELECT {Columns} FROM subscription_delivery d WHERE d.subscription_id = @subscription
            {(filter.Status is { } status ? $"AND d.status = '{status}'" : "")}
            {(filter.After is null ? "" : "AND (d.created_at, d.id) < (@at, @id)")}
            ORDER BY d.created_at DESC, d.id DESC LIMIT @limit
            """
        );
        command.Parameters.Add(new NpgsqlParameter<Guid>("subscription", filter.SubscriptionId));
        if (filter.After is { } after)
        {
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("at", after.At));
            command.Parameters.Add(new NpgsqlParameter<Guid>("id", after.Id));
        }

        command.Parameters.Add(new NpgsqlParameter<int>("limit", filter.Limit));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await Read(reader, cancellationToken);
    }

    /// <inheritdoc />
    public async Task<WebhookDelivery?> Resend(Guid subscriptionId, Guid id, CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand(
            $"""
            UPDATE subscription_delivery d SET status = 'Waiting', attempts = 0, due_at = now()
            WHERE d.id = @id AND d.subscription_id = @subscription RETURNING {Columns}
            """
        );
        command.Parameters.Add(new NpgsqlParameter<Guid>("subscription", subscriptionId));
        command.Parameters.Add(new NpgsqlParameter<Guid>("id", id));
        return await _database.Commit(command, reader => Read(reader, cancellationToken), cancellationToken) is [var again] ? again : null;
    }

    /// <inheritdoc />
    public async Task<int> Recover(Guid subscriptionId, DateTimeOffset since, int limit, CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand(
            $"""
            WITH failed AS (
                SELECT id FROM subscription_delivery
                WHERE subscription_id = @subscription AND created_at >= @since AND status = 'Failed' ORDER BY created_at, id LIMIT @limit),
            again AS (
                UPDATE subscription_delivery SET status = 'Waiting', attempts = 0, due_at = now() WHERE id = {Few.Of("id", "failed")}
                RETURNING 1)
            SELECT count(*)::integer FROM again
            """
        );
        command.Parameters.Add(new NpgsqlParameter<Guid>("subscription", subscriptionId));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("since", since.ToUniversalTime()));
        command.Parameters.Add(new NpgsqlParameter<int>("limit", limit));
        return (int)(await _database.Commit(command, cancellationToken))!;
    }

    /// <inheritdoc />
    public async Task<int> Forget(TimeSpan age, int limit, CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand(
            $"""
            WITH old AS (
                SELECT d.id FROM subscription_delivery d
                WHERE d.created_at < now() - @age AND (d.status <> 'Waiting' OR NOT EXISTS (
                    SELECT FROM subscription s WHERE s.id = d.subscription_id AND s.disabled_at IS NULL))
                ORDER BY d.created_at LIMIT @limit FOR UPDATE SKIP LOCKED),
            forgotten AS (
                DELETE FROM subscription_delivery WHERE id = {Few.Of("id", "old")} RETURNING 1)
            SELECT count(*)::integer FROM forgotten
            """
        );
        command.Parameters.Add(new NpgsqlParameter<TimeSpan>("age", age));
        command.Parameters.Add(new NpgsqlParameter<int>("limit", limit));
        return (int)(await _database.Write(command, cancellationToken))!;
    }

    static NpgsqlBatchCommand Settle(IReadOnlyList<WebhookSettlement> settlements)
    {
        var command = new NpgsqlBatchCommand(SettleMany);
        command.Parameters.Add("s_id", settlements, row => row.Id);
        command.Parameters.Add("s_attempts", settlements, row => row.Attempts);
        command.Parameters.Add("s_status", settlements, row => $"{row.Status}");
        command.Parameters.Add("s_again", settlements, row => row.Again);
        command.Parameters.AddJson("s_try", settlements, row => JsonSerializer.Serialize(row.Try, JsonSerializerOptions.Web));
        command.Parameters.Add(new NpgsqlParameter<int>("most_tries", WebhookDelivery.MostKeptTries));
        return command;
    }

    static async Task<IReadOnlyList<WebhookDelivery>> Read(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        var found = new List<WebhookDelivery>();
        while (await reader.ReadAsync(cancellationToken))
            found.Add(
                new WebhookDelivery
                {
                    Id = reader.GetGuid(0),
                    SubscriptionId = reader.GetGuid(1),
                    NotificationId = reader.GetGuid(2),
                    Sequence = reader.GetInt32(3),
                    Type = reader.GetString(4),
                    At = reader.GetFieldValue<DateTimeOffset>(5),
                    Data = reader.GetString(6),
                    Status = Enum.Parse<WebhookStatus>(reader.GetString(7)),
                    Attempts = reader.GetInt32(8),
                    DueAt = reader.IsDBNull(9) ? null : reader.GetFieldValue<DateTimeOffset>(9),
                    CreatedAt = reader.GetFieldValue<DateTimeOffset>(10),
                    Tries = JsonSerializer.Deserialize<List<WebhookTry>>(reader.GetString(11), JsonSerializerOptions.Web)!,
                }
            );
        return found;
    }
}
