using System.Data;
using System.Net.Sockets;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NotificationBus.Messaging;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>Sees to it that the database is there and that its tables are of this host's version.</summary>
public sealed partial class Schema(
    NpgsqlDataSource database,
    IDbContextFactory<NotificationBusDbContext> contexts,
    Partitions partitions,
    ClockWatch watch,
    IOptions<PostgresOptions> options,
    TimeProvider clock,
    ILogger<Schema> log
)
{
    // Any number will do, as long as all hosts take the same.
    const long MigrationLock = 0x4E6F_7469_6679;

    static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    // What EF Core would say as well, after it has built its model, which every start would wait for though there is hardly ever anything
    // to migrate.
    static readonly IReadOnlyList<string> Known =
    [
        .. typeof(Schema)
            .Assembly.GetTypes()
            .Select(type => type.GetCustomAttribute<MigrationAttribute>()?.Id)
            .OfType<string>()
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Waits for the database, then migrates or checks; from the start again when the database goes away in the middle.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="mayUpgrade">False: tables that are there are only checked, whatever <see cref="PostgresOptions.Migrate"/> says.</param>
    /// <exception cref="SettingsException">The database does not answer, or its tables are of another version.</exception>
    public async Task EnsureReady(CancellationToken cancellationToken, bool mayUpgrade = true)
    {
        var giveUp = clock.Steady() + options.Value.StartTimeout;
        while (true)
        {
            try
            {
                await Prepare(mayUpgrade, cancellationToken);
                return;
            }
            catch (Exception failure) when (OfTheDatabase(failure) is { } exception)
            {
                if (!IsStillStarting(exception) || clock.Steady() >= giveUp)
                    throw new SettingsException($"ConnectionStrings:Postgres: {Explain(exception)}{Remedy(exception)}");

                WaitingForDatabase(Explain(exception));
                await Task.Delay(RetryInterval, clock, cancellationToken);
            }
            catch (Exception failure)
                when (failure
                        is FileNotFoundException
                            or DirectoryNotFoundException
                            or UnauthorizedAccessException
                            or CryptographicException
                )
            {
                // A file that the connection string names: with the password, or with certificates.
                throw new SettingsException($"ConnectionStrings:Postgres: {failure.Message}");
            }
        }
    }

    async Task Prepare(bool mayUpgrade, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await RefuseOtherEncodings(connection, cancellationToken);
        await RefuseTooFewConnections(connection, cancellationToken);

        // EF Core locks its own history table, but two hosts may still both find that there is none and create it.
        await Execute(connection, $"SELECT pg_advisory_lock({MigrationLock})", cancellationToken);
        try
        {
            await MigrateOrCheck(connection, mayUpgrade, cancellationToken);
            await watch.Look(cancellationToken);
            if (options.Value.Migrate)
                await MakePartitions(cancellationToken);
        }
        finally
        {
            // A connection that broke holds nothing any more, and what broke it is what should be told.
            if (connection.State == ConnectionState.Open)
                await Execute(connection, $"SELECT pg_advisory_unlock({MigrationLock})", CancellationToken.None);
        }
    }

    string Remedy(NpgsqlException exception) =>
        (exception, options.Value.Migrate) switch
        {
            (not PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege }, _) => "",
            (_, true) =>
                "; GRANT CREATE, USAGE ON SCHEMA public and CREATE ON DATABASE to the user, or have your migrator create the tables and "
                    + "set Postgres:Migrate=false",
            (_, false) => "; GRANT the user SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public",
        };

    async Task MigrateOrCheck(NpgsqlConnection connection, bool mayUpgrade, CancellationToken cancellationToken)
    {
        var hasHistory = await HasHistory(connection, cancellationToken);
        var applied = hasHistory ? await Applied(connection, cancellationToken) : [];

        if (applied.Except(Known, StringComparer.Ordinal).FirstOrDefault() is { } newer)
            throw new SettingsException(
                $"ConnectionStrings:Postgres: the database has migration {newer}, which this version does not know; start a newer version"
            );

        var pending = Known.Except(applied, StringComparer.Ordinal).ToList();
        if (pending.Count == 0)
            return;

        if (hasHistory && !mayUpgrade)
            throw new SettingsException(
                $"ConnectionStrings:Postgres: the database lacks migration {pending[0]}; bring the tables up to date first, "
                    + "with 'migrate' or the start of a host"
            );

        if (!options.Value.Migrate)
            throw new SettingsException(
                $"ConnectionStrings:Postgres: the database lacks migration {pending[0]}; set Postgres:Migrate=true on one start, "
                    + "or have your migrator apply it"
            );

        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        if (!hasHistory)
            await Execute(connection, context.GetService<IHistoryRepository>().GetCreateIfNotExistsScript(), cancellationToken);
        // No time limit: a migration may have to read all there is.
        context.Database.SetCommandTimeout(TimeSpan.Zero);
        await context.Database.MigrateAsync(cancellationToken);
        Migrated(string.Join(", ", pending));
    }

    /// <summary>
    /// Makes the partitions ahead. A failure is no reason not to start: what comes without a partition is kept all the same.
    /// </summary>
    async Task MakePartitions(CancellationToken cancellationToken)
    {
        try
        {
            await partitions.MakeAhead(cancellationToken);
        }
        catch (PostgresException exception)
        {
            PartitionsNotMade(Explain(exception));
        }
    }

    /// <summary>EF Core wraps what it thinks may pass.</summary>
    static NpgsqlException? OfTheDatabase(Exception failure) =>
        failure as NpgsqlException ?? (failure as InvalidOperationException)?.InnerException as NpgsqlException;

    /// <summary>
    /// A wrong password (class 28) or database (3D) does not get better by waiting, nor does what no value, row or statement can be.
    /// </summary>
    static bool IsStillStarting(NpgsqlException exception) =>
        Cause(exception) switch
        {
            OnlyReadsException => true,
            PostgresException { SqlState: { } state } refusal => Outages.IsTransient(refusal)
                && state[..2] is not ("23" or "28" or "3D" or "42"),
            var other => !IsIncomplete(other),
        };

    /// <summary>
    /// True when the connection string has no password, or asks for TLS that the server does not speak. The library has no code for these;
    /// whatever else it says of itself is waited for, such as that of several servers none answers.
    /// </summary>
    static bool IsIncomplete(NpgsqlException exception) =>
        exception.InnerException is null
        && (
            exception.Message.StartsWith("No password", StringComparison.Ordinal)
            || exception.Message.StartsWith("SSL connection requested", StringComparison.Ordinal)
        );

    /// <summary>Of several servers, what one of them said: that none will do says nothing.</summary>
    static NpgsqlException Cause(NpgsqlException exception)
    {
        if (exception.InnerException is not AggregateException each)
            return exception;

        var causes = each.InnerExceptions.OfType<NpgsqlException>().ToList();
        return causes.FirstOrDefault(cause => cause is OnlyReadsException)
            ?? causes.FirstOrDefault(cause => cause is PostgresException)
            ?? causes.FirstOrDefault()
            ?? exception;
    }

    static string Explain(NpgsqlException exception) =>
        Cause(exception) switch
        {
            OnlyReadsException =>
                $"PostgreSQL at {Cause(exception).Message}; name the server that takes what is written, or all of them (Host=one,other)",
            PostgresException refusal => $"PostgreSQL refused ({refusal.SqlState}: {refusal.MessageText})",
            { InnerException: SocketException socket } => $"PostgreSQL does not answer ({socket.SocketErrorCode})",
            var other when IsIncomplete(other) => $"no connection can be made ({other.Message})",
            var other => $"PostgreSQL does not answer ({other.Message})",
        };

    /// <summary>A database that cannot hold every text would refuse notifications one by one.</summary>
    static async Task RefuseOtherEncodings(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT current_setting('server_encoding')", connection);
        if ((string)(await command.ExecuteScalarAsync(cancellationToken))! is not "UTF8" and var encoding)
            throw new SettingsException(
                $"ConnectionStrings:Postgres: the database is encoded in {encoding}, which has no place for most of the world's letters; "
                    + "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
            );
    }

    /// <summary>A host that listens and can do nothing else would never be ready.</summary>
    static async Task RefuseTooFewConnections(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (await ConnectionLimit.Read(connection, cancellationToken) is < ConnectionLimit.Least and var most)
            throw new SettingsException(
                $"ConnectionStrings:Postgres: the server lets this user have {most} connections ({ConnectionLimit.Where}); "
                    + "a host listens on two all the time, works on others and serves operators, so that "
                    + $"{ConnectionLimit.Least} is the least"
            );
    }

    /// <summary>
    /// EF Core reads its history to find out that there is none, and logs that as an error; every first start would begin with two.
    /// </summary>
    static async Task<bool> HasHistory(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT to_regclass('\"__EFMigrationsHistory\"') IS NOT NULL", connection);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    static async Task<List<string>> Applied(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "SELECT \"MigrationId\" FROM \"__EFMigrationsHistory\" ORDER BY \"MigrationId\"",
            connection
        );
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var applied = new List<string>();
        while (await reader.ReadAsync(cancellationToken))
            applied.Add(reader.GetString(0));

        return applied;
    }

    static async Task Execute(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        // No time limit: another host may be migrating for as long as that takes.
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    [LoggerMessage(LogLevel.Information, "Waiting for PostgreSQL: {Reason}")]
    partial void WaitingForDatabase(string reason);

    [LoggerMessage(LogLevel.Information, "Applied migrations {Migrations}")]
    partial void Migrated(string migrations);

    [LoggerMessage(LogLevel.Warning, "Partitions for the coming months could not be made and are tried again: {Reason}")]
    partial void PartitionsNotMade(string reason);
}
