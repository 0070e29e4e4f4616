using NotificationBus.Contracts;
using NotificationBus.Providers.Accounts;

using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>The health of provider accounts as the hosts have found it out, in PostgreSQL and by its clock.</summary>
public sealed class PostgresProviderHealth(NpgsqlDataSource database, TimeProvider clock) : IProviderHealth
{
    // A time that is further away than it was ever set to: the clock was put back since, and nobody waits for it. The one that set it may
    // have begun a moment later than the one that looks.
    const string CircuitIsShut = "open_until > now() AND (open_for IS NULL OR open_until <= now() + open_for + interval '2 seconds')";
    const string IsBeingProbed = "probe_until > now() AND (probe_for IS NULL OR probe_until <= now() + probe_for + interval '2 seconds')";
    const string IsPaused = "paused_until > now() AND (paused_for IS NULL OR paused_until <= now() + paused_for + interval '2 seconds')";

    const string Tell = $"pg_notify('{PostgresControls.Changed}', '')";

    const string WakeDispatch = $"(SELECT pg_notify('{PostgresOutgoingMessages.Wake}', '') FROM line LIMIT 1)";

    /// <summary><see cref="WaitingLine.Factor"/>, where the rates before and after are known to the database only.</summary>
    internal const string LineFactor = "coalesce(after / before, CASE WHEN before IS NOT NULL THEN @at_once END)";

    // The time until each turn that is to come is divided by the factor of the one row of "rates"; no row, null or 1 leaves all as it is.
    // Of the rate that is set and the one that was learned the lower is in force: least() passes over what is null.
    const string MoveLine = $"""
        change AS (SELECT {LineFactor} AS factor FROM rates),
        slot AS (
            UPDATE provider_slot SET
                next_slot = now() + (next_slot - now()) / factor,
                next_transactional = CASE WHEN next_transactional > now() THEN now() + (next_transactional - now()) / factor ELSE next_transactional END
            FROM change WHERE account = @account AND next_slot > now() AND factor <> 1),
        line AS (
            UPDATE outgoing_message SET due_at = now() + (due_at - now()) / factor FROM change WHERE waits_for = @waits_for AND due_at > now() AND factor <> 1
            RETURNING 1)
        """;

    readonly SlotReservations _slots = new(database);

    /// <inheritdoc />
    public Task Open(string account, TimeSpan breakFor, string reason, bool needsAttention) => Execute($"""
        WITH opened AS (
            INSERT INTO provider_health AS h (account, circuit_open, needs_attention, since, open_until, open_for, reason)
            VALUES (@account, true, @needs_attention, now(), now() + @break, @break, @reason)
            ON CONFLICT (account) DO UPDATE SET
                circuit_open = true, needs_attention = @needs_attention, since = CASE WHEN h.circuit_open THEN h.since ELSE now() END,
                open_until = now() + @break, open_for = @break, probe_until = NULL, probes_passed = 0, reason = @reason)
        SELECT {Tell}
        """,
        new NpgsqlParameter<string>("account", account),
        new NpgsqlParameter<bool>("needs_attention", needsAttention),
        new NpgsqlParameter<TimeSpan>("break", breakFor),
        new NpgsqlParameter<string>("reason", reason));

