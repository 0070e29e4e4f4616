using System.Globalization;
using Npgsql;

namespace NotificationBus.Benchmarks.Load;

/// <summary>What a contender has on record. All of them call these tables and columns the same.</summary>
sealed class Record(string database) : IAsyncDisposable
{
    static readonly TimeSpan Standstill = TimeSpan.FromSeconds(60);

    // One connection, kept: it is asked all the time, and connecting costs the server more than the answer.
    readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(database) { MaxPoolSize = 1, CommandTimeout = 600 }
    );

    /// <summary>How many notifications that began since then have come to their end.</summary>
    Task<long> Completed(DateTimeOffset since) =>
        Scalar<long>("SELECT count(*) FROM notification WHERE completed_at IS NOT NULL AND created_at >= $1", since);

    /// <summary>Waits until so many notifications that began since then have come to their end.</summary>
    /// <exception cref="IncompleteException">Nothing has moved for a minute.</exception>
    public Task UntilCompleted(long count, DateTimeOffset since) => Until(count, () => Completed(since), _ => Task.CompletedTask);

    /// <summary>Waits until so many announcements that began since then have come to their end.</summary>
    /// <exception cref="IncompleteException">Nothing has moved for a minute.</exception>
    public Task UntilAnnounced(long count, DateTimeOffset since, Func<long, Task> tell) =>
        Until(
            count,
            () =>
                Scalar<long>(
                    "SELECT count(*) FROM notification WHERE completed_at IS NOT NULL AND category = 'announcement' AND created_at >= $1",
                    since
                ),
            tell
        );

    /// <summary>How many deliveries of notifications that began since then a provider has taken.</summary>
    public Task<long> Sent(DateTimeOffset since) =>
        Scalar<long>("SELECT count(DISTINCT delivery_id) FROM delivery_attempt WHERE status = 'Accepted' AND started_at >= $1", since);

    /// <summary>When a provider was first called for each event, by the event's name at its producer.</summary>
    public async Task<IReadOnlyDictionary<string, DateTimeOffset>> FirstCalls(DateTimeOffset since)
    {
        await using var command = _source.CreateCommand(
            """
            SELECT n.event_id, min(a.started_at) FROM delivery_attempt a JOIN notification n ON n.id = a.notification_id
                WHERE n.created_at >= $1 GROUP BY 1
            """
        );
        command.Parameters.Add(new() { Value = since.ToUniversalTime() });
        await using var reader = await command.ExecuteReaderAsync();
        var calls = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        while (await reader.ReadAsync())
            calls[reader.GetString(0)] = new(reader.GetDateTime(1));
        return calls;
    }

    /// <summary>How many transactions the database has committed.</summary>
    public Task<long> Transactions() => Scalar<long>("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()");

    /// <summary>Writes to disk what is still to be written, so that a measurement does not pay for what was before it.</summary>
    public Task Checkpoint() => Execute("CHECKPOINT");

    /// <summary>When so great a share of them, from 0 to 1, had come to its end.</summary>
    public async Task<DateTimeOffset> Completion(double share, DateTimeOffset since) =>
        new(
            await Scalar<DateTime>(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"SELECT percentile_disc({share}) WITHIN GROUP (ORDER BY completed_at) FROM notification WHERE created_at >= $1"
                ),
                since
            )
        );

    public async Task Execute(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T> Scalar<T>(string sql, DateTimeOffset? since = null)
    {
        await using var command = _source.CreateCommand(sql);
        if (since is { } start)
            command.Parameters.Add(new() { Value = start.ToUniversalTime() });
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    static async Task Until(long count, Func<Task<long>> ask, Func<long, Task> tell)
    {
        var (last, moved) = (-1L, Clock.Now);
        while (await ask() is var completed)
        {
            await tell(completed);
            if (completed >= count)
                return;
            if (completed != last)
                (last, moved) = (completed, Clock.Now);
            if (Clock.Now - moved > Standstill)
                throw new IncompleteException(
                    $"{completed} of {count} notifications were completed, and none for {Standstill.TotalSeconds} s"
                );

            // Each question counts all of them; when the last one was completed the record says itself.
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Clamp(count / 10, 100, 1000)));
        }
    }
}

/// <summary>A contender did not complete everything, or lost something.</summary>
sealed class IncompleteException(string message) : Exception(message);
