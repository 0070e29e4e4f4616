using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>The connections over which people read.</summary>
/// <param name="lists">To the primary.</param>
/// <param name="primary">The address of the primary.</param>
/// <param name="replica">The address of the replica; null when there is none.</param>
sealed class ReadPools(NpgsqlDataSource lists, string primary, string? replica) : IAsyncDisposable
{
    /// <summary>The most connections of a host's console.</summary>
    public const int ConsolePoolSize = 3;

    // Behind the server's own limit, for one that does not answer at all.
    const int ConsoleSeconds = 2;
    const int LongestOfReplica = 10;
    const int LongestOpening = 3;

    public NpgsqlDataSource Lists => lists;

    public NpgsqlDataSource Console { get; } = Pool(primary, "console", ConsolePoolSize, isReplica: false, ConsoleSeconds);

    public NpgsqlDataSource? ReplicaLists { get; } =
        replica is null ? null : Pool(replica, "replica", PostgresSetup.OperatorsPoolSize, isReplica: true, limit: null);

    public NpgsqlDataSource? ReplicaConsole { get; } =
        replica is null ? null : Pool(replica, "replica-console", ConsolePoolSize, isReplica: true, ConsoleSeconds);

    public async ValueTask DisposeAsync()
    {
        await Console.DisposeAsync();
        if (ReplicaLists is not null)
            await ReplicaLists.DisposeAsync();
        if (ReplicaConsole is not null)
            await ReplicaConsole.DisposeAsync();
    }

    static NpgsqlDataSource Pool(string address, string name, int size, bool isReplica, int? limit)
    {
        var builder = new NpgsqlDataSourceBuilder(address) { Name = name };
        var settings = builder.ConnectionStringBuilder;
        settings.MinPoolSize = 0;
        settings.MaxPoolSize = Math.Min(size, settings.MaxPoolSize);
        settings.NoResetOnClose = true;
        if (isReplica)
        {
            settings.Timeout = Math.Min(settings.Timeout, LongestOpening);
            settings.CommandTimeout = LongestOfReplica;
        }
        else
        {
            PostgresSetup.PreferPrimary(address, settings);
        }

        if (limit is { } seconds)
            settings.CommandTimeout = seconds + 1;
        builder.BeginForOperators(limit);
        return builder.Build();
    }
}
