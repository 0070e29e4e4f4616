using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>The commands with which every connection of a host begins.</summary>
static class Session
{
    // Of the role, the database or the server, and meant for people who forget their session: a pool keeps sessions, and every statement
    // has a time limit here anyway. What stands in the connection string was meant for this host, and stays.
    const string WithoutLimits = """
        SELECT set_config(name, '0', false) FROM pg_settings
        WHERE name IN ('idle_session_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout', 'statement_timeout',
            'lock_timeout')
            AND source <> 'client'
        """;

    // By itself a schema named as the user goes first, and notificationbus, which has what producers call, is the name of many a user:
    // tables made then would stand there. What somebody has set stays.
    const string InPublic = """
        SELECT set_config('search_path', 'public', false) FROM pg_settings
        WHERE name = 'search_path' AND source IN ('default', 'configuration file')
        """;

    // Planned once for a connection, while the tables may still be small: then reading all of one looks cheaper than a few looks into
    // its index, and stays so when it has grown.
    const string ForTheFlow = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off";

    // They ask for little, over many partitions: to compile that takes longer than to answer it.
    const string ForOperators = "SET jit = off";

    const string WhyItOnlyReads = """
        SELECT CASE
            WHEN pg_is_in_recovery() THEN 'is a standby, which only reads'
            WHEN current_setting('transaction_read_only') = 'on' THEN 'lets this user only read (default_transaction_read_only)' END
        """;

    /// <summary>Returns the reason why the server does not let the host write; null when it does.</summary>
    public static async Task<string?> WhyOnlyReads(this NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(WhyItOnlyReads, connection);
        return await command.ExecuteScalarAsync(cancellationToken) as string;
    }

    /// <summary>Prepares the connections of operators.</summary>
    /// <param name="builder">The pool.</param>
    /// <param name="limit">The seconds that a statement may take; null for no limit of the server's.</param>
    public static void BeginForOperators(this NpgsqlDataSourceBuilder builder, int? limit = null)
    {
        var begin =
            $"{WithoutLimits}; {InPublic}; {ForOperators}" + (limit is { } seconds ? $"; SET statement_timeout = '{seconds}s'" : "");
        builder.UsePhysicalConnectionInitializer(
            connection => new NpgsqlCommand(begin, connection).ExecuteNonQuery(),
            connection => new NpgsqlCommand(begin, connection).ExecuteNonQueryAsync()
        );
    }

    /// <summary>Prepares the connections of the flow, which writes: one that may not never comes into the pool.</summary>
    /// <exception cref="OnlyReadsException">From whoever opens a connection to a server that does not let the host write.</exception>
    public static void BeginForTheFlow(this NpgsqlDataSourceBuilder builder) =>
        builder.UsePhysicalConnectionInitializer(
            connection =>
            {
                new NpgsqlCommand($"{WithoutLimits}; {InPublic}; {ForTheFlow}", connection).ExecuteNonQuery();
                Refuse(connection, new NpgsqlCommand(WhyItOnlyReads, connection).ExecuteScalar());
            },
            async connection =>
            {
                await new NpgsqlCommand($"{WithoutLimits}; {InPublic}; {ForTheFlow}", connection).ExecuteNonQueryAsync();
                Refuse(connection, await new NpgsqlCommand(WhyItOnlyReads, connection).ExecuteScalarAsync());
            }
        );

    static void Refuse(NpgsqlConnection connection, object? why)
    {
        if (why is string reason)
            throw new OnlyReadsException($"{connection.Host}:{connection.Port} {reason}");
    }
}

/// <summary>The server answers, and does not let the host write.</summary>
/// <param name="message">Which one, and why.</param>
public sealed class OnlyReadsException(string message) : NpgsqlException(message)
{
    /// <inheritdoc />
    public override bool IsTransient => true;
}
