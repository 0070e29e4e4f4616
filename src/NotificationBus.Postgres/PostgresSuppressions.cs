using NotificationBus.Sending;

using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>Suppressed addresses in PostgreSQL, for people. <see cref="PostgresAttemptLedger"/> reads and fills the table in its own statements.</summary>
public sealed class PostgresSuppressions(NpgsqlDataSource database) : ISuppressions
{
    /// <inheritdoc />
    public async Task<IReadOnlyList<Suppression>> List(SuppressionFilter filter, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("""
            SELECT channel, address, reason, source, created_at FROM suppressed_address
            WHERE (@channel IS NULL OR channel = @channel) AND (@address IS NULL OR address = @address)
            ORDER BY created_at DESC LIMIT @limit
            """);
        command.Parameters.Add(new NpgsqlParameter<string?>("channel", filter.Channel));
        command.Parameters.Add(new NpgsqlParameter<string?>("address", filter.Address));
        command.Parameters.Add(new NpgsqlParameter<int>("limit", filter.Limit));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);

        var suppressions = new List<Suppression>();
        while (await reader.ReadAsync(cancellationToken))
            suppressions.Add(new Suppression(reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetFieldValue<DateTimeOffset>(4)));
        return suppressions;
    }

    /// <inheritdoc />
    public async Task<bool> Add(Suppression suppression, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("""
            INSERT INTO suppressed_address (channel, address, reason, source) VALUES (@channel, @address, @reason, @source) ON CONFLICT DO NOTHING
            """);
        command.Parameters.Add(new NpgsqlParameter<string>("channel", suppression.Channel));
        command.Parameters.Add(new NpgsqlParameter<string>("address", suppression.Address));
        command.Parameters.Add(new NpgsqlParameter<string>("reason", suppression.Reason));
        command.Parameters.Add(new NpgsqlParameter<string>("source", suppression.Source));
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <inheritdoc />
    public async Task<bool> Remove(string channel, string address, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("DELETE FROM suppressed_address WHERE channel = @channel AND address = @address");
        command.Parameters.Add(new NpgsqlParameter<string>("channel", channel));
        command.Parameters.Add(new NpgsqlParameter<string>("address", address));
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }
}
