using System.Text.Json;
using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Telemetry;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// The record in PostgreSQL. Every statement takes any number of rows, as arrays; what concurrent messages ask of it is gathered by
/// <see cref="GroupCommit"/>.
/// </summary>
public sealed class PostgresNotificationStore : INotificationStore, IEarlierNotifications
{
    // It may take the place of what is scheduled under the same token.
    const string Scheduled = $"""
        scheduled AS (
            INSERT INTO outgoing_message (message_id, sent_as, notification_id, destination, content_type, message_types, body, due_at,
                occurred_at)
            SELECT o.message_id, o.sent_as, o.notification_id, o.destination, o.content_type, o.message_types, o.body,
                now() + {PostgresOutgoingMessages.Delay}, o.occurred_at
            FROM unnest(@o_id, @o_sent_as, @o_notification, @o_destination, @o_content_type, @o_message_types, @o_body, @o_delay,
                @o_occurred_at)
                AS o (message_id, sent_as, notification_id, destination, content_type, message_types, body, delay, occurred_at)
            JOIN stored ON stored.id = o.notification_id
            ON CONFLICT (message_id) DO {PostgresOutgoingMessages.Replace})
        """;

    const string Stored = "SELECT id FROM stored";

    const string StoredAndWoken = $"SELECT id, ({PostgresOutgoingMessages.WakeForDue}) FROM stored";

    const string BegunOrNot = "SELECT id, NULL::text FROM stored UNION ALL SELECT id, reason FROM withdrawn";

    const string BegunAndWokenOrNot = $"""
        SELECT id, NULL::text, ({PostgresOutgoingMessages.WakeForDue})::text FROM stored UNION ALL SELECT id, reason, NULL FROM withdrawn
        """;

    // Few steps schedule or cancel anything, go on after the end, or did not go straight. The others do without.
    const string Cancelled = """
        cancelled AS (
            DELETE FROM outgoing_message
            USING unnest(@c_token, @c_notification) AS c (token, notification_id) JOIN stored ON stored.id = c.notification_id
            WHERE outgoing_message.message_id = c.token),
        called_off AS (
            DELETE FROM outgoing_message USING stored
            WHERE stored.id = ANY(@called_off) AND outgoing_message.notification_id = stored.id),
        reopened AS (
            INSERT INTO unfinished_notification (id, created_at, look_again_at)
            SELECT id, created_at, now() + @look_again FROM stored WHERE id = ANY(@reopened)
            ON CONFLICT (id) DO NOTHING),
        """;

