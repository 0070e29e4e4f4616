using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Outgoing;
using NotificationBus.Providers;
using NotificationBus.Telemetry;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// The ledger in PostgreSQL, by the database's clock. Its writes are gathered like those of <see cref="PostgresNotificationStore"/>.
/// </summary>
public sealed class PostgresAttemptLedger : IAttemptLedger
{
    // All attempts of a delivery are in the partition of its notification's time, or their numbers would not be unique. A command that
    // belongs to no notification on record has its attempts in the default partition.
    const string CreatedAtOfOne = "coalesce((SELECT created_at FROM notification_key WHERE id = @notification), 'infinity')";

    const string NotificationCreatedAt = "coalesce((SELECT created_at FROM notification_key WHERE id = notification_id), 'infinity')";

    // An address may be suppressed for every category and for this one: one row of the two, or the claim would have two answers. And by its
    // own name, or by the one that stands in its place since its recipient was erased.
    static readonly string ClaimAttempts = $"""
        WITH asked AS (
            SELECT a.*, s.reason AS suppression
            FROM (
                SELECT *, {PostgresErasures.NameOf("address")} AS erased
                FROM unnest(@delivery, @number, @notification, @channel, @provider, @address, @category, @lease, @content,
                    @template_version)
                    AS a (delivery_id, number, notification_id, channel, provider, address, category, lease, content, template_version)) a
            LEFT JOIN LATERAL (
                SELECT reason FROM suppressed_address
                WHERE hashtextextended(address, 0) = ANY(ARRAY[hashtextextended(a.address, 0), hashtextextended(a.erased, 0)])
                    AND address IN (a.address, a.erased) AND channel = a.channel AND category IN ('', a.category)
                ORDER BY category LIMIT 1) s ON true),
        granted AS (
            INSERT INTO delivery_attempt (delivery_id, number, notification_id, notification_created_at, channel, provider, status,
                lease_until, content, template_version)
            SELECT delivery_id, number, notification_id, {NotificationCreatedAt}, channel, provider, 'Started', now() + lease, content,
                template_version
            FROM asked WHERE suppression IS NULL
            ON CONFLICT (delivery_id, number, notification_created_at) DO NOTHING
            RETURNING delivery_id)
        SELECT delivery_id, NULL FROM granted
        UNION ALL
        SELECT delivery_id, suppression FROM asked WHERE suppression IS NOT NULL
        """;

    // The number after the last one, as a worker would claim it: whoever inserts it first has it.
    const string CancelDelivery = $"""
        INSERT INTO delivery_attempt (delivery_id, number, notification_id, notification_created_at, channel, provider, status, reason,
            lease_until, finished_at)
        SELECT @delivery, coalesce(max(number), 0) + 1, @notification, begun.at, @channel, '', 'Cancelled', @reason, now(), now()
        FROM (SELECT {CreatedAtOfOne} AS at) AS begun
        LEFT JOIN delivery_attempt a ON a.delivery_id = @delivery AND a.notification_created_at = begun.at
        GROUP BY begun.at
        HAVING count(*) FILTER (WHERE a.status IN ('Accepted', 'Cancelled')) = 0
        ON CONFLICT (delivery_id, number, notification_created_at) DO NOTHING
        """;

    // With a limit the server expects few rows, and looks for each instead of joining all, also while a table is empty.
    static readonly string WithOutcomes = $"""
        WITH outcome AS (
            SELECT *, {NotificationCreatedAt} AS notification_created_at
            FROM unnest(@delivery, @number, @notification, @channel, @provider, @status, @provider_message, @reason, @suppressed, @trace,
                @reference)
                AS a (delivery_id, number, notification_id, channel, provider, status, provider_message_id, reason, suppressed,
                    trace_parent, reference)
            LIMIT @count),
        ranged AS (
            INSERT INTO notification_range (reference, until, since)
            SELECT reference, max(notification_created_at), min(notification_created_at) FROM outcome
                WHERE isfinite(notification_created_at)
            GROUP BY reference, date_bin('1 second', notification_created_at, 'epoch')),
        suppressed AS (
            INSERT INTO suppressed_address (channel, address, reason, source)
            SELECT channel, suppressed, coalesce(reason, 'refused'), provider FROM outcome
                WHERE suppressed IS NOT NULL AND {PostgresErasures.IsNotSuppressed("outcome.channel", "outcome.suppressed", "''")}
            ON CONFLICT DO NOTHING)
        """;

