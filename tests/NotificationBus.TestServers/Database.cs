using Npgsql;

namespace NotificationBus.IntegrationTests.Servers;

/// <summary>Databases on a server, by the connection string of somebody who may create them.</summary>
static class Database
{
    public static async Task<string> Create(string server, string? template = null)
    {
        var name = $"nbtest_{Guid.CreateVersion7():N}";
        await Execute(server, template is null ? $"CREATE DATABASE {name}" : $"CREATE DATABASE {name} TEMPLATE {template}");
        return new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString;
    }

    public static Task Drop(string server, string name) => Execute(server, $"DROP DATABASE IF EXISTS {name} WITH (FORCE)");

    static async Task Execute(string server, string sql)
    {
        // Unpooled: nothing here may hold on to a server that is about to be killed.
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server) { Pooling = false });
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