    // The id is claimed first: the table by time cannot tell that another month has it. Many may say the same: what they say is written in
    // one order by all, so that no two hosts wait for each other.
    const string InsertedSteps = $"""
        WITH {PostgresWithdrawals.OfThoseThatBegin},
        claimed AS (
            INSERT INTO notification_key (id, created_at) SELECT id, created_at FROM unnest(@id, @created_at) AS n (id, created_at)
            WHERE NOT EXISTS (SELECT FROM withdrawn WHERE withdrawn.id = n.id)
            ON CONFLICT (id) DO NOTHING
            RETURNING id),
        stored AS (
            INSERT INTO notification (id, state, version, event_name, event_id, category, recipient_id, recipient, data,
                requested_channels, mode, deliveries, decisions, refusal, taken_inputs, created_at, expires_at, changed_at, completed_at,
                escalate_after, escalation_token, escalate_unless, fingerprint, left_out, contents, template_version, keys, application,
                metadata, extras)
            SELECT n.id, n.state, n.version, n.event_name, n.event_id, n.category, n.recipient_id, n.recipient, n.data,
                n.requested_channels, n.mode, n.deliveries, n.decisions, n.refusal, n.taken_inputs::uuid[], n.created_at, n.expires_at,
                now(), n.completed_at, n.escalate_after, n.escalation_token, n.escalate_unless, n.fingerprint, n.left_out, n.contents,
                n.template_version, n.keys, n.application, n.metadata, n.extras
            FROM unnest(@id, @state, @version, @event_name, @event_id, @category, @recipient_id, @recipient, @data,
                @requested_channels, @mode, @deliveries, @decisions, @refusal, @taken_inputs, @created_at, @expires_at, @completed_at,
                @escalate_after, @escalation_token, @escalate_unless, @fingerprint, @left_out, @contents, @template_version, @keys,
                @application, @metadata, @extras)
                AS n (id, state, version, event_name, event_id, category, recipient_id, recipient, data,
                requested_channels, mode, deliveries, decisions, refusal, taken_inputs, created_at, expires_at, completed_at,
                escalate_after, escalation_token, escalate_unless, fingerprint, left_out, contents, template_version, keys, application,
                metadata, extras)
            JOIN claimed ON claimed.id = n.id
            RETURNING id, created_at),
        contents AS (
            INSERT INTO content (hash, day, key_id, body)
            SELECT c.hash, c.day, c.key_id, c.body
            FROM unnest(@c_notification_of, @c_hash, @c_day, @c_key, @c_body) AS c (notification_id, hash, day, key_id, body)
            JOIN stored ON stored.id = c.notification_id
            ORDER BY c.hash
            ON CONFLICT (hash, day) DO NOTHING),
        referenced AS (
            INSERT INTO notification_reference (reference, created_at, id)
            SELECT r.reference, r.created_at, r.id
            FROM unnest(@r_reference, @r_created_at, @r_id) AS r (reference, created_at, id) JOIN claimed ON claimed.id = r.id),
        ranged AS (
            INSERT INTO notification_range (reference, until, since)
            SELECT t.reference, t.until, t.since FROM unnest(@t_reference, @t_until, @t_since) AS t (reference, until, since))
        """;

    const string InsertSteps = $"{InsertedSteps}\n{BegunOrNot}";

    const string InsertAndScheduleSteps = $"{InsertedSteps},\n{KeptSteps.Insert},\n{Scheduled}\n{BegunAndWokenOrNot}";

    // Beside what any step may write: who listens to what becomes of notifications is told of few of them, or of all.
    const string Told = $"{PostgresWebhookDeliveries.Insert},\n{PostgresEventStreams.Insert}";

    const string InsertAndTellOfSteps = $"{InsertedSteps},\n{KeptSteps.Insert},\n{Scheduled},\n{Told}\n{BegunAndWokenOrNot}";

    // Between the earliest and the latest is all of them: so the server sees which partitions it can leave out before it prepares to look
    // into them. As one of two alternatives this is no way to read an index, which the server would prefer while a table is empty, and keep
    // to. With a limit it expects few rows, and looks for each instead of joining all.
    const string UpdatedSteps = """
        WITH stored AS (
            UPDATE notification SET
                state = n.state, version = n.version, deliveries = n.deliveries, taken_inputs = n.taken_inputs::uuid[],
                changed_at = now(), completed_at = n.completed_at, escalation_token = n.escalation_token
            FROM (
                SELECT * FROM unnest(@id, @created_at, @state, @version, @deliveries, @taken_inputs, @completed_at, @escalation_token)
                    AS n (id, created_at, state, version, deliveries, taken_inputs, completed_at, escalation_token)
                LIMIT @count) AS n
            WHERE notification.created_at = n.created_at AND notification.id = n.id AND notification.version = n.version - 1
                AND (notification.created_at BETWEEN @earliest AND @latest OR notification.created_at = @earliest)
            RETURNING notification.id, notification.created_at)
        """;

    const string UpdateSteps = $"{UpdatedSteps}\n{Stored}";

    const string UpdateAndScheduleSteps = $"{UpdatedSteps},\n{KeptSteps.Insert},\n{Cancelled}\n{Scheduled}\n{StoredAndWoken}";

    const string UpdateAndTellOfSteps = $"{UpdatedSteps},\n{KeptSteps.Insert},\n{Cancelled}\n{Scheduled},\n{Told}\n{StoredAndWoken}";

