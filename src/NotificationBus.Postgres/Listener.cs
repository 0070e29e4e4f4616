using System.Data;

using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>Listens to one channel of PostgreSQL, on a connection of its own: it is told of what happens from the moment it listens, also while nobody waits.</summary>
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
        var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var listen = new NpgsqlCommand($"LISTEN {channel}", connection);
        await listen.ExecuteNonQueryAsync(cancellationToken);
        _connection = connection;
        return true;
    }

    /// <summary>Waits until somebody notifies, but not for ever.</summary>
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
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _connection, value: null) is { } connection)
            await connection.DisposeAsync();
    }
}
