using NotificationBus.Notifications;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// Where people read lists: from a replica when one is named and in step, and else from the primary. The console reads over connections of
/// its own, with a limit for each statement. Nothing that decides reads here: a replica may be seconds behind.
/// </summary>
sealed class PostgresReads(ReadPools pools, Replica replica)
{
    /// <summary>Reads.</summary>
    /// <param name="isForConsole">True for what the console shows.</param>
    /// <param name="read">Reads from a database.</param>
    /// <exception cref="TookTooLongException">The console may not ask for so much.</exception>
    public async Task<T> Read<T>(bool isForConsole, Func<NpgsqlDataSource, Task<T>> read)
    {
        if (replica.IsUsable)
        {
            try
            {
                return await Within(read, isForConsole ? pools.ReplicaConsole! : pools.ReplicaLists!);
            }
            catch (Exception broken) when (broken is not TookTooLongException && DatabaseErrorIn(broken) is { } error)
            {
                // Too much was asked, or too many ask: the primary is not asked for it in addition. The look finds out a replica that
                // stands still.
                if (error.InnerException is TimeoutException)
                    throw new TookTooLongException(broken);

                // What the primary has meanwhile cleared away a replica may not read any more: that passes.
                if (error.SqlState != PostgresErrorCodes.SerializationFailure)
                    replica.Lose(error.Message);
            }
        }

        return await Within(read, isForConsole ? pools.Console : pools.Lists);
    }

    static async Task<T> Within<T>(Func<NpgsqlDataSource, Task<T>> read, NpgsqlDataSource database)
    {
        try
        {
            return await read(database);
        }
        catch (Exception late) when (DatabaseErrorIn(late) is { SqlState: PostgresErrorCodes.QueryCanceled })
        {
            throw new TookTooLongException(late);
        }
    }

    // EF Core wraps what may pass.
    static NpgsqlException? DatabaseErrorIn(Exception broken) =>
        broken as NpgsqlException ?? (broken.InnerException is { } inner ? DatabaseErrorIn(inner) : null);
}