    const string SelectNotifications = """
        SELECT n.id, n.state, n.version, n.event_name, n.event_id, n.category, n.recipient, n.data, n.requested_channels, n.mode,
            n.deliveries, n.decisions, n.refusal, n.taken_inputs, n.created_at, n.completed_at, n.expires_at, n.escalate_after,
            n.escalation_token, n.escalate_unless, n.fingerprint, n.left_out, n.contents, n.template_version, n.keys, n.application,
            n.metadata, n.extras
        FROM notification_key k
        CROSS JOIN LATERAL (SELECT * FROM notification WHERE created_at = k.created_at AND id = k.id
        """;

    // With an offset the server looks for each by itself, also while a table is empty.
    const string OfThese = "OFFSET 0) AS n WHERE k.id = ANY(@ids)";

    const string LoadRecentNotifications = $"{SelectNotifications} AND created_at {Recently.Begun} {OfThese}";

    const string LoadNotifications = $"{SelectNotifications} {OfThese}";

    // What an event asks that most likely is here for the first time: then the key alone says so.
    const string SelectEarlier = """
        SELECT n.id, n.state, n.completed_at IS NOT NULL, n.fingerprint
        FROM notification_key k
        CROSS JOIN LATERAL (SELECT * FROM notification WHERE created_at = k.created_at AND id = k.id OFFSET 0) AS n
        WHERE k.id = ANY(@ids)
        """;

    readonly GroupCommit.Kind<Guid, EarlierNotification?> _earlier;
    readonly GroupCommit.Kind<Guid, NotificationState?> _recentLoads;
    readonly GroupCommit.Kind<Guid, NotificationState?> _loads;
    readonly GroupCommit.Kind<NotificationStep, Begun> _inserts;
    readonly GroupCommit.Kind<NotificationStep, bool> _updates;
    readonly GroupCommit.Kind<Guid, bool> _confirmations;

    readonly TimeProvider _clock;
    readonly ChannelSet _channels;

    /// <summary>Keeps the record in that database.</summary>
    /// <param name="database">The database.</param>
    /// <param name="clock">By which steps say when something is due.</param>
    /// <param name="metrics">Told how many steps share a commit.</param>
    /// <param name="channels">Which say in what form an address is found.</param>
    public PostgresNotificationStore(NpgsqlDataSource database, TimeProvider clock, FlowMetrics metrics, ChannelSet channels)
    {
        _clock = clock;
        _channels = channels;
        // The callers of the API and the saga do not wait for each other.
        _earlier = new GroupCommit(database, rows => metrics.Batched("repetitions", rows)).Add<Guid, EarlierNotification?>(
            id => id,
            ids => Load(SelectEarlier, ids),
            ReadEarlier
        );
        // What only reads goes before what keeps rows locked until the commit.
        var commits = new GroupCommit(database, rows => metrics.Batched("steps", rows));
        _recentLoads = commits.Add<Guid, NotificationState?>(id => id, ids => Load(LoadRecentNotifications, ids), ReadNotifications);
        _loads = commits.Add<Guid, NotificationState?>(id => id, ids => Load(LoadNotifications, ids), ReadNotifications);
        _updates = commits.Add<NotificationStep, bool>(step => step.Notification.CorrelationId, Update, ReadStored);
        _inserts = commits.Add<NotificationStep, Begun>(
            step => step.Notification.CorrelationId,
            Insert,
            ReadBegun,
            PostgresWithdrawals.SayThatSomeBegin
        );
        _confirmations = commits.AddConfirmation();
    }

    /// <inheritdoc />
    public async Task<NotificationState?> Load(Guid notificationId, CancellationToken cancellationToken) =>
        await _recentLoads.Run(notificationId, cancellationToken) ?? await _loads.Run(notificationId, cancellationToken);

    /// <inheritdoc />
    public Task<EarlierNotification?> FindEarlier(Guid notificationId, CancellationToken cancellationToken) =>
        _earlier.Run(notificationId, cancellationToken);

