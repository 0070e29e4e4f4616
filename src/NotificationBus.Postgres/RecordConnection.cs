using System.Diagnostics;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// A connection for what changes the record. It knows when a commit is only local, and does not go back to its pool when its server
/// does not let it write.
/// </summary>
/// <remarks>
/// A server with a synchronous standby writes the commit first and then waits for the standby. It cannot take the commit back: when the
/// wait is cancelled, by a time limit or by an operator, it answers as if all were well, with a warning (PostgreSQL, "Synchronous
/// Replication", and SyncRepWaitForLSN in its syncrep.c). After a fail-over such a commit is gone.
/// </remarks>
sealed class RecordConnection : IAsyncDisposable
{
    /// <summary>
    /// Makes the transaction one that writes, where the server waits for a standby, so that its commit waits until the standby has all that
    /// was committed before, whoever did so. A transaction that writes nothing does not wait, though what it has read may be only local.
    /// </summary>
    public const string WaitForStandby = """
        SELECT CASE WHEN current_setting('synchronous_standby_names') <> '' THEN pg_logical_emit_message(true, 'notificationbus', '') END
        """;

    // Less than the 30 minutes after which RabbitMQ takes a message away from whoever holds it.
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);

    readonly NpgsqlDataSource _pool;
    bool _isOnlyLocal;

    RecordConnection(NpgsqlDataSource pool, NpgsqlConnection connection)
    {
        _pool = pool;
        Inner = connection;
        connection.Notice += (_, args) => _isOnlyLocal |= SaysOnlyLocal(args.Notice);
    }

    /// <summary>The connection itself.</summary>
    public NpgsqlConnection Inner { get; }

    /// <summary>Takes one from the pool.</summary>
    public static async Task<RecordConnection> Open(NpgsqlDataSource database, CancellationToken cancellationToken = default) =>
        new(database, await database.OpenConnectionAsync(cancellationToken));

    /// <summary>Does some work, and sees to it that the pool does not keep a connection that may not write.</summary>
    public async Task<T> Run<T>(Func<NpgsqlConnection, Task<T>> work)
    {
        try
        {
            return await work(Inner);
        }
        catch (PostgresException refusal) when (refusal.SqlState is PostgresErrorCodes.ReadOnlySqlTransaction)
        {
            // Its server has become a standby, or its user may only read: that holds for all that were opened before.
            _pool.Clear();
            throw;
        }
    }

    /// <summary>
    /// Completes when what was committed on this connection is on the standby as well; at once where that was waited for.
    /// </summary>
    /// <exception cref="OnlyLocalException">The standby has been away for too long.</exception>
    public async Task Confirm(CancellationToken cancellationToken = default)
    {
        var began = Stopwatch.GetTimestamp();
        while (_isOnlyLocal)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Stopwatch.GetElapsedTime(began) > Patience)
                throw new OnlyLocalException();

            // Cancelled by the time limit of a command as well, and then told by the same warning.
            _isOnlyLocal = false;
            await using var wait = new NpgsqlCommand(WaitForStandby, Inner);
            await wait.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    public ValueTask DisposeAsync() => Inner.DisposeAsync();

    /// <summary>
    /// By the place in PostgreSQL it comes from: its text is in the server's language, and its SQLSTATE (01000) says only that it is a
    /// warning.
    /// </summary>
    static bool SaysOnlyLocal(PostgresNotice notice) =>
        notice.Routine == "SyncRepWaitForLSN" || notice.MessageText.Contains("synchronous replication", StringComparison.Ordinal);
}

/// <summary>The commit is not on the standby, and did not get there in time.</summary>
public sealed class OnlyLocalException() : NpgsqlException("the commit is not on the synchronous standby, which does not answer")
{
    /// <inheritdoc />
    public override bool IsTransient => true;
}
