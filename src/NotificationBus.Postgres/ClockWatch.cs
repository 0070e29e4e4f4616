using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// Compares this host's clock with the database's, and moves what is due when the database's was set back: otherwise whatever waited would wait for
/// longer by as much.
/// </summary>
public sealed partial class ClockWatch(NpgsqlDataSource database, RecordClock clock, ILogger<ClockWatch> log) : BackgroundService
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    // One row has the latest time that was ever seen. When now is before it, by more than hosts and their statements can be apart, the clock was set
    // back. Only what lies ahead is moved; what was written since then, which is seconds, is told by its own time and stays. Whoever does not get
    // the row looks at nothing and waits for nobody: while a standby hangs, a host that is long gone still holds it.
    const string MoveWhatIsDue = $"""
        WITH seen AS (SELECT seen_at FROM clock_mark FOR UPDATE SKIP LOCKED),
        back AS (SELECT seen_at - now() AS by FROM seen WHERE seen_at > now() + @tolerance),
        marked AS (UPDATE clock_mark m SET seen_at = now() FROM seen s WHERE s.seen_at > now() + @tolerance OR s.seen_at < now() - interval '1 second'),
        outgoing AS (
            UPDATE outgoing_message SET due_at = due_at - by FROM back
            WHERE due_at > now() AND NOT created_at BETWEEN now() - interval '10 seconds' AND now()),
        slots AS (UPDATE provider_slot SET next_slot = next_slot - by, next_transactional = next_transactional - by, taken_at = taken_at - by FROM back WHERE taken_at > now()),
        health AS (
            UPDATE provider_health SET
                since = CASE WHEN since > now() THEN now() ELSE since END, rate_changed_at = CASE WHEN rate_changed_at > now() THEN now() ELSE rate_changed_at END,
                open_until = open_until - by, probe_until = probe_until - by, paused_until = paused_until - by
            FROM back),
        unfinished AS (UPDATE unfinished_notification SET look_again_at = look_again_at - by FROM back WHERE look_again_at > now()),
        sweep AS (UPDATE sweep_mark SET created_at = created_at - by FROM back WHERE isfinite(created_at))
        SELECT by, pg_notify('{PostgresControls.Changed}', ''), pg_notify('{PostgresOutgoingMessages.Wake}', '') FROM back
        """;

    bool _isTold;

    /// <summary>Looks once.</summary>
    internal async Task Look(CancellationToken cancellationToken)
    {
        await using (var connection = await database.OpenConnectionAsync(cancellationToken))
            await clock.Measure(connection, cancellationToken);
        Tell();

        var move = new NpgsqlBatchCommand(MoveWhatIsDue);
        move.Parameters.Add(new NpgsqlParameter<TimeSpan>("tolerance", RecordClock.Tolerance));
        if (await database.Write(move, cancellationToken) is TimeSpan by)
            WasSetBack(by);
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

    void Tell()
    {
        var disagreement = clock.Disagreement;
        if (disagreement is not null && !_isTold)
            Differ(disagreement);
        _isTold = disagreement is not null;
    }

    [LoggerMessage(LogLevel.Warning, "Clocks: {Disagreement}")]
    partial void Differ(string disagreement);

    [LoggerMessage(LogLevel.Warning, "The database's clock was set back by {By}: what was due by it was moved by as much")]
    partial void WasSetBack(TimeSpan by);
}
