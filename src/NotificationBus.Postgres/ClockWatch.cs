using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// Compares this host's clock with the database's, and moves what is due when the database's was set back: otherwise whatever waited would
/// wait for longer by as much. That it jumped ahead is told, and nothing is moved for it: it may be right now.
/// </summary>
public sealed partial class ClockWatch(NpgsqlDataSource database, RecordClock clock, ILogger<ClockWatch> log) : BackgroundService
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    // One row has the latest time that was ever seen. When now is before it, by more than hosts and their statements can be apart, the
    // clock was set back. Only what lies ahead is moved; what was written since then, which is seconds, is told by its own time and stays.
    // Whoever does not get the row looks at nothing and waits for nobody: while a standby hangs, a host that is long gone still holds it.
    // What was written before a jump ahead that it is set back from, within a day, is moved only by as much as it goes back behind that: it
    // was right before. That is told by the transaction that wrote a row, and of what was scheduled by its own time as well. So what was
    // changed in the few seconds before the jump was noticed is late by as much.
    // No event that was published by SQL is put off for longer than a minute: what is due later than that was written before.
    static readonly string MoveWhatIsDue = $"""
        WITH seen AS (
            SELECT seen_at, jumped_by, jumped_at - jumped_by / 2 AS jump,
                CASE WHEN jumped_at > seen_at - interval '1 day' THEN age(jumped_in::xid) END AS age_of_jump
            FROM clock_mark FOR UPDATE SKIP LOCKED),
        back AS (
            SELECT seen_at - now() AS by, jump, age_of_jump,
                CASE
                    WHEN age_of_jump IS NULL THEN seen_at - now()
                    WHEN seen_at - now() > jumped_by + @tolerance THEN seen_at - now() - jumped_by
                    ELSE '0' END AS earlier
            FROM seen WHERE seen_at > now() + @tolerance),
        marked AS (
            UPDATE clock_mark m SET seen_at = now(), jumped_at = CASE WHEN s.seen_at > now() + @tolerance THEN NULL ELSE m.jumped_at END
            FROM seen s WHERE s.seen_at > now() + @tolerance OR s.seen_at < now() - interval '1 second'),
        outgoing AS (
            UPDATE outgoing_message o
            SET due_at = due_at - CASE WHEN created_at > jump OR age(o.xmin) <= age_of_jump THEN by ELSE earlier END FROM back
            WHERE due_at > now() AND NOT created_at BETWEEN now() - interval '10 seconds' AND now()),
        slots AS (
            UPDATE provider_slot SET next_slot = next_slot - by, next_transactional = next_transactional - by, taken_at = taken_at - by
            FROM back WHERE taken_at > now()),
        health AS (
            UPDATE provider_health h SET
                since = CASE WHEN since > now() THEN now() ELSE since END,
                rate_changed_at = CASE WHEN rate_changed_at > now() THEN now() ELSE rate_changed_at END,
                open_until = {Moved("open")}, probe_until = {Moved("probe")}, paused_until = {Moved("paused")}
            FROM (SELECT account, CASE WHEN age(h.xmin) <= age_of_jump THEN by ELSE earlier END AS by FROM provider_health h, back) AS b
            WHERE b.account = h.account),
        unfinished AS (
            UPDATE unfinished_notification u
            SET look_again_at = look_again_at - CASE WHEN age(u.xmin) <= age_of_jump THEN by ELSE earlier END
            FROM back WHERE look_again_at > now()),
        intake AS (
            UPDATE intake_event e SET due_at = due_at - by, at = CASE WHEN at > now() + @tolerance THEN at - by ELSE at END
            FROM back WHERE due_at > now() + interval '1 minute'),
        sweep AS (
            UPDATE sweep_mark s SET created_at = created_at - CASE WHEN age(s.xmin) <= age_of_jump THEN by ELSE earlier END
            FROM back)
        SELECT by, pg_notify('{PostgresControls.Changed}', ''), pg_notify('{PostgresOutgoingMessages.Wake}', '') FROM back
        """;

    // Whoever changes an account has it to itself first, and moves turns and messages then. So does this, and none waits for the other.
    const string LockAccounts = """
        WITH seen AS (SELECT seen_at FROM clock_mark FOR UPDATE SKIP LOCKED)
        SELECT 1 FROM provider_health WHERE EXISTS (SELECT FROM seen WHERE seen_at > now() + @tolerance) ORDER BY account FOR UPDATE
        """;

    // All hosts notice the same jump, within a few seconds.
    const string NoteJump = """
        UPDATE clock_mark SET jumped_at = now(), jumped_by = @by, jumped_in = pg_current_xact_id()
        WHERE ctid IN (SELECT ctid FROM clock_mark FOR UPDATE SKIP LOCKED) AND coalesce(jumped_at < now() - interval '1 minute', true)
        """;

    bool _isTold;

    /// <summary>Looks once.</summary>
    internal async Task Look(CancellationToken cancellationToken)
    {
        TimeSpan ahead;
        await using (var connection = await database.OpenConnectionAsync(cancellationToken))
            ahead = await clock.Measure(connection, cancellationToken);
        Tell();
        if (ahead > TimeSpan.Zero)
            await Note(ahead, cancellationToken);

        TimeSpan? by = null;
        await database.Write(async connection =>
        {
            await using var batch = connection.CreateBatch();
            batch.BatchCommands.Add(new NpgsqlBatchCommand(PostgresProviderHealth.NotForLong));
            batch.BatchCommands.Add(new NpgsqlBatchCommand(PostgresProviderHealth.WaitNotForLong));
            foreach (var statement in (string[])[LockAccounts, MoveWhatIsDue])
            {
                var command = new NpgsqlBatchCommand(statement);
                command.Parameters.Add(new NpgsqlParameter<TimeSpan>("tolerance", RecordClock.Tolerance));
                batch.BatchCommands.Add(command);
            }

            await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
            await reader.NextResultAsync(cancellationToken);
            if (await reader.ReadAsync(cancellationToken))
                by = reader.GetFieldValue<TimeSpan>(0);
        });
        if (by is { } moved)
            WasSetBack(moved);
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Look(stoppingToken);
            }
            catch (Exception exception) when (exception is NpgsqlException or OperationCanceledException)
            {
                // The next look will tell; that the database is away, others say.
            }

            await Task.Delay(Interval, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>
    /// The time until which something about an account holds. The clock was last seen up to an interval before it was set back, so that
    /// it went back by more than is known: nothing holds for longer than it was set to. What was set about now is taken for set since, by
    /// the clock as it is, and stays. (Set by the clock as it was, at what is now once more, it lasts for as long again at most.)
    /// </summary>
    static string Moved(string what) =>
        $"""
            CASE WHEN {what}_until IS NOT NULL THEN least(
                CASE
                    WHEN {what}_until - {what}_for BETWEEN now() - interval '10 seconds' AND now() + interval '10 seconds' THEN {what}_until
                    ELSE {what}_until - b.by END,
                now() + {what}_for) END
            """;

    async Task Note(TimeSpan ahead, CancellationToken cancellationToken)
    {
        JumpedAhead(clock.JumpedAhead);
        var note = new NpgsqlBatchCommand(NoteJump);
        note.Parameters.Add(new NpgsqlParameter<TimeSpan>("by", ahead));
        await database.Write(note, cancellationToken);
    }

    void Tell()
    {
        var disagreement = clock.Disagreement;
        if (disagreement is not null && !_isTold)
            Differ(disagreement);
        _isTold = disagreement is not null;
    }

    [LoggerMessage(LogLevel.Warning, "Clocks: {Disagreement}")]
    partial void Differ(string disagreement);

    [LoggerMessage(
        LogLevel.Warning,
        "Clocks: {Jump}: what is due within that time is done now, and what may be sent until then has expired"
    )]
    partial void JumpedAhead(string? jump);

    [LoggerMessage(LogLevel.Warning, "The database's clock was set back by {By}: what was due by it was moved by as much")]
    partial void WasSetBack(TimeSpan by);
}
