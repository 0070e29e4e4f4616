using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// Warnings of what may cost notifications or their secrets: a server that forgets, a user who may do everything, a way that anybody can
/// join.
/// </summary>
sealed class PostgresWarnings(NpgsqlDataSource database) : IStartWarnings
{
    /// <inheritdoc />
    public async Task<IReadOnlyList<string>> Find(bool isProduction, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var most = await ConnectionLimit.Read(connection, cancellationToken);
        await using var command = new NpgsqlCommand(
            """
            SELECT current_setting('synchronous_commit'), current_setting('fsync'), current_setting('is_superuser'), current_user::text
            """,
            connection
        );
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return
        [
            .. TooFew(most),
            .. Found(
                reader.GetString(0) == "off" || reader.GetString(1) == "off",
                isProduction && reader.GetString(2) == "on" ? reader.GetString(3) : null,
                isProduction
            ),
        ];
    }

    IEnumerable<string> TooFew(int most)
    {
        var pool = new NpgsqlConnectionStringBuilder(database.ConnectionString).MaxPoolSize;
        // Those that are ended on one side are for a moment still there on the other.
        var wanted = pool + Math.Min(pool, PostgresSetup.OperatorsPoolSize) + Math.Min(pool, ReadPools.ConsolePoolSize) + 2;
        if (most < wanted)
            yield return $"ConnectionStrings:Postgres: the server lets this user have {most} connections for all hosts together, "
                + $"and one host opens up to {wanted}: whoever comes too late waits, operators too; "
                + $"raise the limit ({ConnectionLimit.Where}), or set a smaller Maximum Pool Size";
    }

    IEnumerable<string> Found(bool forgets, string? superuser, bool isProduction)
    {
        if (forgets)
            yield return "PostgreSQL runs with synchronous_commit or fsync off: a power failure loses notifications that were acknowledged";
        if (superuser is not null)
            yield return $"ConnectionStrings:Postgres: {superuser} is a superuser of PostgreSQL, and whoever gets at this host's "
                + "settings is one too; the owner of the database will do (CREATE ROLE … LOGIN; CREATE DATABASE … OWNER …)";
        if (isProduction && Transit.Unverified(database.ConnectionString) is { } host)
            yield return $"ConnectionStrings:Postgres: nobody looks at the certificate of {host}, so that whoever is on the way to it "
                + "may read and change the record; set SSL Mode=VerifyFull, and Root Certificate for an authority of your own";
    }
}
