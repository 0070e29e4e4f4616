using System.Data;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// Listens to one channel of PostgreSQL, on a connection of its own: it is told of what happens from the moment it listens, also while
/// nobody waits.
/// </summary>
sealed class Listener(NpgsqlDataSource database, string channel) : IAsyncDisposable
{
    NpgsqlConnection? _connection;

    /// <summary>Begins to listen, unless it does already.</summary>
    /// <returns>True when it has just begun, so that something may have been missed.</returns>
    public async Task<bool> EnsureListening(CancellationToken cancellationToken)
    {
        if (_connection is { State: ConnectionState.Open })
            return false;

        await DisposeAsync();
        _connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            await Execute(_connection, $"LISTEN {channel}", cancellationToken);
            return true;
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Waits until somebody notifies, but not for ever. Ends also when the connection breaks: something may have been missed, and whoever
    /// waits next listens anew or learns that the database is away.
    /// </summary>
    public async Task Wait(TimeSpan atMost, CancellationToken cancellationToken)
    {
        try
        {
            // Rounded up, because a wait of nought milliseconds would last for ever.
            await _connection!.WaitAsync((int)Math.Ceiling(atMost.TotalMilliseconds), cancellationToken);
        }
        catch (NpgsqlException)
        {
            await DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _connection, value: null) is not { } connection)
            return;

        try
        {
            // The pool keeps it as it is, and whoever gets it next would be told as well.
            await Execute(connection, "UNLISTEN *", CancellationToken.None);
        }
        catch (Exception exception) when (exception is NpgsqlException or InvalidOperationException)
        {
            // Broken: the pool does not take it back.
        }

        await connection.DisposeAsync();
    }

    static async Task Execute(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