    /// <inheritdoc />
    public async Task<bool> Insert(NotificationStep step, CancellationToken cancellationToken)
    {
        step.After();
        var begun = await _inserts.Run(step, cancellationToken);
        step.Withdrawal ??= begun.Withdrawal;
        return begun.IsStored;
    }

    /// <inheritdoc />
    public Task<bool> Update(NotificationStep step, CancellationToken cancellationToken)
    {
        step.After();
        return _updates.Run(step, cancellationToken);
    }

    /// <inheritdoc />
    public Task Confirm(CancellationToken cancellationToken) => _confirmations.Run(Guid.CreateVersion7(), cancellationToken);

    NpgsqlBatchCommand Insert(IReadOnlyList<NotificationStep> steps)
    {
        var rows = steps.Select(step => step.Notification).ToList();
        var tells = steps.Any(step => step.Heard.Count > 0);
        var schedules = tells || steps.Any(step => step.Kept is not null || step.Scheduled.Count > 0);
        var command = new NpgsqlBatchCommand(
            tells ? InsertAndTellOfSteps
            : schedules ? InsertAndScheduleSteps
            : InsertSteps
        );
        var parameters = command.Parameters;
        parameters.Add("id", rows, row => row.CorrelationId);
        parameters.Add("state", rows, row => row.CurrentState);
        parameters.Add("version", rows, row => row.Version);
        parameters.Add("application", rows, row => row.Application);
        parameters.Add("event_name", rows, row => row.EventName);
        parameters.Add("event_id", rows, row => row.EventId);
        parameters.Add("category", rows, row => row.Category);
        parameters.Add("recipient_id", rows, row => row.Recipient.Id);
        parameters.AddJson("recipient", rows, row => JsonSerializer.Serialize(row.Recipient, NotificationJson.Default.Contact));
        parameters.AddJsonAsWritten("data", rows, row => row.Data.GetRawText());
        parameters.AddJson(
            "requested_channels",
            rows,
            row =>
                row.RequestedChannels is { } channels
                    ? JsonSerializer.Serialize(channels, NotificationJson.Default.IReadOnlyListString)
                    : null
        );
        parameters.Add("mode", rows, row => row.Mode.ToString());
        parameters.AddJson("deliveries", rows, DeliveriesOf);
        parameters.AddJson("decisions", rows, row => JsonSerializer.Serialize(row.Decisions, NotificationJson.Default.IReadOnlyListString));
        parameters.Add("refusal", rows, row => row.Refusal);
        parameters.Add("taken_inputs", rows, ProcessedMessageIdsOf);
        parameters.Add("created_at", rows, row => row.CreatedAt);
        parameters.Add("expires_at", rows, row => row.ExpiresAt);
        parameters.Add("completed_at", rows, row => row.CompletedAt);
        parameters.Add("escalate_after", rows, row => row.EscalateAfter);
        parameters.Add("escalation_token", rows, row => row.EscalationToken);
        parameters.Add("escalate_unless", rows, row => row.EscalateUnless.ToString());
        parameters.Add("fingerprint", rows, row => row.Fingerprint);
        parameters.AddJson(
            "left_out",
            rows,
            row => row.LeftOut.Count == 0 ? null : JsonSerializer.Serialize(row.LeftOut, NotificationJson.Default.IReadOnlyListLeftOut)
        );
        parameters.Add("contents", rows, row => row.Contents);
        parameters.Add("template_version", rows, row => row.TemplateVersion);
        AddContents(parameters, steps);
        parameters.AddJson(
            "keys",
            rows,
            row => row.Keys.Count == 0 ? null : JsonSerializer.Serialize(row.Keys, NotificationJson.Default.IReadOnlyDictionaryStringString)
        );
        parameters.AddJson(
            "metadata",
            rows,
            row =>
                row.Metadata.Count == 0
                    ? null
                    : JsonSerializer.Serialize(row.Metadata, NotificationJson.Default.IReadOnlyDictionaryStringString)
        );
        parameters.AddJson(
            "extras",
            rows,
            row => row.Extras is null ? null : JsonSerializer.Serialize(row.Extras, NotificationJson.Default.MessageExtras)
        );
        AddReferences(parameters, rows);
        AddRanges(parameters, rows);
        PostgresWithdrawals.AddTo(parameters, steps);
        if (schedules)
        {
            KeptSteps.AddTo(parameters, steps);
            AddScheduled(parameters, steps);
        }

        if (tells)
            PostgresWebhookDeliveries.AddTo(parameters, steps);
        return command;
    }

