using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Notifications;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>The traffic in PostgreSQL: the notifications of a time, by the index on it, and their deliveries.</summary>
public sealed class PostgresTraffic([FromKeyedServices(PostgresSetup.Operators)] NpgsqlDataSource database) : ITraffic
{
    const int LongestCount = 2;

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
        await using var command = database.CreateCommand(CountDeliveries);
        command.CommandTimeout = LongestCount;
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("from", from.ToUniversalTime()));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("to", to.ToUniversalTime()));
        try
        {
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
        catch (NpgsqlException late) when (late.InnerException is TimeoutException || late.SqlState == PostgresErrorCodes.QueryCanceled)
        {
            return null;
        }
    }
}
