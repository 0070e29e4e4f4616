using NotificationBus.Contracts;
using NotificationBus.Providers.Accounts;
using Npgsql;
using NpgsqlTypes;

namespace NotificationBus.Postgres;

/// <summary>
/// The health of provider accounts as the hosts have found it out, in PostgreSQL and by its clock. A row is read, changed by the rules of
/// <see cref="ProviderHealth"/> and written in one transaction, which has it to itself: hosts that find something out together take turns,
/// and each sees what the one before has done.
/// </summary>
public sealed class PostgresProviderHealth(NpgsqlDataSource database, TimeProvider clock) : IProviderHealth
{
    const string Columns = """
        circuit_open, needs_attention, since, open_until, open_for, probe_until, probe_for, probes_passed, reason,
        paused_until, paused_for, learned_per_second, rate_changed_at
        """;

    // A host that stands still, or is gone, does not keep the row from the others: the server ends its session.
    internal const string NotForLong = "SET LOCAL idle_in_transaction_session_timeout = '10s'";

    // There before it is locked, so that two who find out the first thing of an account take turns as well.
    const string InsertRow = "INSERT INTO provider_health (account) VALUES (@account) ON CONFLICT DO NOTHING";

    const string LockRow = $"SELECT now(), {Columns} FROM provider_health WHERE account = @account FOR UPDATE";

    const string UpdateRow = """
        UPDATE provider_health SET
            circuit_open = @circuit_open, needs_attention = @needs_attention, since = @since, reason = @reason,
            open_until = @open_until, open_for = @open_for,
            probe_until = @probe_until, probe_for = @probe_for, probes_passed = @probes_passed,
            paused_until = @paused_until, paused_for = @paused_for, learned_per_second = @learned, rate_changed_at = @rate_changed_at
        WHERE account = @account
        """;

    const string Tell = $"NOTIFY {PostgresControls.Changed}";

    // The time until each turn that is to come is divided by the factor.
    const string MoveLine = $"""
        WITH slot AS (
            UPDATE provider_slot SET
                next_slot = now() + (next_slot - now()) / @factor,
                next_transactional = CASE
                    WHEN next_transactional > now() THEN now() + (next_transactional - now()) / @factor
                    ELSE next_transactional END
            WHERE account = @account AND next_slot > now()),
        line AS (
            UPDATE outgoing_message SET due_at = now() + (due_at - now()) / @factor WHERE waits_for = @waits_for AND due_at > now()
            RETURNING 1)
        SELECT pg_notify('{PostgresOutgoingMessages.Wake}', '') FROM line LIMIT 1
        """;

    readonly SlotReservations _slots = new(database);

    /// <inheritdoc />
    public Task Open(string account, TimeSpan breakFor, string reason, bool needsAttention) =>
        Change(account, limit: null, (health, now) => health.Opened(now, breakFor, reason, needsAttention));

    /// <inheritdoc />
    public async Task<bool> TryProbe(string account, TimeSpan lease)
    {
        var granted = false;
        await Change(account, limit: null, (health, now) => health.TryProbe(now, lease, out granted));
        return granted;
    }

    /// <inheritdoc />
    public Task ProbePassed(string account, int needed) => Change(account, limit: null, (health, now) => health.ProbePassed(now, needed));

    /// <inheritdoc />
    public Task ProbeNotMade(string account) => Change(account, limit: null, (health, _) => health.ProbeNotMade());

    /// <inheritdoc />
    public Task Pause(string account, TimeSpan pause, string reason, RateCut? cut) =>
        Change(account, cut?.Limit, (health, now) => health.Paused(now, pause, reason, cut));

    /// <inheritdoc />
    public Task RaiseLearnedRate(string account, double factor, TimeSpan interval, TimeSpan forgetAfter, double? limit) =>
        Change(account, limit, (health, now) => health.RateRaised(now, factor, interval, forgetAfter));

    /// <inheritdoc />
    public Task<TimeSpan> Reserve(string account, double perSecond, Lane lane) => _slots.Reserve(account, perSecond, lane);

    /// <inheritdoc />
    public async Task<bool> KeepsSlot(string account)
    {
        const string GiveUpSlot = "UPDATE provider_slot SET owed = owed - 1 WHERE account = @account AND owed > 0 RETURNING true";
        return await database.Write(Named(GiveUpSlot, account), CancellationToken.None) is not true;
    }

    /// <summary>Moves those who wait when operators set another rate, in the transaction that sets it.</summary>
    internal static async Task ChangeLimit(
        NpgsqlConnection connection,
        string account,
        double? before,
        double? after,
        CancellationToken cancellationToken
    )
    {
        // Nobody learns another rate until those who wait are moved for this one.
        const string Learned = "SELECT learned_per_second FROM provider_health WHERE account = @account FOR SHARE";
        await using var known = new NpgsqlCommand(Learned, connection);
        known.Parameters.Add(new NpgsqlParameter<string>("account", account));
        var learned = await known.ExecuteScalarAsync(cancellationToken) as double?;
        if (Moving(account, learned, before, after) is not { } moving)
            return;

        await using var batch = connection.CreateBatch();
        batch.BatchCommands.Add(moving);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>
    /// All accounts anything is known of. Times are by this host's clock, so that a host whose clock differs waits as long as the others.
    /// </summary>
    internal async Task<IReadOnlyDictionary<string, ProviderHealth>> Load(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"SELECT now(), {Columns}, account FROM provider_health");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);

