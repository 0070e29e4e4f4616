using System.Diagnostics;

using Npgsql;

namespace NotificationBus.IntegrationTests;

/// <summary>The record as an operator reads it with psql: through the documented views.</summary>
sealed class The_record(string connectionString) : IAsyncDisposable
{
    readonly NpgsqlDataSource _database = NpgsqlDataSource.Create(connectionString);

    public async Task<T> Scalar<T>(string sql)
    {
        await using var command = _database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task Execute(string sql)
    {
        await using var command = _database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public Task<long> Notifications(string where = "true") => Scalar<long>($"SELECT count(*) FROM notification_overview WHERE {where}");

    public Task<long> Deliveries(string where = "true") => Scalar<long>($"SELECT count(*) FROM delivery_overview WHERE {where}");

    /// <summary>Waits until a query gives what is wanted, and says what it gives when time is up.</summary>
    public async Task Until(string sql, long wanted, TimeSpan within)
    {
        var waiting = Stopwatch.StartNew();
        long found;
        while ((found = await Scalar<long>(sql)) != wanted)
        {
            if (waiting.Elapsed > within)
                throw new TimeoutException($"{sql} gives {found} after {within}, wanted is {wanted}");

            await Task.Delay(50);
        }
    }

    /// <summary>Waits until a count is no longer nought.</summary>
    public async Task Some(string sql, TimeSpan within)
    {
        var waiting = Stopwatch.StartNew();
        while (await Scalar<long>(sql) == 0)
        {
            if (waiting.Elapsed > within)
                throw new TimeoutException($"{sql} still gives 0 after {within}");

            await Task.Delay(5);
        }
    }

    public Task UntilDelivered(long count, TimeSpan within) => Until("SELECT count(*) FROM notification_overview WHERE status = 'delivered'", count, within);

    public ValueTask DisposeAsync() => _database.DisposeAsync();
}