    /// <inheritdoc />
    public async Task<bool> TryProbe(string account, TimeSpan lease) => await Execute($"""
        WITH granted AS (
            UPDATE provider_health SET probe_until = now() + @lease, probe_for = @lease
            WHERE account = @account AND circuit_open AND ({CircuitIsShut}) IS NOT TRUE AND ({IsBeingProbed}) IS NOT TRUE
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
    public async Task Pause(string account, TimeSpan pause, string reason, RateCut? cut)
    {
        // The row is there before it is locked: hosts that complain together take turns, and each sees what the one before has done.
        await Execute("INSERT INTO provider_health (account) VALUES (@account) ON CONFLICT DO NOTHING", new NpgsqlParameter<string>("account", account));
        await Execute($"""
            WITH known AS (
                SELECT learned_per_second AS before, ({IsPaused}) IS NOT TRUE AS is_first, CASE WHEN {IsPaused} THEN paused_until END AS until FROM provider_health WHERE account = @account FOR UPDATE),
            cut AS (
                SELECT before, until, CASE WHEN is_first AND coalesce(before, @too_much) IS NOT NULL THEN greatest(coalesce(before, @too_much) * @factor, @least) ELSE before END AS after
                FROM known),
            paused AS (
                UPDATE provider_health SET
                    paused_until = greatest(until, now() + @pause), paused_for = greatest(until - now(), @pause), reason = @reason, learned_per_second = after, rate_changed_at = now()
                FROM cut WHERE account = @account),
            rates AS (SELECT least(@limit, before) AS before, least(@limit, after) AS after FROM cut),
            {MoveLine}
            SELECT {Tell}, {WakeDispatch}
            """,
        [
            .. LineOf(account, cut?.Limit),
            new NpgsqlParameter<TimeSpan>("pause", pause),
            new NpgsqlParameter<string>("reason", reason),
            new NpgsqlParameter<double?>("too_much", cut?.TooMuch),
            new NpgsqlParameter<double>("factor", cut?.Factor ?? 1),
            new NpgsqlParameter<double>("least", cut?.Least ?? 0),
        ]);
    }

    /// <inheritdoc />
    public Task RaiseLearnedRate(string account, double factor, TimeSpan interval, TimeSpan forgetAfter, double? limit) => Execute($"""
        WITH known AS (
            SELECT learned_per_second AS before, CASE WHEN paused_until + @forget_after < now() THEN NULL ELSE learned_per_second * @factor END AS after
            FROM provider_health
            WHERE account = @account AND learned_per_second IS NOT NULL AND rate_changed_at + @interval <= now() FOR UPDATE),
        raised AS (
            UPDATE provider_health SET learned_per_second = after, rate_changed_at = now() FROM known WHERE account = @account),
        rates AS (SELECT least(@limit, before) AS before, least(@limit, after) AS after FROM known),
        {MoveLine}
        SELECT {Tell}, {WakeDispatch} FROM known
        """,
        [
            .. LineOf(account, limit),
            new NpgsqlParameter<double>("factor", factor),
            new NpgsqlParameter<TimeSpan>("interval", interval),
            new NpgsqlParameter<TimeSpan>("forget_after", forgetAfter),
        ]);

    /// <inheritdoc />
    public Task<TimeSpan> Reserve(string account, double perSecond, Lane lane) => _slots.Reserve(account, perSecond, lane);

    /// <inheritdoc />
    public async Task<bool> KeepsSlot(string account) => await Execute(
        "UPDATE provider_slot SET owed = owed - 1 WHERE account = @account AND owed > 0 RETURNING true", new NpgsqlParameter<string>("account", account)) is not true;

    /// <summary>Moves those who wait when operators set another rate, in the transaction that sets it.</summary>
    internal static async Task ChangeLimit(NpgsqlConnection connection, string account, double? before, double? after, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"""
            WITH known AS (SELECT (SELECT learned_per_second FROM provider_health WHERE account = @account) AS learned),
            rates AS (SELECT least(@limit, learned) AS before, least(@after, learned) AS after FROM known),
            {MoveLine}
            SELECT {WakeDispatch}
            """, connection);
        command.Parameters.AddRange(LineOf(account, before));
        command.Parameters.Add(new NpgsqlParameter<double?>("after", after));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>
    /// All accounts anything is known of. Times are counted from now, so that a host whose clock differs waits as long as the others.
    /// </summary>
    internal async Task<IReadOnlyDictionary<string, ProviderHealth>> Load(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"""
            SELECT account, circuit_open, needs_attention, since - now(),
                CASE WHEN {CircuitIsShut} THEN open_until - now() END, CASE WHEN {IsBeingProbed} THEN probe_until - now() END, reason,
                CASE WHEN {IsPaused} THEN paused_until - now() END, learned_per_second
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

    static NpgsqlParameter[] LineOf(string account, double? limit) =>
    [
        new NpgsqlParameter<string>("account", account),
        new NpgsqlParameter<string>("waits_for", WaitingLine.WaitsForTurn(account)),
        new NpgsqlParameter<double?>("limit", limit),
        new NpgsqlParameter<double>("at_once", WaitingLine.AtOnce),
    ];

    async Task<object?> Execute(string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.AddRange(parameters);
        return await database.Write(command, CancellationToken.None);
    }
}
