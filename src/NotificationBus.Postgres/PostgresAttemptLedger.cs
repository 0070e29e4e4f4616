using NotificationBus.Sending;

using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>The ledger in PostgreSQL, by the database's clock. Its writes are gathered like those of <see cref="PostgresNotificationStore"/>.</summary>
public sealed class PostgresAttemptLedger : IAttemptLedger
{
    const string ClaimAttempts = """
        INSERT INTO delivery_attempt (delivery_id, number, notification_id, channel, provider, status, lease_until)
        SELECT a.delivery_id, a.number, a.notification_id, a.channel, a.provider, 'Started', now() + a.lease
        FROM unnest(@delivery, @number, @notification, @channel, @provider, @lease) AS a (delivery_id, number, notification_id, channel, provider, lease)
        ON CONFLICT (delivery_id, number) DO NOTHING
        RETURNING delivery_id
        """;

    const string RecordOutcomes = """
        UPDATE delivery_attempt SET
            status = a.status, provider_message_id = a.provider_message_id, reason = a.reason, finished_at = now()
        FROM unnest(@delivery, @number, @status, @provider_message, @reason) AS a (delivery_id, number, status, provider_message_id, reason)
        WHERE delivery_attempt.delivery_id = a.delivery_id AND delivery_attempt.number = a.number AND delivery_attempt.status = 'Started'
        """;

    readonly NpgsqlDataSource _database;
    readonly GroupCommit<(DeliveryAttempt Attempt, TimeSpan Lease), bool> _claims;
    readonly GroupCommit<DeliveryAttempt, bool> _outcomes;

    /// <summary>Keeps the ledger in that database.</summary>
    public PostgresAttemptLedger(NpgsqlDataSource database)
    {
        _database = database;
        _claims = new GroupCommit<(DeliveryAttempt Attempt, TimeSpan Lease), bool>(claim => claim.Attempt.DeliveryId, Claim);
        _outcomes = new GroupCommit<DeliveryAttempt, bool>(outcome => outcome.DeliveryId, Record);
    }

    /// <inheritdoc />
    public async Task<AttemptClaim> Claim(DeliveryAttempt attempt, TimeSpan lease, CancellationToken cancellationToken) =>
        await _claims.Run((attempt, lease), cancellationToken) ? new AttemptClaim([], default) : await Earlier(attempt.DeliveryId, cancellationToken);

    /// <inheritdoc />
    public Task Record(DeliveryAttempt outcome, CancellationToken cancellationToken) => _outcomes.Run(outcome, cancellationToken);

    /// <summary>The attempts of some deliveries, in order.</summary>
    internal async Task<IReadOnlyList<DeliveryAttempt>> AttemptsOf(IReadOnlyCollection<Guid> deliveryIds, CancellationToken cancellationToken)
    {
        var (attempts, _) = await Select(deliveryIds, cancellationToken);
        return attempts;
    }

    async Task<Func<(DeliveryAttempt Attempt, TimeSpan Lease), bool>> Claim(IReadOnlyList<(DeliveryAttempt Attempt, TimeSpan Lease)> claims)
    {
        await using var command = _database.CreateCommand(ClaimAttempts);
        var parameters = command.Parameters;
        parameters.Add("delivery", claims, claim => claim.Attempt.DeliveryId);
        parameters.Add("number", claims, claim => claim.Attempt.Number);
        parameters.Add("notification", claims, claim => claim.Attempt.NotificationId);
        parameters.Add("channel", claims, claim => claim.Attempt.Channel);
        parameters.Add("provider", claims, claim => claim.Attempt.Provider);
        parameters.Add("lease", claims, claim => claim.Lease);

        await using var reader = await command.ExecuteReaderAsync();
        var granted = new HashSet<Guid>();
        while (await reader.ReadAsync())
            granted.Add(reader.GetGuid(0));

        return claim => granted.Contains(claim.Attempt.DeliveryId);
    }

    async Task<Func<DeliveryAttempt, bool>> Record(IReadOnlyList<DeliveryAttempt> outcomes)
    {
        await using var command = _database.CreateCommand(RecordOutcomes);
        var parameters = command.Parameters;
        parameters.Add("delivery", outcomes, outcome => outcome.DeliveryId);
        parameters.Add("number", outcomes, outcome => outcome.Number);
        parameters.Add("status", outcomes, outcome => outcome.Status.ToString());
        parameters.Add("provider_message", outcomes, outcome => outcome.ProviderMessageId);
        parameters.Add("reason", outcomes, outcome => outcome.Reason);
        await command.ExecuteNonQueryAsync();
        return _ => true;
    }

    async Task<AttemptClaim> Earlier(Guid deliveryId, CancellationToken cancellationToken)
    {
        var (attempts, now) = await Select([deliveryId], cancellationToken);
        return new AttemptClaim(attempts, now);
    }

    async Task<(List<DeliveryAttempt> Attempts, DateTimeOffset Now)> Select(IReadOnlyCollection<Guid> deliveryIds, CancellationToken cancellationToken)
    {
        await using var command = _database.CreateCommand("""
            SELECT delivery_id, notification_id, number, channel, provider, status, provider_message_id, reason, started_at, lease_until, finished_at, now()
            FROM delivery_attempt WHERE delivery_id = ANY(@ids) ORDER BY delivery_id, number
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid[]>("ids", [.. deliveryIds]));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);

        var attempts = new List<DeliveryAttempt>();
        var now = default(DateTimeOffset);
        while (await reader.ReadAsync(cancellationToken))
        {
            now = reader.GetFieldValue<DateTimeOffset>(11);
            attempts.Add(new DeliveryAttempt
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
            });
        }

        return (attempts, now);
    }
}
