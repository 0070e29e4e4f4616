using NotificationBus.Notifications;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>The traffic in PostgreSQL: the notifications of a time, by the index on it, and their deliveries.</summary>
sealed class PostgresTraffic(PostgresReads reads) : ITraffic
{
    const string CountDeliveries = """
        SELECT d ->> 'channel', d ->> 'provider', count(*),
            count(*) FILTER (WHERE d ->> 'status' IN ('Sent', 'Confirmed')),
            count(*) FILTER (WHERE d ->> 'status' = 'Confirmed'),
            count(*) FILTER (WHERE d ->> 'status' IN ('Failed', 'Expired')),
            count(*) FILTER (WHERE d ->> 'status' IN ('Waiting', 'Sending', 'Held'))
        FROM notification n CROSS JOIN LATERAL jsonb_array_elements(n.deliveries) AS d
        WHERE n.created_at >= @from AND n.created_at < @to
        GROUP BY 1, 2
        """;

    /// <inheritdoc />
    public async Task<IReadOnlyList<TrafficCount>?> Count(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        try
        {
            return await reads.Read(isForConsole: true, database => Count(database, from, to, cancellationToken));
        }
        catch (TookTooLongException)
        {
            return null;
        }
        catch (NpgsqlException late) when (late.InnerException is TimeoutException)
        {
            return null;
        }
    }

    static async Task<IReadOnlyList<TrafficCount>> Count(
        NpgsqlDataSource database,
        DateTimeOffset from,
        DateTimeOffset to,
        CancellationToken cancellationToken
    )
    {
        await using var command = database.CreateCommand(CountDeliveries);
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("from", from.ToUniversalTime()));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("to", to.ToUniversalTime()));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var counts = new List<TrafficCount>();
        while (await reader.ReadAsync(cancellationToken))
            counts.Add(
                new TrafficCount(
                    reader.GetString(0),
                    reader.IsDBNull(1) ? null : reader.GetString(1),
                    reader.GetInt64(2),
                    reader.GetInt64(3),
                    reader.GetInt64(4),
                    reader.GetInt64(5),
                    reader.GetInt64(6)
                )
            );
        return TrafficCount.Sum(counts);
    }
}