    const string RecordOutcomes = """
        UPDATE delivery_attempt SET
            status = o.status, provider_message_id = o.provider_message_id, reason = o.reason, finished_at = now(),
            trace_parent = o.trace_parent
        FROM outcome o
        WHERE delivery_attempt.delivery_id = o.delivery_id AND delivery_attempt.number = o.number AND delivery_attempt.status = 'Started'
            AND delivery_attempt.notification_created_at = o.notification_created_at
        """;

    const string ReturnRecorded = "RETURNING delivery_attempt.delivery_id";

    static readonly string RecordRecent =
        $"{RecordOutcomes} AND delivery_attempt.notification_created_at {Recently.Begun} {ReturnRecorded}";

    static readonly string RecordRecentOutcomes = $"{WithOutcomes} {RecordRecent}";

    static readonly string RecordAnyOutcomes = $"{WithOutcomes} {RecordOutcomes} {ReturnRecorded}";

    // What other services are told is kept with the outcome, and with none that is not recorded. In statements of their own: who tells
    // nobody pays nothing for it.
    const string TellRecorded = $"""
        told AS (
            INSERT INTO outgoing_message (message_id, destination, content_type, message_types, body, due_at)
            SELECT message_id, destination, content_type, message_types, body, now()
            FROM unnest(@delivery, @message_id, @destination, @content_type, @message_types, @body)
                AS m (delivery_id, message_id, destination, content_type, message_types, body)
            JOIN recorded USING (delivery_id)
            ON CONFLICT (message_id) DO NOTHING)
        SELECT delivery_id, (SELECT pg_notify('{PostgresOutgoingMessages.Wake}', '')) FROM recorded
        """;

    static readonly string TellRecentOutcomes = $"{WithOutcomes}, recorded AS ({RecordRecent}), {TellRecorded}";

    static readonly string TellAnyOutcomes = $"{WithOutcomes}, recorded AS ({RecordOutcomes} {ReturnRecorded}), {TellRecorded}";

    // A claim from the future was made before the clock was put back. It would keep everybody away for as long as that was.
    const string SelectAttempts = """
        SELECT delivery_id, notification_id, number, channel, provider, status, provider_message_id, reason, started_at,
            CASE WHEN started_at > now() + interval '2 seconds' THEN now() ELSE lease_until END, finished_at, now(), trace_parent,
            content, template_version
        FROM delivery_attempt
        """;

    readonly NpgsqlDataSource _database;
    readonly GroupCommit.Kind<Claiming, ClaimAnswer> _claims;
    readonly GroupCommit.Kind<Outcome, bool> _recentOutcomes;
    readonly GroupCommit.Kind<Outcome, bool> _outcomes;
    readonly GroupCommit.Kind<Outcome, bool> _recentTold;
    readonly GroupCommit.Kind<Outcome, bool> _told;
    readonly GroupCommit.Kind<Guid, bool> _confirmations;
    readonly DeliveryNews? _news;

