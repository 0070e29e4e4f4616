using NotificationBus.IntegrationTests.Servers;
using Npgsql;

namespace NotificationBus.Benchmarks.Load;

/// <summary>
/// A server that has run for a while writes its log into files it has written before. A new one makes each of them first, and everybody who
/// commits waits for about 100 ms meanwhile: every two seconds, at 650 notifications a second.
/// </summary>
static class WriteAheadLog
{
    // 16 MB each: half of what PostgreSQL keeps at most unless it is told otherwise (max_wal_size).
    const int Files = 32;

    /// <summary>Has a new server make the files.</summary>
    public static async Task Prepare(PostgresServer server)
    {
        await using var source = NpgsqlDataSource.Create(server.ConnectionString);
        for (var file = 0; file < Files; file++)
            await Execute("SELECT pg_logical_emit_message(false, '', ''), pg_switch_wal()");

        // Whatever is no longer needed after it is used again.
        await Execute("CHECKPOINT");

        async Task Execute(string sql)
        {
            await using var command = source.CreateCommand(sql);
            await command.ExecuteNonQueryAsync();
        }
    }
}
