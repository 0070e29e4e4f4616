using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>The number of connections the server lets the user have, all hosts together.</summary>
static class ConnectionLimit
{
    /// <summary>Two listen all the time, one works, and one serves operators.</summary>
    public const int Least = 4;

    /// <summary>The settings by which the number is limited, for a person to read.</summary>
    public const string Where = "CONNECTION LIMIT of the role or the database, or max_connections";

    // A superuser has no limit but the server's own.
    const string Smallest = """
        SELECT least(
            CASE WHEN NOT rolsuper AND rolconnlimit >= 0 THEN rolconnlimit END,
            CASE WHEN NOT rolsuper AND datconnlimit >= 0 THEN datconnlimit END,
            current_setting('max_connections')::integer - CASE WHEN rolsuper THEN 0
                ELSE current_setting('superuser_reserved_connections')::integer +
                    coalesce(current_setting('reserved_connections', true), '0')::integer END)
        FROM pg_roles, pg_database WHERE rolname = session_user AND datname = current_database()
        """;

    /// <summary>The smallest limit of the role, of the database and of the server.</summary>
    public static async Task<int> Read(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Smallest, connection);
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