    void AddReferences(NpgsqlParameterCollection parameters, List<NotificationState> rows)
    {
        var references = new List<(long Reference, NotificationState Row)>(4 * rows.Count);
        foreach (var row in rows)
        {
            foreach (var reference in NotificationReferences.Of(row, _channels))
                references.Add((reference, row));
        }

        parameters.Add("r_reference", references, reference => reference.Reference);
        parameters.Add("r_created_at", references, reference => reference.Row.CreatedAt);
        parameters.Add("r_id", references, reference => reference.Row.CorrelationId);
    }

    // As few as a batch has: each index entry that a notification does not need by itself is one entry less for it.
    static void AddRanges(NpgsqlParameterCollection parameters, List<NotificationState> rows)
    {
        var ranges = new Dictionary<(long Reference, long Second), (DateTimeOffset Since, DateTimeOffset Until)>();
        foreach (var row in rows)
        {
            Widen(NotificationReferences.OfCategory(row.Category), row.CreatedAt);
            // Where there is one application alone, all are of it.
            if (row.Application != Applications.Default)
                Widen(NotificationReferences.OfApplication(row.Application), row.CreatedAt);
            foreach (var delivery in row.Deliveries)
                Widen(NotificationReferences.OfChannel(delivery.Channel), row.CreatedAt);
        }

        var all = ranges.ToList();
        parameters.Add("t_reference", all, range => range.Key.Reference);
        parameters.Add("t_until", all, range => range.Value.Until);
        parameters.Add("t_since", all, range => range.Value.Since);

        void Widen(long reference, DateTimeOffset at)
        {
            var key = (reference, at.UtcTicks / TimeSpan.TicksPerSecond);
            ranges[key] = ranges.TryGetValue(key, out var range)
                ? (at < range.Since ? at : range.Since, at > range.Until ? at : range.Until)
                : (at, at);
        }
    }

    NpgsqlBatchCommand Update(IReadOnlyList<NotificationStep> steps)
    {
        var rows = steps.Select(step => step.Notification).ToList();
        var tells = steps.Any(step => step.Heard.Count > 0);
        var schedules =
            tells
            || steps.Any(step =>
                step.Kept is not null || step.CallsOff || step.Reopens || step.Cancelled.Count > 0 || step.Scheduled.Count > 0
            );
        var command = new NpgsqlBatchCommand(
            tells ? UpdateAndTellOfSteps
            : schedules ? UpdateAndScheduleSteps
            : UpdateSteps
        );
        var parameters = command.Parameters;
        parameters.Add("id", rows, row => row.CorrelationId);
        parameters.Add("state", rows, row => row.CurrentState);
        parameters.Add("version", rows, row => row.Version);
        parameters.AddJson("deliveries", rows, DeliveriesOf);
        parameters.Add("taken_inputs", rows, ProcessedMessageIdsOf);
        parameters.Add("completed_at", rows, row => row.CompletedAt);
        parameters.Add("escalation_token", rows, row => row.EscalationToken);
        parameters.Add("created_at", rows, row => row.CreatedAt);
        parameters.Add(new NpgsqlParameter<int>("count", rows.Count));
        parameters.Add(new NpgsqlParameter<DateTimeOffset>("earliest", rows.Min(row => row.CreatedAt)));
        parameters.Add(new NpgsqlParameter<DateTimeOffset>("latest", rows.Max(row => row.CreatedAt)));
        if (schedules)
        {
            KeptSteps.AddTo(parameters, steps);
            AddScheduled(parameters, steps);
            AddCancelled(parameters, steps);
        }

        if (tells)
            PostgresWebhookDeliveries.AddTo(parameters, steps);
        return command;
    }