    /// <summary>Keeps the ledger in that database.</summary>
    /// <param name="database">The database.</param>
    /// <param name="metrics">Told how many claims and outcomes share a commit.</param>
    /// <param name="news">Writes what other services are told of calls that have failed; null when nobody is.</param>
    public PostgresAttemptLedger(NpgsqlDataSource database, FlowMetrics metrics, DeliveryNews? news = null)
    {
        (_database, _news) = (database, news);
        var commits = new GroupCommit(database, rows => metrics.Batched("attempts", rows));
        _claims = commits.Add<Claiming, ClaimAnswer>(claim => claim.Attempt.DeliveryId, Claim, ReadClaims);
        _recentOutcomes = commits.Add<Outcome, bool>(
            outcome => outcome.Attempt.DeliveryId,
            outcomes => Record(RecordRecentOutcomes, outcomes),
            ReadRecorded
        );
        _outcomes = commits.Add<Outcome, bool>(
            outcome => outcome.Attempt.DeliveryId,
            outcomes => Record(RecordAnyOutcomes, outcomes),
            ReadRecorded
        );
        _recentTold = commits.Add<Outcome, bool>(
            outcome => outcome.Attempt.DeliveryId,
            outcomes => Record(TellRecentOutcomes, outcomes),
            ReadRecorded
        );
        _told = commits.Add<Outcome, bool>(
            outcome => outcome.Attempt.DeliveryId,
            outcomes => Record(TellAnyOutcomes, outcomes),
            ReadRecorded
        );
        _confirmations = commits.AddConfirmation();
    }

    /// <inheritdoc />
    public async Task<AttemptClaim> Claim(
        DeliveryAttempt attempt,
        string address,
        string category,
        TimeSpan lease,
        CancellationToken cancellationToken
    )
    {
        var answer = await _claims.Run(new Claiming(attempt, address, category, lease), cancellationToken);
        return answer.Granted || answer.Suppression is not null
            ? new AttemptClaim([], Now: default, answer.Suppression)
            : await Earlier(attempt, cancellationToken);
    }

