using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// The one way in which single statements change the record. What concurrent messages ask goes through <see cref="GroupCommit"/>.
/// </summary>
static class Commits
{
    /// <summary>
    /// Makes a change that something depends on which cannot be taken back: a message is acknowledged, a caller is answered. Completes when
    /// the change is on the standby too, also when it was there before and nothing is written.
    /// </summary>
    /// <returns>The first value it returns; null when it returns no row.</returns>
    public static Task<object?> Commit(this NpgsqlDataSource database, NpgsqlBatchCommand statement, CancellationToken cancellationToken) =>
        database.Commit(
            statement,
            async reader => await reader.ReadAsync(cancellationToken) ? reader.GetValue(0) : null,
            cancellationToken
        );

    /// <summary>The same, with a reader for what it returns.</summary>
    public static Task<T> Commit<T>(
        this NpgsqlDataSource database,
        NpgsqlBatchCommand statement,
        Func<NpgsqlDataReader, Task<T>> read,
        CancellationToken cancellationToken
    ) =>
        Execute(
            database,
            [new NpgsqlBatchCommand(RecordConnection.WaitForStandby), statement],
            async (connection, reader) =>
            {
                await reader.NextResultAsync(cancellationToken);
                var answer = await read(reader);
                await reader.CloseAsync();
                await connection.Confirm(cancellationToken);
                return answer;
            },
            cancellationToken
        );

    /// <summary>Makes several changes in one transaction, and completes when they are on the standby too.</summary>
    public static async Task<T> Commit<T>(
        this NpgsqlDataSource database,
        Func<NpgsqlConnection, Task<T>> changes,
        CancellationToken cancellationToken
    )
    {
        await using var connection = await RecordConnection.Open(database, cancellationToken);
        return await connection.Run(async inner =>
        {
            await using var transaction = await inner.BeginTransactionAsync(cancellationToken);
            var answer = await changes(inner);
            await transaction.CommitAsync(cancellationToken);
            await connection.Confirm(cancellationToken);
            return answer;
        });
    }

    /// <summary>Makes a change that nothing depends on for good: after a fail-over it is found out again, or done again.</summary>
    /// <returns>The first value it returns; null when it returns no row.</returns>
    public static Task<object?> Write(this NpgsqlDataSource database, NpgsqlBatchCommand statement, CancellationToken cancellationToken) =>
        database.Write(statement, async reader => await reader.ReadAsync(cancellationToken) ? reader.GetValue(0) : null, cancellationToken);

    /// <summary>The same, with a reader for what it returns.</summary>
    public static Task<T> Write<T>(
        this NpgsqlDataSource database,
        NpgsqlBatchCommand statement,
        Func<NpgsqlDataReader, Task<T>> read,
        CancellationToken cancellationToken
    ) =>
        Execute(
            database,
            [statement],
            async (_, reader) =>
            {
                var answer = await read(reader);
                await reader.CloseAsync();
                return answer;
            },
            cancellationToken
        );

    /// <summary>Makes several such changes in one transaction.</summary>
    public static async Task Write(this NpgsqlDataSource database, Func<NpgsqlConnection, Task> changes)
    {
        await using var connection = await RecordConnection.Open(database);
        await connection.Run(async inner =>
        {
            await using var transaction = await inner.BeginTransactionAsync();
            await changes(inner);
            await transaction.CommitAsync();
            return true;
        });
    }

    static async Task<T> Execute<T>(
        NpgsqlDataSource database,
        IReadOnlyList<NpgsqlBatchCommand> statements,
        Func<RecordConnection, NpgsqlDataReader, Task<T>> read,
        CancellationToken cancellationToken
    )
    {
        await using var connection = await RecordConnection.Open(database, cancellationToken);
        return await connection.Run(async inner =>
        {
            await using var batch = inner.CreateBatch();
            foreach (var statement in statements)
            {
                Storable.MakeAll(statement.Parameters);
                batch.BatchCommands.Add(statement);
            }

            await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
            return await read(connection, reader);
        });
    }
}
