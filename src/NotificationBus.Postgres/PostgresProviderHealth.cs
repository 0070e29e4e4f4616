using NotificationBus.Sending.Accounts;

using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>What the hosts have found out about a provider account, in PostgreSQL and by its clock.</summary>
public sealed class PostgresProviderHealth(NpgsqlDataSource database, TimeProvider clock) : IProviderHealth
{
    const string Tell = $"pg_notify('{PostgresControls.Changed}', '')";

    readonly SlotReservations _slots = new(database);

    /// <inheritdoc />
    public Task Open(string account, TimeSpan breakFor, string reason, bool needsAttention) => Execute($"""
        WITH opened AS (
            INSERT INTO provider_health AS h (account, circuit_open, needs_attention, since, open_until, reason)
            VALUES (@account, true, @needs_attention, now(), now() + @break, @reason)
            ON CONFLICT (account) DO UPDATE SET
                circuit_open = true, needs_attention = @needs_attention, since = CASE WHEN h.circuit_open THEN h.since ELSE now() END,
                open_until = now() + @break, probe_until = NULL, probes_passed = 0, reason = @reason)
        SELECT {Tell}
        """,
        new NpgsqlParameter<string>("account", account),
        new NpgsqlParameter<bool>("needs_attention", needsAttention),
        new NpgsqlParameter<TimeSpan>("break", breakFor),
        new NpgsqlParameter<string>("reason", reason));

    /// <inheritdoc />
    public async Task<bool> TryProbe(string account, TimeSpan lease) => await Execute($"""
        WITH granted AS (
            UPDATE provider_health SET probe_until = now() + @lease
            WHERE account = @account AND circuit_open AND open_until <= now() AND (probe_until IS NULL OR probe_until <= now())
            RETURNING true)
        SELECT true, {Tell} FROM granted
        """,
        new NpgsqlParameter<string>("account", account),
        new NpgsqlParameter<TimeSpan>("lease", lease)) is true;

    /// <inheritdoc />
    public Task ProbePassed(string account, int needed) => Execute($"""
        WITH passed AS (
            UPDATE provider_health SET
                probe_until = NULL,
                probes_passed = probes_passed + 1,
                circuit_open = probes_passed + 1 < @needed,
                needs_attention = needs_attention AND probes_passed + 1 < @needed,
                since = CASE WHEN probes_passed + 1 < @needed THEN since ELSE now() END,
                reason = CASE WHEN probes_passed + 1 < @needed THEN reason END
            WHERE account = @account AND circuit_open)
        SELECT {Tell}
        """,
        new NpgsqlParameter<string>("account", account),
        new NpgsqlParameter<int>("needed", needed));

    /// <inheritdoc />
    public Task ProbeNotMade(string account) => Execute($"""
        WITH given_back AS (UPDATE provider_health SET probe_until = NULL WHERE account = @account)
        SELECT {Tell}
        """,
        new NpgsqlParameter<string>("account", account));

    /// <inheritdoc />
    public Task Pause(string account, TimeSpan pause, string reason, double? perSecond) => Execute($"""
        WITH paused AS (
            INSERT INTO provider_health AS h (account, paused_until, reason, learned_per_second, rate_changed_at)
            VALUES (@account, now() + @pause, @reason, @per_second, now())
            ON CONFLICT (account) DO UPDATE SET
                paused_until = greatest(h.paused_until, now() + @pause), reason = @reason,
                learned_per_second = coalesce(@per_second, h.learned_per_second), rate_changed_at = now())
        SELECT {Tell}
        """,
        new NpgsqlParameter<string>("account", account),
        new NpgsqlParameter<TimeSpan>("pause", pause),
        new NpgsqlParameter<string>("reason", reason),
        new NpgsqlParameter<double?>("per_second", perSecond));

    /// <inheritdoc />
    public async Task<bool> RaiseLearnedRate(string account, double factor, TimeSpan interval, TimeSpan forgetAfter) => await Execute($"""
        WITH raised AS (
            UPDATE provider_health SET
                learned_per_second = CASE WHEN paused_until + @forget_after < now() THEN NULL ELSE learned_per_second * @factor END, rate_changed_at = now()
            WHERE account = @account AND learned_per_second IS NOT NULL AND rate_changed_at + @interval <= now()
            RETURNING true)
        SELECT true, {Tell} FROM raised
        """,
        new NpgsqlParameter<string>("account", account),
        new NpgsqlParameter<double>("factor", factor),
        new NpgsqlParameter<TimeSpan>("interval", interval),
        new NpgsqlParameter<TimeSpan>("forget_after", forgetAfter)) is true;

    /// <inheritdoc />
    public Task<TimeSpan> Reserve(string account, double perSecond) => _slots.Reserve(account, perSecond);

    /// <inheritdoc />
    public Task Respace(string account, string waitsFor, double factor) => Execute($"""
        WITH slot AS (
            UPDATE provider_slot SET next_slot = now() + (next_slot - now()) / @factor WHERE account = @account AND next_slot > now()),
        line AS (
            UPDATE outgoing_message SET due_at = now() + (due_at - now()) / @factor WHERE waits_for = @waits_for AND due_at > now()
            RETURNING 1)
        SELECT pg_notify('{PostgresOutgoingMessages.Wake}', '') FROM line LIMIT 1
        """,
        new NpgsqlParameter<string>("account", account),
        new NpgsqlParameter<string>("waits_for", waitsFor),
        new NpgsqlParameter<double>("factor", factor));

    /// <summary>All accounts anything is known of. Times are counted from now, so that a host whose clock differs waits as long as the others.</summary>
    internal async Task<IReadOnlyDictionary<string, ProviderHealth>> Load(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("""
            SELECT account, circuit_open, needs_attention, since - now(), open_until - now(), probe_until - now(), reason, paused_until - now(), learned_per_second
            FROM provider_health
            """);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);

        var known = new Dictionary<string, ProviderHealth>(StringComparer.Ordinal);
        var now = clock.GetUtcNow();
        while (await reader.ReadAsync(cancellationToken))
        {
            known.Add(reader.GetString(0), new ProviderHealth
            {
                CircuitOpen = reader.GetBoolean(1),
                NeedsAttention = reader.GetBoolean(2),
                Since = FromNow(3),
                OpenUntil = FromNow(4) ?? default,
                ProbeUntil = FromNow(5) ?? default,
                Reason = reader.IsDBNull(6) ? null : reader.GetString(6),
                PausedUntil = FromNow(7) ?? default,
                LearnedPerSecond = reader.IsDBNull(8) ? null : reader.GetDouble(8),
            });
        }

        return known;

        DateTimeOffset? FromNow(int column) => reader.IsDBNull(column) ? null : now + reader.GetFieldValue<TimeSpan>(column);
    }

    async Task<object?> Execute(string sql, params NpgsqlParameter[] parameters)
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.AddRange(parameters);
        return await command.ExecuteScalarAsync();
    }
}
