using NotificationBus.Sending;

using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>Suppressed addresses in PostgreSQL, for people. <see cref="PostgresAttemptLedger"/> reads and fills the table in its own statements.</summary>
public sealed class PostgresSuppressions(NpgsqlDataSource database) : ISuppressions
{
    // Not NULL, which no primary key can hold.
    const string EveryCategory = "";

    /// <inheritdoc />
    public async Task<IReadOnlyList<Suppression>> List(SuppressionFilter filter, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("""
            SELECT channel, address, nullif(category, ''), reason, source, created_at FROM suppressed_address
            WHERE (@channel IS NULL OR channel = @channel) AND (@address IS NULL OR address = @address) AND (@category IS NULL OR category = @category)
            ORDER BY created_at DESC LIMIT @limit
            """);
        command.Parameters.Add(new NpgsqlParameter<string?>("channel", filter.Channel));
        command.Parameters.Add(new NpgsqlParameter<string?>("address", filter.Address));
        command.Parameters.Add(new NpgsqlParameter<string?>("category", filter.Category));
        command.Parameters.Add(new NpgsqlParameter<int>("limit", filter.Limit));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);

        var suppressions = new List<Suppression>();
        while (await reader.ReadAsync(cancellationToken))
        {
            suppressions.Add(new Suppression(
                Channel: reader.GetString(0),
                Address: reader.GetString(1),
                Category: reader.IsDBNull(2) ? null : reader.GetString(2),
                Reason: reader.GetString(3),
                Source: reader.GetString(4),
                CreatedAt: reader.GetFieldValue<DateTimeOffset>(5)));
        }

        return suppressions;
    }

    /// <inheritdoc />
    public async Task<bool> Add(Suppression suppression, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("""
            INSERT INTO suppressed_address (channel, address, category, reason, source) VALUES (@channel, @address, @category, @reason, @source)
            ON CONFLICT DO NOTHING
            """);
        command.Parameters.Add(new NpgsqlParameter<string>("channel", suppression.Channel));
        command.Parameters.Add(new NpgsqlParameter<string>("address", suppression.Address));
        command.Parameters.Add(new NpgsqlParameter<string>("category", suppression.Category ?? EveryCategory));
        command.Parameters.Add(new NpgsqlParameter<string>("reason", suppression.Reason));
        command.Parameters.Add(new NpgsqlParameter<string>("source", suppression.Source));
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <inheritdoc />
    public async Task<bool> Remove(string channel, string address, string? category, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("DELETE FROM suppressed_address WHERE channel = @channel AND address = @address AND category = @category");
        command.Parameters.Add(new NpgsqlParameter<string>("channel", channel));
        command.Parameters.Add(new NpgsqlParameter<string>("address", address));
        command.Parameters.Add(new NpgsqlParameter<string>("category", category ?? EveryCategory));
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }
}
