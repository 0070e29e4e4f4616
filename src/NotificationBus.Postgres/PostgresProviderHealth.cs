using NotificationBus.Contracts;
using NotificationBus.Providers.Accounts;
using Npgsql;
using NpgsqlTypes;

namespace NotificationBus.Postgres;

/// <summary>
/// The health of provider accounts as the hosts have found it out, in PostgreSQL and by its clock. A row is read, changed by the rules of
/// <see cref="ProviderHealth"/> and written in one transaction, which has it to itself: hosts that find something out together take turns,
/// and each sees what the one before has done. Whoever has nothing to change only reads, and waits for nobody.
/// </summary>
public sealed class PostgresProviderHealth(NpgsqlDataSource database, TimeProvider clock) : IProviderHealth
{
    const string Columns = """
        circuit_open, needs_attention, since, open_until, open_for, probe_until, probe_for, probes_passed, reason,
        paused_until, paused_for, learned_per_second, rate_changed_at
        """;

    /// <summary>
    /// Ends the session of a host that stands still, or is gone, while it has rows to itself: it does not keep them from the others.
    /// </summary>
    internal const string NotForLong = "SET LOCAL idle_in_transaction_session_timeout = '2s'";

    /// <summary>
    /// Limits the wait for whoever has the rows. Deliveries wait meanwhile, and the holder may wait for a standby that hangs. Longer than
    /// one that stands still may keep them, so that whoever waits for that one gets them.
    /// </summary>
    internal const string WaitNotForLong = "SET LOCAL lock_timeout = '3s'";

    // There before it is locked, so that two who find out the first thing of an account take turns as well.
    const string InsertRow = "INSERT INTO provider_health (account) VALUES (@account) ON CONFLICT DO NOTHING";

    const string LockRow = "SELECT 1 FROM provider_health WHERE account = @account FOR UPDATE";

