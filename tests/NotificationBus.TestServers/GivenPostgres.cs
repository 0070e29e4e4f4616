using System.Collections.Concurrent;
using Npgsql;

namespace NotificationBus.IntegrationTests.Servers;

/// <summary>A database server that runs elsewhere. What was created on it is dropped at the end.</summary>
sealed class GivenPostgres(string connectionString) : IDatabaseServer
{
    readonly ConcurrentBag<string> _created = [];

    public async Task<string> CreateDatabase(string? template = null)
    {
        var created = await Database.Create(connectionString, template);
        _created.Add(created);
        return created;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var database in _created)
            await Database.Drop(connectionString, new NpgsqlConnectionStringBuilder(database).Database!);
    }
}
