using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>What may cost notifications or their secrets: a server that forgets, a user who may do everything, a way that anybody can join.</summary>
sealed class PostgresWarnings(NpgsqlDataSource database) : IStartWarnings
{
    /// <inheritdoc />
    public async Task<IReadOnlyList<string>> Find(bool isProduction, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("""
            SELECT current_setting('synchronous_commit'), current_setting('fsync'), current_setting('is_superuser'), current_user::text
            """);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return [.. Found(reader.GetString(0) == "off" || reader.GetString(1) == "off", isProduction && reader.GetString(2) == "on" ? reader.GetString(3) : null, isProduction)];
    }

    IEnumerable<string> Found(bool forgets, string? superuser, bool isProduction)
    {
        if (forgets)
            yield return "PostgreSQL runs with synchronous_commit or fsync off: a power failure loses notifications that were acknowledged";
        if (superuser is not null)
            yield return $"ConnectionStrings:Postgres: {superuser} is a superuser of PostgreSQL, and whoever gets at this host's settings is one too; the owner of the database will do (CREATE ROLE … LOGIN; CREATE DATABASE … OWNER …)";
        if (isProduction && Transit.Unverified(database.ConnectionString) is { } host)
            yield return $"ConnectionStrings:Postgres: nobody looks at the certificate of {host}, so that whoever is on the way to it may read and change the record; set SSL Mode=VerifyFull, and Root Certificate for an authority of your own";
    }
}
