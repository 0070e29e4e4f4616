using System.Security.Cryptography;
using System.Text;
using NotificationBus.Sending;
using Npgsql;
using NpgsqlTypes;

namespace NotificationBus.Postgres;

/// <summary>
/// The counts of a day, in PostgreSQL: a row for each address, and one for what a channel has cost. Both are counted by one statement, the
/// address first, so that hosts wait for each other in one order; the day is the database's.
/// </summary>
public sealed class PostgresDailyCounts(NpgsqlDataSource database) : IDailyCounts
{
    // Of 128 bits no two addresses meet by chance. The numbers themselves stand beside the notifications, for as long as these.
    const int HashSize = 16;

    // A bound is looked at where the row is locked: whoever comes at the same moment sees what the other has left.
    const string CountBoth = """
        WITH today AS (SELECT (now() AT TIME ZONE 'UTC')::date AS day),
        of_address AS (
            INSERT INTO daily_count AS c (channel, day, address_hash, deliveries, cost)
            SELECT @channel, day, @address, 1, @cost FROM today
            ON CONFLICT (channel, day, address_hash) DO UPDATE SET deliveries = c.deliveries + 1, cost = c.cost + excluded.cost
            WHERE @most IS NULL OR c.deliveries < @most
            RETURNING day
        ),
        of_channel AS (
            INSERT INTO daily_count AS c (channel, day, address_hash, deliveries, cost)
            SELECT @channel, day, '', 1, @cost FROM of_address WHERE @spend IS NULL OR @cost <= @spend
            ON CONFLICT (channel, day, address_hash) DO UPDATE SET deliveries = c.deliveries + 1, cost = c.cost + excluded.cost
            WHERE @spend IS NULL OR c.cost + excluded.cost <= @spend
            RETURNING day
        )
        SELECT (SELECT day FROM today), EXISTS (SELECT FROM of_address), EXISTS (SELECT FROM of_channel)
        """;

    const string ForgetBefore = "DELETE FROM daily_count WHERE day < @day";

    DateOnly _forgotten;

    /// <inheritdoc />
    public async Task<DailyCount> Count(
        string channel,
        string address,
        decimal cost,
        int? mostOfAddress,
        decimal? mostSpent,
        CancellationToken cancellationToken
    )
    {
        await using var command = database.CreateCommand(CountBoth);
        command.Parameters.Add(new NpgsqlParameter<string>("channel", channel));
        command.Parameters.Add(new NpgsqlParameter<byte[]>("address", SHA256.HashData(Encoding.UTF8.GetBytes(address))[..HashSize]));
        command.Parameters.Add(new NpgsqlParameter<decimal>("cost", cost));
        command.Parameters.Add(new NpgsqlParameter("most", NpgsqlDbType.Integer) { Value = (object?)mostOfAddress ?? DBNull.Value });
        command.Parameters.Add(new NpgsqlParameter("spend", NpgsqlDbType.Numeric) { Value = (object?)mostSpent ?? DBNull.Value });
        DateOnly day;
        DailyCount count;
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            await reader.ReadAsync(cancellationToken);
            day = reader.GetFieldValue<DateOnly>(0);
            count =
                !reader.GetBoolean(1) ? DailyCount.AddressFull
                : !reader.GetBoolean(2) ? DailyCount.SpendFull
                : DailyCount.Counted;
        }

        if (day > _forgotten)
            await Forget(day, cancellationToken);
        return count;
    }

    /// <summary>Yesterday stays, for whoever asks what it cost. Once a day for each host.</summary>
    async Task Forget(DateOnly today, CancellationToken cancellationToken)
    {
        _forgotten = today;
        await using var command = database.CreateCommand(ForgetBefore);
        command.Parameters.Add(new NpgsqlParameter<DateOnly>("day", today.AddDays(-1)));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