        var known = new Dictionary<string, ProviderHealth>(StringComparer.Ordinal);
        var here = clock.GetUtcNow();
        while (await reader.ReadAsync(cancellationToken))
        {
            var (health, now) = Read(reader);
            known.Add(reader.GetString(reader.FieldCount - 1), health.By(now, here));
        }

        return known;
    }

    /// <summary>Changes what is known of an account by a rule, and tells every host when that is anything new.</summary>
    /// <param name="account">The account.</param>
    /// <param name="limit">The rate that is set, calls per second; null when none is, or it does not matter.</param>
    /// <param name="rule">What it becomes, by the database's clock.</param>
    Task Change(string account, double? limit, Func<ProviderHealth, DateTimeOffset, ProviderHealth> rule) =>
        database.Write(async connection =>
        {
            await using var reading = Batch(connection, new(NotForLong), Named(InsertRow, account), Named(LockRow, account));
            var (before, now) = await ReadOne(reading);
            var after = rule(before, now);
            if (after == before)
                return;

            await using var writing = Batch(connection, Writing(account, after), new(Tell));
            if (Moving(account, limit, before.LearnedPerSecond, after.LearnedPerSecond) is { } moving)
                writing.BatchCommands.Add(moving);
            await writing.ExecuteNonQueryAsync();
        });

    static NpgsqlBatch Batch(NpgsqlConnection connection, params ReadOnlySpan<NpgsqlBatchCommand> commands)
    {
        var batch = connection.CreateBatch();
        foreach (var command in commands)
            batch.BatchCommands.Add(command);
        return batch;
    }

    static NpgsqlBatchCommand Named(string sql, string account)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<string>("account", account));
        return command;
    }

    static async Task<(ProviderHealth Health, DateTimeOffset Now)> ReadOne(NpgsqlBatch batch)
    {
        await using var reader = await batch.ExecuteReaderAsync();
        await reader.ReadAsync();
        return Read(reader);
    }

    static (ProviderHealth Health, DateTimeOffset Now) Read(NpgsqlDataReader reader)
    {
        var health = new ProviderHealth
        {
            CircuitOpen = reader.GetBoolean(1),
            NeedsAttention = reader.GetBoolean(2),
            Since = Time(3),
            OpenUntil = Time(4) ?? default,
            OpenFor = Length(5),
            ProbeUntil = Time(6) ?? default,
            ProbeFor = Length(7),
            ProbesPassed = reader.GetInt32(8),
            Reason = reader.IsDBNull(9) ? null : reader.GetString(9),
            PausedUntil = Time(10) ?? default,
            PausedFor = Length(11),
            LearnedPerSecond = reader.IsDBNull(12) ? null : reader.GetDouble(12),
            RateChangedAt = Time(13),
        };
        return (health, Time(0)!.Value);

        DateTimeOffset? Time(int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);

        TimeSpan? Length(int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<TimeSpan>(column);
    }

    static NpgsqlBatchCommand Writing(string account, ProviderHealth health)
    {
        var command = Named(UpdateRow, account);
        command.Parameters.AddRange(
            (NpgsqlParameter[])
                [
                    new NpgsqlParameter<bool>("circuit_open", health.CircuitOpen),
                    new NpgsqlParameter<bool>("needs_attention", health.NeedsAttention),
                    Time("since", health.Since),
                    Time("open_until", health.OpenUntil),
                    Length("open_for", health.OpenFor),
                    Time("probe_until", health.ProbeUntil),
                    Length("probe_for", health.ProbeFor),
                    new NpgsqlParameter<int>("probes_passed", health.ProbesPassed),
                    new NpgsqlParameter<string?>("reason", Storable.Text(health.Reason)),
                    Time("paused_until", health.PausedUntil),
                    Length("paused_for", health.PausedFor),
                    new NpgsqlParameter<double?>("learned", health.LearnedPerSecond),
                    Time("rate_changed_at", health.RateChangedAt),
                ]
        );
        return command;

        static NpgsqlParameter Time(string name, DateTimeOffset? time) =>
            new(name, NpgsqlDbType.TimestampTz) { Value = time is { } known && known != default ? known.UtcDateTime : DBNull.Value };

        static NpgsqlParameter Length(string name, TimeSpan? length) =>
            new NpgsqlParameter<TimeSpan?>(name, length) { NpgsqlDbType = NpgsqlDbType.Interval };
    }

    /// <summary>Moves those who wait for their turn when a rate becomes another one; null when all stay where they are.</summary>
    /// <param name="account">The account.</param>
    /// <param name="other">The rate that stays: of the one that is set and the one that was learned, the lower is in force.</param>
    /// <param name="before">The rate that changes.</param>
    /// <param name="after">What it becomes.</param>
    static NpgsqlBatchCommand? Moving(string account, double? other, double? before, double? after)
    {
        if (WaitingLine.Factor(WaitingLine.Lower(other, before), WaitingLine.Lower(other, after)) is not { } factor)
            return null;

        var command = Named(MoveLine, account);
        command.Parameters.Add(new NpgsqlParameter<string>("waits_for", WaitingLine.WaitsForTurn(account)));
        command.Parameters.Add(new NpgsqlParameter<double>("factor", factor));
        return command;
    }
}
