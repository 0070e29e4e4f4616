using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// Looks whether the replica can be read from: it answers, is a copy of the primary, and has all that the primary had one look before.
/// </summary>
sealed partial class Replica(NpgsqlDataSource primary, ReadPools pools, TimeProvider clock, ILogger<Replica> log)
    : BackgroundService,
        IHealthCheck
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    const int LongestLook = 3;

    const string Look = """
        SELECT (SELECT system_identifier FROM pg_control_system())::text || ' ' || current_database(),
            (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END - '0/0'::pg_lsn)::bigint
        """;

    volatile string? _whyNot = "it was not looked at yet";
    long _written;

    /// <summary>Whether lists are read from it.</summary>
    public bool IsUsable => pools.ReplicaLists is not null && _whyNot is null;

    /// <summary>Reads nothing from it until it was looked at again.</summary>
    public void Lose(string reason)
    {
        if (_whyNot is null)
            ReplicaLost(reason);
        _whyNot = reason;
    }

    /// <inheritdoc />
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (pools.ReplicaLists is null)
            return;

        await LookAt(pools.ReplicaLists, cancellationToken);
        if (_whyNot is { } reason)
            ReplicaLost(reason);
        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc />
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(
            pools.ReplicaLists is null || _whyNot is not { } reason
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Degraded($"lists and the console are read from the primary: {reason}")
        );

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var before = _whyNot;
            await LookAt(pools.ReplicaLists!, stoppingToken);
            if (before is null && _whyNot is { } reason)
                ReplicaLost(reason);
            else if (before is not null && _whyNot is null)
                ReplicaFound();
        }
    }

    async Task LookAt(NpgsqlDataSource replica, CancellationToken cancellationToken)
    {
        (string Record, long Position) copy;
        try
        {
            copy = await Read(replica, cancellationToken);
        }
        catch (NpgsqlException exception)
        {
            _whyNot = $"PostgreSQL at ConnectionStrings:PostgresReplica does not answer ({exception.Message})";
            return;
        }

        try
        {
            var (record, position) = await Read(primary, cancellationToken);
            _whyNot =
                copy.Record != record ? "ConnectionStrings:PostgresReplica is no copy of ConnectionStrings:Postgres"
                // At the first look nothing is known of before: then it has to have all.
                : copy.Position < (_written > 0 ? _written : position) ? $"the replica is behind, by {position - copy.Position} octets"
                : null;
            _written = position;
        }
        catch (NpgsqlException)
        {
            // Nobody can tell how far it is behind, and lists from it are better than none.
        }
    }

    static async Task<(string Record, long Position)> Read(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Look);
        command.CommandTimeout = LongestLook;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetString(0), reader.IsDBNull(1) ? 0 : reader.GetInt64(1));
    }

    [LoggerMessage(LogLevel.Warning, "Lists and the console are read from the primary: {Reason}")]
    partial void ReplicaLost(string reason);

    [LoggerMessage(LogLevel.Information, "Lists and the console are read from the replica again")]
    partial void ReplicaFound();
}