    /// <inheritdoc />
    public async Task<bool> Record(DeliveryAttempt outcome, string? suppressedAddress, CancellationToken cancellationToken)
    {
        var told = _news is null ? null : await _news.Write(outcome.Told);
        var row = new Outcome(outcome, suppressedAddress, told);
        var (recent, any) = row.Told is null ? (_recentOutcomes, _outcomes) : (_recentTold, _told);
        if (await recent.Run(row, cancellationToken) || await any.Run(row, cancellationToken))
            return true;

        // It may be the outcome itself that is found, written a moment ago by a connection that broke while it waited for the standby.
        await Confirm(cancellationToken);
        return false;
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<DeliveryAttempt>> Cancel(
        Guid notificationId,
        Guid deliveryId,
        string channel,
        string reason,
        CancellationToken cancellationToken
    )
    {
        while (true)
        {
            var command = new NpgsqlBatchCommand(CancelDelivery);
            command.Parameters.Add(new NpgsqlParameter<Guid>("notification", notificationId));
            command.Parameters.Add(new NpgsqlParameter<Guid>("delivery", deliveryId));
            command.Parameters.Add(new NpgsqlParameter<string>("channel", channel));
            command.Parameters.Add(new NpgsqlParameter<string>("reason", reason));
            await _database.Commit(command, cancellationToken);

            // Read after it, and not by it: a call that is not over here will find, when it is, that it was the last one.
            var attempts = await AttemptsOf(notificationId, deliveryId, cancellationToken);
            if (attempts.Any(attempt => attempt.Status is AttemptStatus.Accepted or AttemptStatus.Cancelled))
                return attempts;
        }
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<DeliveryAttempt>> AttemptsOf(Guid notificationId, Guid deliveryId, CancellationToken cancellationToken)
    {
        var (attempts, _) = await SelectConfirmed(notificationId, deliveryId, cancellationToken);
        return attempts;
    }

    /// <inheritdoc />
    public async Task<DeliveryAttempt?> FindByDelivery(string provider, Guid deliveryId, CancellationToken cancellationToken)
    {
        await using var command = _database.CreateCommand(
            $"""
            {SelectAttempts} WHERE delivery_id = @delivery AND provider = @provider ORDER BY number DESC LIMIT 1
            """
        );
        command.Parameters.Add(new NpgsqlParameter<Guid>("delivery", deliveryId));
        command.Parameters.Add(new NpgsqlParameter<string>("provider", provider));
        return (await Read(command, cancellationToken)).Attempts.SingleOrDefault();
    }

    /// <inheritdoc />
    public async Task<DeliveryAttempt?> FindByMessage(string provider, string providerMessageId, CancellationToken cancellationToken)
    {
        await using var command = _database.CreateCommand(
            $"""
            {SelectAttempts} WHERE provider_message_id = @message AND provider = @provider ORDER BY started_at DESC LIMIT 1
            """
        );
        command.Parameters.Add(new NpgsqlParameter<string>("message", Storable.Text(providerMessageId)!));
        command.Parameters.Add(new NpgsqlParameter<string>("provider", provider));
        return (await Read(command, cancellationToken)).Attempts.SingleOrDefault();
    }

    /// <summary>The attempts of some deliveries of a notification, in order, to be shown: an outcome may be on one server only.</summary>
    internal async Task<IReadOnlyList<DeliveryAttempt>> AttemptsOf(
        Guid notificationId,
        IReadOnlyCollection<Guid> deliveryIds,
        CancellationToken cancellationToken
    )
    {
        var (attempts, _) = await Select(notificationId, deliveryIds, cancellationToken);
        return attempts;
    }

    static NpgsqlBatchCommand Claim(IReadOnlyList<Claiming> claims)
    {
        var command = new NpgsqlBatchCommand(ClaimAttempts);
        var parameters = command.Parameters;
        parameters.Add("delivery", claims, claim => claim.Attempt.DeliveryId);
        parameters.Add("number", claims, claim => claim.Attempt.Number);
        parameters.Add("notification", claims, claim => claim.Attempt.NotificationId);
        parameters.Add("channel", claims, claim => claim.Attempt.Channel);
        parameters.Add("provider", claims, claim => claim.Attempt.Provider);
        parameters.Add("address", claims, claim => claim.Address);
        parameters.Add("category", claims, claim => claim.Category);
        parameters.Add("lease", claims, claim => claim.Lease);
        parameters.Add("content", claims, claim => claim.Attempt.Content);
        parameters.Add("template_version", claims, claim => claim.Attempt.TemplateVersion);
        return command;
    }

    static async Task<Func<Claiming, ClaimAnswer>> ReadClaims(NpgsqlDataReader reader)
    {
        var answers = new Dictionary<Guid, ClaimAnswer>();
        while (await reader.ReadAsync())
            answers.Add(
                reader.GetGuid(0),
                reader.IsDBNull(1)
                    ? new ClaimAnswer(Granted: true, Suppression: null)
                    : new ClaimAnswer(Granted: false, reader.GetString(1))
            );

        return claim => answers.GetValueOrDefault(claim.Attempt.DeliveryId);
    }

    static NpgsqlBatchCommand Record(string sql, IReadOnlyList<Outcome> outcomes)
    {
        var command = new NpgsqlBatchCommand(sql);
        var parameters = command.Parameters;
        parameters.Add("delivery", outcomes, outcome => outcome.Attempt.DeliveryId);
        parameters.Add("number", outcomes, outcome => outcome.Attempt.Number);
        parameters.Add("notification", outcomes, outcome => outcome.Attempt.NotificationId);
        parameters.Add(new NpgsqlParameter<int>("count", outcomes.Count));
        parameters.Add("channel", outcomes, outcome => outcome.Attempt.Channel);
        parameters.Add("provider", outcomes, outcome => outcome.Attempt.Provider);
        parameters.Add("status", outcomes, outcome => outcome.Attempt.Status.ToString());
        parameters.Add("provider_message", outcomes, outcome => outcome.Attempt.ProviderMessageId);
        parameters.Add("reason", outcomes, outcome => outcome.Attempt.Reason);
        parameters.Add("suppressed", outcomes, outcome => outcome.SuppressedAddress);
        parameters.Add("trace", outcomes, outcome => outcome.Attempt.TraceParent);
        parameters.Add("reference", outcomes, outcome => NotificationReferences.OfProvider(outcome.Attempt.Provider));
        if (outcomes[0].Told is null)
            return command;

        // All of a statement are told, or none.
        parameters.Add("message_id", outcomes, outcome => outcome.Told!.Token);
        parameters.Add("destination", outcomes, outcome => outcome.Told!.Destination);
        parameters.Add("content_type", outcomes, outcome => outcome.Told!.ContentType);
        parameters.Add("message_types", outcomes, outcome => outcome.Told!.MessageTypes);
        parameters.Add("body", outcomes, outcome => outcome.Told!.Body.ToArray());
        return command;
    }

    static async Task<Func<Outcome, bool>> ReadRecorded(NpgsqlDataReader reader)
    {
        var recorded = new HashSet<Guid>();
        while (await reader.ReadAsync())
            recorded.Add(reader.GetGuid(0));

        return outcome => recorded.Contains(outcome.Attempt.DeliveryId);
    }

    async Task<AttemptClaim> Earlier(DeliveryAttempt refused, CancellationToken cancellationToken)
    {
        var (attempts, now) = await SelectConfirmed(refused.NotificationId, refused.DeliveryId, cancellationToken);
        return new AttemptClaim(attempts, now);
    }

    /// <summary>
    /// Reads the attempts of a delivery to act on them, and waits until an outcome among them is on the standby. It is not written once
    /// more for that, so that nothing else would wait for the standby.
    /// </summary>
    async Task<(List<DeliveryAttempt> Attempts, DateTimeOffset Now)> SelectConfirmed(
        Guid notificationId,
        Guid deliveryId,
        CancellationToken cancellationToken
    )
    {
        var found = await Select(notificationId, [deliveryId], cancellationToken);
        if (found.Attempts.Exists(attempt => attempt.Status != AttemptStatus.Started))
            await Confirm(cancellationToken);
        return found;
    }

    Task<bool> Confirm(CancellationToken cancellationToken) => _confirmations.Run(Guid.CreateVersion7(), cancellationToken);

    async Task<(List<DeliveryAttempt> Attempts, DateTimeOffset Now)> Select(
        Guid notificationId,
        IReadOnlyCollection<Guid> deliveryIds,
        CancellationToken cancellationToken
    )
    {
        await using var command = _database.CreateCommand(
            $"""
            {SelectAttempts}
            WHERE delivery_id = ANY(@ids) AND notification_created_at = {CreatedAtOfOne}
            ORDER BY delivery_id, number
            """
        );
        command.Parameters.Add(new NpgsqlParameter<Guid>("notification", notificationId));
        command.Parameters.Add(new NpgsqlParameter<Guid[]>("ids", [.. deliveryIds]));
        return await Read(command, cancellationToken);
    }

    static async Task<(List<DeliveryAttempt> Attempts, DateTimeOffset Now)> Read(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);

        var attempts = new List<DeliveryAttempt>();
        var now = default(DateTimeOffset);
        while (await reader.ReadAsync(cancellationToken))
        {
            now = reader.GetFieldValue<DateTimeOffset>(11);
            attempts.Add(
                new DeliveryAttempt
                {
                    DeliveryId = reader.GetGuid(0),
                    NotificationId = reader.GetGuid(1),
                    Number = reader.GetInt32(2),
                    Channel = reader.GetString(3),
                    Provider = reader.GetString(4),
                    Status = Enum.Parse<AttemptStatus>(reader.GetString(5)),
                    ProviderMessageId = reader.IsDBNull(6) ? null : reader.GetString(6),
                    Reason = reader.IsDBNull(7) ? null : reader.GetString(7),
                    StartedAt = reader.GetFieldValue<DateTimeOffset>(8),
                    LeaseUntil = reader.GetFieldValue<DateTimeOffset>(9),
                    FinishedAt = reader.IsDBNull(10) ? null : reader.GetFieldValue<DateTimeOffset>(10),
                    TraceParent = reader.IsDBNull(12) ? null : reader.GetString(12),
                    Content = reader.IsDBNull(13) ? null : reader.GetGuid(13),
                    TemplateVersion = reader.IsDBNull(14) ? null : reader.GetString(14),
                }
            );
        }

        return (attempts, now);
    }

    sealed record Claiming(DeliveryAttempt Attempt, string Address, string Category, TimeSpan Lease);

    readonly record struct ClaimAnswer(bool Granted, string? Suppression);

    sealed record Outcome(DeliveryAttempt Attempt, string? SuppressedAddress, OutgoingMessage? Told);
}
