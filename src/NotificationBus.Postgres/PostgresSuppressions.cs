using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Providers.Controls;
using NotificationBus.Sending;
using Npgsql;
using NpgsqlTypes;

namespace NotificationBus.Postgres;

/// <summary>
/// Suppressed addresses in PostgreSQL, for people. <see cref="PostgresAttemptLedger"/> reads and fills the table in its own statements.
/// </summary>
/// <remarks>Recipients who unsubscribe do not queue behind operators: what changes one row goes as the flow does.</remarks>
public sealed class PostgresSuppressions(NpgsqlDataSource database, [FromKeyedServices(PostgresSetup.Operators)] NpgsqlDataSource operators)
    : ISuppressions
{
    // Not NULL, which no primary key can hold.
    const string EveryCategory = "";

    // What stands in the place of an address since its recipient was erased.
    static readonly string Erased = PostgresErasures.NameOf("@address");

    // In the same statement as the change: one is not without the other.
    const string Noted = """
        noted AS (INSERT INTO control_change (subject, who, on_behalf_of, why, before, after)
            SELECT @subject, @who, @on_behalf_of, @why, 'null'::jsonb, @after FROM changed WHERE @who IS NOT NULL)
        SELECT count(*)::integer FROM changed
        """;

    /// <inheritdoc />
    public async Task<IReadOnlyList<Suppression>> List(SuppressionFilter filter, CancellationToken cancellationToken)
    {
        await using var command = operators.CreateCommand(
            $"""
            SELECT channel, address, nullif(category, ''), reason, source, created_at, place
            FROM suppressed_address
            WHERE (@channel IS NULL OR channel = @channel) AND (@category IS NULL OR category = @category)
                AND (@address IS NULL
                    OR hashtextextended(address, 0) = ANY(ARRAY[hashtextextended(@address, 0), hashtextextended({Erased}, 0)])
                    AND address = ANY(ARRAY[@address, {Erased}]))
                AND (@after IS NULL OR (created_at, place) < (@after, @after_place))
            ORDER BY created_at DESC, place DESC LIMIT @limit
            """
        );
        command.Parameters.Add(new NpgsqlParameter<string?>("channel", filter.Channel));
        command.Parameters.Add(new NpgsqlParameter<string?>("address", Storable.Text(filter.Address)));
        command.Parameters.Add(new NpgsqlParameter<string?>("category", Storable.Text(filter.Category)));
        command.Parameters.Add(
            new NpgsqlParameter("after", NpgsqlDbType.TimestampTz) { Value = filter.After is { } after ? after.CreatedAt : DBNull.Value }
        );
        command.Parameters.Add(
            new NpgsqlParameter("after_place", NpgsqlDbType.Uuid) { Value = filter.After is { } place ? place.Place : DBNull.Value }
        );
        command.Parameters.Add(new NpgsqlParameter<int>("limit", filter.Limit));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);

        var suppressions = new List<Suppression>();
        while (await reader.ReadAsync(cancellationToken))
        {
            suppressions.Add(
                new Suppression(
                    Channel: reader.GetString(0),
                    Address: reader.GetString(1),
                    Category: reader.IsDBNull(2) ? null : reader.GetString(2),
                    Reason: reader.GetString(3),
                    Source: reader.GetString(4)
                )
                {
                    CreatedAt = reader.GetFieldValue<DateTimeOffset>(5),
                    Place = reader.GetGuid(6),
                }
            );
        }

        return suppressions;
    }

    /// <inheritdoc />
    public Task<bool> Add(Suppression suppression, CancellationToken cancellationToken) => Add(suppression, by: null, cancellationToken);

    /// <inheritdoc />
    public async Task<bool> Add(Suppression suppression, ChangedBy? by, CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand(
            $"""
            WITH changed AS (
                INSERT INTO suppressed_address (channel, address, category, reason, source)
                    SELECT @channel, @address, @category, @reason, @source
                    WHERE {PostgresErasures.IsNotSuppressed("@channel", "@address", "@category")}
                ON CONFLICT DO NOTHING RETURNING 1),
            {Noted}
            """
        );
        AddKey(command, suppression.Channel, suppression.Address, suppression.Category);
        command.Parameters.Add(new NpgsqlParameter<string>("reason", suppression.Reason));
        command.Parameters.Add(new NpgsqlParameter<string>("source", suppression.Source));
        AddNote(command, suppression.Channel, by, Suppression.Change("added", suppression.Address, suppression.Category));
        return await database.Commit(command, cancellationToken) is 1;
    }

    /// <inheritdoc />
    public async Task<bool> AddErased(Suppression suppression, CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand(
            $"""
            WITH changed AS (
                INSERT INTO suppressed_address (channel, address, category, reason, source)
                    SELECT @channel, {Erased}, @category, @reason, @source WHERE {Erased} IS NOT NULL
                ON CONFLICT DO NOTHING RETURNING 1)
            SELECT count(*)::integer FROM changed
            """
        );
        AddKey(command, suppression.Channel, suppression.Address, suppression.Category);
        command.Parameters.Add(new NpgsqlParameter<string>("reason", suppression.Reason));
        command.Parameters.Add(new NpgsqlParameter<string>("source", suppression.Source));
        return await database.Commit(command, cancellationToken) is 1;
    }

    /// <inheritdoc />
    public async Task<bool> Remove(string channel, string address, string? category, ChangedBy by, CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand(
            $"""
            WITH changed AS (
                DELETE FROM suppressed_address
                WHERE place IN (suppression_place(@channel, @address, @category), suppression_place(@channel, {Erased}, @category))
                RETURNING 1),
            {Noted}
            """
        );
        AddKey(command, channel, address, category);
        AddNote(command, channel, by, Suppression.Change("removed", address, category));
        return await database.Commit(command, cancellationToken) is 1;
    }

    static void AddKey(NpgsqlBatchCommand command, string channel, string address, string? category)
    {
        command.Parameters.Add(new NpgsqlParameter<string>("channel", channel));
        command.Parameters.Add(new NpgsqlParameter<string>("address", address));
        command.Parameters.Add(new NpgsqlParameter<string>("category", category ?? EveryCategory));
    }

    static void AddNote(NpgsqlBatchCommand command, string channel, ChangedBy? by, JsonElement change)
    {
        command.Parameters.Add(new NpgsqlParameter<string>("subject", $"suppression {channel}"));
        command.Parameters.Add(new NpgsqlParameter<string?>("who", by?.Who));
        command.Parameters.Add(new NpgsqlParameter<string?>("on_behalf_of", by?.OnBehalfOf));
        command.Parameters.Add(new NpgsqlParameter<string?>("why", by?.Why));
        command.Parameters.Add(new NpgsqlParameter("after", NpgsqlDbType.Jsonb) { Value = change.GetRawText() });
    }
}