    // A statement of its own, after the one that locks: the time is not from before the wait, and what others have set meanwhile does not
    // lie further ahead than it was set to, as if the clock had been put back.
    const string ReadRow = $"""
        SELECT clock_timestamp(), {Columns} FROM (VALUES (@account)) AS asked (name) LEFT JOIN provider_health ON account = asked.name
        """;

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
                next_slot = @now + (next_slot - @now) / @factor,
                next_transactional = CASE
                    WHEN next_transactional > @now THEN @now + (next_transactional - @now) / @factor
                    ELSE next_transactional END
            WHERE account = @account AND next_slot > @now),
        line AS (
            UPDATE outgoing_message SET due_at = @now + (due_at - @now) / @factor WHERE waits_for = @waits_for AND due_at > @now
            RETURNING 1)
        SELECT pg_notify('{PostgresOutgoingMessages.Wake}', '') FROM line LIMIT 1
        """;

    const string LastOfItsKind = """
        SELECT number, at FROM control_change
        WHERE who = @who AND hashtextextended(subject, 0) = hashtextextended(@subject, 0) AND subject = @subject AND code = @code
        ORDER BY number DESC LIMIT 1
        """;

    // What comes and goes within a while is one change; else it ends the one before.
    const string NoteBegun = $"""
        WITH last AS ({LastOfItsKind}),
        again AS (
            UPDATE control_change c SET times = times + 1, until = @until, why = @why, after = @after
            FROM last WHERE c.number = last.number AND last.at > @now - @together
            RETURNING 1),
        ended AS (
            UPDATE control_change c SET until = @now
            FROM last WHERE c.number = last.number AND last.at <= @now - @together AND c.until IS NULL)
        INSERT INTO control_change (at, subject, who, why, before, after, code, until)
        SELECT @now, @subject, @who, @why, @before, @after, @code, @until WHERE NOT EXISTS (SELECT FROM again)
        """;

    const string NoteGoingOn = $"""
        UPDATE control_change c SET until = @until, why = @why, after = @after FROM ({LastOfItsKind}) AS last WHERE c.number = last.number
        """;

    const string NoteEnded = $"""
        UPDATE control_change c SET until = @now FROM ({LastOfItsKind}) AS last WHERE c.number = last.number AND c.until IS NULL
        """;

    readonly SlotReservations _slots = new(database);

    /// <inheritdoc />
    public Task<TimeSpan> Reserve(string account, double perSecond, Lane lane) => _slots.Reserve(account, perSecond, lane);

    /// <inheritdoc />
    public async Task<bool> KeepsSlot(string account)
    {
        const string GiveUpSlot = "UPDATE provider_slot SET owed = owed - 1 WHERE account = @account AND owed > 0 RETURNING true";
        return await database.Write(Named(GiveUpSlot, account), CancellationToken.None) is not true;
    }

    /// <summary>
    /// Follows what operators set of an account, in the transaction that sets it: moves those who wait when it is another rate, and ends
    /// the break of an open circuit sooner when it is a shorter one.
    /// </summary>
    /// <param name="connection">The transaction's.</param>
    /// <param name="account">The account.</param>
    /// <param name="limit">The rate before and after.</param>
    /// <param name="openAtMost">How long the circuit is open; null when that was not set.</param>
    /// <param name="cancellationToken">Gives up.</param>
    internal static async Task Follow(
        NpgsqlConnection connection,
        string account,
        (double? Before, double? After) limit,
        TimeSpan? openAtMost,
        CancellationToken cancellationToken
    )
    {
        // Nobody learns another rate until those who wait are moved for this one. There is a row to lock also where nobody has yet.
        const string KeepRow = "SELECT 1 FROM provider_health WHERE account = @account FOR SHARE";
        await using var reading = Batch(
            connection,
            new(NotForLong),
            Named(InsertRow, account),
            Named(openAtMost is null ? KeepRow : LockRow, account),
            Named(ReadRow, account)
        );
        var (known, now) = await ReadLast(reading, cancellationToken);
        await using var writing = Batch(connection);
        if (openAtMost is { } longest && known.OpenAtMost(longest) is var shortened && shortened != known)
            writing.BatchCommands.Add(Writing(account, shortened));
        if (Moving(account, now, known.LearnedPerSecond, limit.Before, limit.After) is { } moving)
            writing.BatchCommands.Add(moving);
        if (writing.BatchCommands.Count > 0)
            await writing.ExecuteNonQueryAsync(cancellationToken);
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

    /// <inheritdoc />
    /// <remarks>
    /// The rule is asked twice when it changes anything: once of what anybody may read, and then, where the account cannot change
    /// meanwhile, for good.
    /// </remarks>
    /// <exception cref="PostgresException">
    /// Somebody has the account to himself for too long (55P03), as while a standby hangs: that passes.
    /// </exception>
    public async Task Change(string account, double? limit, Func<ProviderHealth, DateTimeOffset, ProviderHealth> rule)
    {
        if (!await MayChange(account, rule))
            return;

        await database.Write(async connection =>
        {
            await using var reading = Batch(
                connection,
                new(NotForLong),
                new(WaitNotForLong),
                Named(InsertRow, account),
                Named(LockRow, account),
                Named(ReadRow, account)
            );
            var (before, now) = await ReadLast(reading, CancellationToken.None);
            var after = rule(before, now);
            if (after == before)
                return;

            await using var writing = Batch(connection, Writing(account, after), new(Tell));
            foreach (var change in AutomaticChange.Between(before, after, now))
                writing.BatchCommands.Add(Noting(account, change, now));
            if (Moving(account, now, limit, before.LearnedPerSecond, after.LearnedPerSecond) is { } moving)
                writing.BatchCommands.Add(moving);
            await writing.ExecuteNonQueryAsync();
        });
    }

    async Task<bool> MayChange(string account, Func<ProviderHealth, DateTimeOffset, ProviderHealth> rule)
    {
        await using var command = database.CreateCommand(ReadRow);
        command.Parameters.Add(new NpgsqlParameter<string>("account", account));
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        var (known, now) = Read(reader);
        return rule(known, now) != known;
    }

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

    /// <summary>Reads what the last of several statements returns, after those that lock.</summary>
    static async Task<(ProviderHealth Health, DateTimeOffset Now)> ReadLast(NpgsqlBatch batch, CancellationToken cancellationToken)
    {
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return Read(reader);
    }

    static (ProviderHealth Health, DateTimeOffset Now) Read(NpgsqlDataReader reader)
    {
        if (reader.IsDBNull(1))
            return (ProviderHealth.Unknown, Time(0)!.Value);

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

    /// <summary>
    /// Writes down what automation did, beside the changes of operators. Whoever changed the row does, and only they: it is done in the
    /// same transaction.
    /// </summary>
    static NpgsqlBatchCommand Noting(string account, AutomaticChange change, DateTimeOffset now)
    {
        var command = new NpgsqlBatchCommand(
            change.Stage switch
            {
                AutomaticStage.Begins => NoteBegun,
                AutomaticStage.GoesOn => NoteGoingOn,
                _ => NoteEnded,
            }
        );
        var parameters = command.Parameters;
        parameters.Add(new NpgsqlParameter<string>("who", AutomaticChange.Who));
        parameters.Add(new NpgsqlParameter<string>("subject", AutomaticChange.SubjectOf(account)));
        parameters.Add(new NpgsqlParameter<string>("code", change.Code));
        if (change.Stage != AutomaticStage.GoesOn)
            parameters.Add(new NpgsqlParameter<DateTime>("now", now.UtcDateTime));
        if (change.Stage == AutomaticStage.Ends)
            return command;

        parameters.Add(new NpgsqlParameter<DateTime?>("until", change.Until?.UtcDateTime) { NpgsqlDbType = NpgsqlDbType.TimestampTz });
        parameters.Add(new NpgsqlParameter<string>("why", Storable.Text(change.Why)!));
        parameters.Add(new NpgsqlParameter("after", NpgsqlDbType.Jsonb) { Value = change.After.GetRawText() });
        if (change.Stage == AutomaticStage.GoesOn)
            return command;

        parameters.Add(new NpgsqlParameter("before", NpgsqlDbType.Jsonb) { Value = change.Before.GetRawText() });
        parameters.Add(new NpgsqlParameter<TimeSpan>("together", change.Together));
        return command;
    }

    /// <summary>Moves those who wait for their turn when a rate becomes another one; null when all stay where they are.</summary>
    /// <param name="account">The account.</param>
    /// <param name="now">The time that the change is made at.</param>
    /// <param name="other">The rate that stays: of the one that is set and the one that was learned, the lower is in force.</param>
    /// <param name="before">The rate that changes.</param>
    /// <param name="after">What it becomes.</param>
    static NpgsqlBatchCommand? Moving(string account, DateTimeOffset now, double? other, double? before, double? after)
    {
        if (WaitingLine.Factor(WaitingLine.Lower(other, before), WaitingLine.Lower(other, after)) is not { } factor)
            return null;

        var command = Named(MoveLine, account);
        command.Parameters.Add(new NpgsqlParameter<string>("waits_for", WaitingLine.WaitsForTurn(account)));
        command.Parameters.Add(new NpgsqlParameter<DateTime>("now", now.UtcDateTime));
        command.Parameters.Add(new NpgsqlParameter<double>("factor", factor));
        return command;
    }
}