    static NpgsqlBatchCommand Load(string sql, IReadOnlyList<Guid> ids)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.Add("ids", ids, id => id);
        return command;
    }

    static async Task<Func<Guid, NotificationState?>> ReadNotifications(NpgsqlDataReader reader)
    {
        var notifications = new Dictionary<Guid, NotificationState>();
        while (await reader.ReadAsync())
        {
            var notification = Read(reader);
            notifications.Add(notification.CorrelationId, notification);
        }

        return id => notifications.GetValueOrDefault(id);
    }

    static async Task<Func<Guid, EarlierNotification?>> ReadEarlier(NpgsqlDataReader reader)
    {
        var earlier = new Dictionary<Guid, EarlierNotification>();
        while (await reader.ReadAsync())
            earlier.Add(
                reader.GetGuid(0),
                new EarlierNotification(reader.GetString(1), reader.GetBoolean(2), reader.IsDBNull(3) ? null : reader.GetGuid(3))
            );

        return id => earlier.GetValueOrDefault(id);
    }

    static NotificationState Read(NpgsqlDataReader row) =>
        new()
        {
            CorrelationId = row.GetGuid(0),
            CurrentState = row.GetString(1),
            Version = row.GetInt32(2),
            EventName = row.GetString(3),
            EventId = row.IsDBNull(4) ? null : row.GetString(4),
            Category = row.GetString(5),
            Recipient = JsonSerializer.Deserialize(row.GetString(6), NotificationJson.Default.Contact)!,
            Data = JsonElement.Parse(row.GetString(7)),
            RequestedChannels = row.IsDBNull(8)
                ? null
                : JsonSerializer.Deserialize(row.GetString(8), NotificationJson.Default.IReadOnlyListString),
            Mode = Enum.Parse<Model.DeliveryMode>(row.GetString(9)),
            Deliveries = JsonSerializer.Deserialize(row.GetString(10), NotificationJson.Default.IReadOnlyListDeliveryState)!,
            Decisions = JsonSerializer.Deserialize(row.GetString(11), NotificationJson.Default.IReadOnlyListString)!,
            Refusal = row.IsDBNull(12) ? null : row.GetString(12),
            ProcessedMessageIds = row.GetFieldValue<Guid[]>(13),
            CreatedAt = row.GetFieldValue<DateTimeOffset>(14),
            CompletedAt = row.IsDBNull(15) ? null : row.GetFieldValue<DateTimeOffset>(15),
            ExpiresAt = row.GetFieldValue<DateTimeOffset>(16),
            EscalateAfter = row.IsDBNull(17) ? null : row.GetFieldValue<TimeSpan>(17),
            EscalationToken = row.IsDBNull(18) ? null : row.GetGuid(18),
            EscalateUnless = Enum.Parse<Model.DeliveryProof>(row.GetString(19)),
            Fingerprint = row.IsDBNull(20) ? null : row.GetGuid(20),
            LeftOut = row.IsDBNull(21) ? [] : JsonSerializer.Deserialize(row.GetString(21), NotificationJson.Default.IReadOnlyListLeftOut)!,
            Contents = row.IsDBNull(22) ? null : row.GetGuid(22),
            TemplateVersion = row.IsDBNull(23) ? null : row.GetString(23),
            Keys = row.IsDBNull(24)
                ? BusinessKeys.None
                : JsonSerializer.Deserialize(row.GetString(24), NotificationJson.Default.IReadOnlyDictionaryStringString)!,
            Application = row.GetString(25),
            Metadata = row.IsDBNull(26)
                ? BusinessKeys.None
                : JsonSerializer.Deserialize(row.GetString(26), NotificationJson.Default.IReadOnlyDictionaryStringString)!,
            Extras = row.IsDBNull(27) ? null : JsonSerializer.Deserialize(row.GetString(27), NotificationJson.Default.MessageExtras),
        };

    static string DeliveriesOf(NotificationState row) =>
        JsonSerializer.Serialize(row.Deliveries, NotificationJson.Default.IReadOnlyListDeliveryState);

    // unnest() takes no array of arrays with rows of different length: the ids of each row travel as one array literal.
    static string ProcessedMessageIdsOf(NotificationState row) => $"{{{string.Join(',', row.ProcessedMessageIds)}}}";

    void AddScheduled(NpgsqlParameterCollection parameters, IReadOnlyList<NotificationStep> steps)
    {
        var scheduled = steps.SelectMany(step => step.Scheduled, (step, message) => (step, message)).ToList();
        parameters.Add("o_id", scheduled, row => row.message.Token);
        parameters.Add("o_sent_as", scheduled, row => PostgresOutgoingMessages.SentAs(row.message));
        parameters.Add("o_notification", scheduled, row => row.step.Notification.CorrelationId);
        parameters.Add("o_destination", scheduled, row => row.message.Destination);
        parameters.Add("o_content_type", scheduled, row => row.message.ContentType);
        parameters.Add("o_message_types", scheduled, row => row.message.MessageTypes);
        parameters.Add("o_body", scheduled, row => row.message.Body.ToArray());
        parameters.Add("o_occurred_at", scheduled, row => row.step.Notification.CreatedAt);
        var now = _clock.GetUtcNow();
        parameters.Add("o_delay", scheduled, row => PostgresOutgoingMessages.DelayOf(row.message, now));
        parameters.Add(PostgresOutgoingMessages.Soon);
    }

    static void AddContents(NpgsqlParameterCollection parameters, IReadOnlyList<NotificationStep> steps)
    {
        var planned = steps.Where(step => step.Contents is not null).ToList();
        parameters.Add("c_notification_of", planned, step => step.Notification.CorrelationId);
        parameters.Add("c_hash", planned, step => step.Contents!.Hash);
        parameters.Add("c_day", planned, step => DateOnly.FromDateTime(step.Notification.CreatedAt.UtcDateTime));
        parameters.Add("c_key", planned, step => step.Contents!.KeyId);
        parameters.Add("c_body", planned, step => step.Contents!.Body);
    }

    static void AddCancelled(NpgsqlParameterCollection parameters, IReadOnlyList<NotificationStep> steps)
    {
        var cancelled = steps.SelectMany(step => step.Cancelled, (step, token) => (step, token)).ToList();
        parameters.Add("c_token", cancelled, row => row.token);
        parameters.Add("c_notification", cancelled, row => row.step.Notification.CorrelationId);
        parameters.Add("called_off", steps.Where(step => step.CallsOff).ToList(), step => step.Notification.CorrelationId);
        parameters.Add("reopened", steps.Where(step => step.Reopens).ToList(), step => step.Notification.CorrelationId);
        parameters.Add(new NpgsqlParameter<TimeSpan>("look_again", NotificationStep.LookAgainAfter));
    }

    static async Task<Func<NotificationStep, Begun>> ReadBegun(NpgsqlDataReader reader)
    {
        var begun = new Dictionary<Guid, Begun>();
        while (await reader.ReadAsync())
        {
            var withdrawal = reader.IsDBNull(1) ? null : reader.GetString(1);
            begun.Add(reader.GetGuid(0), new Begun(IsStored: withdrawal is null, withdrawal));
        }

        return step => begun.GetValueOrDefault(step.Notification.CorrelationId);
    }

    /// <summary>What became of a first step: stored; or not, because there is one already, or because it is withdrawn.</summary>
    readonly record struct Begun(bool IsStored, string? Withdrawal);

    static async Task<Func<NotificationStep, bool>> ReadStored(NpgsqlDataReader reader)
    {
        var stored = new HashSet<Guid>();
        while (await reader.ReadAsync())
            stored.Add(reader.GetGuid(0));

        return step => stored.Contains(step.Notification.CorrelationId);
    }
}
