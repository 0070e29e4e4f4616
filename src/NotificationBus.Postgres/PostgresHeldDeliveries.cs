using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Contracts;
using NotificationBus.Notifications;
using NotificationBus.Providers.Controls;
using Npgsql;
using NpgsqlTypes;

namespace NotificationBus.Postgres;

/// <summary>Held deliveries in PostgreSQL, and what was decided about them.</summary>
public sealed class PostgresHeldDeliveries([FromKeyedServices(PostgresSetup.Operators)] NpgsqlDataSource database) : IHeldDeliveries
{
    // With an offset the server looks for each by itself: how few they are it does not know.
    const string Matching = """
        FROM held_notification h
        CROSS JOIN LATERAL (SELECT * FROM notification WHERE created_at = h.created_at AND id = h.id OFFSET 0) AS n
        CROSS JOIN LATERAL jsonb_array_elements(n.deliveries) AS d
        WHERE d ->> 'status' = 'Held'
            AND (@from IS NULL OR h.created_at >= @from) AND (@to IS NULL OR h.created_at < @to)
            AND (@application IS NULL OR n.application = @application)
            AND (@category IS NULL OR n.category = @category) AND (@recipient IS NULL OR n.recipient_id = @recipient)
            AND (@channel IS NULL OR d ->> 'channel' = @channel) AND (@provider IS NULL OR d ->> 'provider' = @provider)
            AND (@reason IS NULL OR strpos(d ->> 'reason', @reason) > 0)
            AND NOT (@without_cancelled AND d ->> 'cancellation' IS NOT NULL)
            AND NOT EXISTS (
                SELECT FROM control_change c
                WHERE c.decides = (d ->> 'id') || '/' || coalesce(d ->> 'attempts', '0') AND c.at > now() - @under_way)
        """;

    /// <inheritdoc />
    public async Task<long> Count(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT count(*) FROM held_notification");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <inheritdoc />
    public async Task<HeldCauses> Causes(HeldFilter filter, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"""
            SELECT d ->> 'channel', d ->> 'provider', d ->> 'reason', count(*), (sum(count(*)) OVER ())::bigint
            {Matching}
            GROUP BY 1, 2, 3
            ORDER BY count(*) DESC, (d ->> 'channel') COLLATE "C", (d ->> 'provider') COLLATE "C" NULLS FIRST,
                (d ->> 'reason') COLLATE "C" NULLS FIRST
            LIMIT @limit
            """
        );
        AddFilter(command.Parameters, filter, limit);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);

        var (found, causes) = (0L, new List<HeldCause>());
        while (await reader.ReadAsync(cancellationToken))
        {
            causes.Add(new HeldCause(reader.GetString(0), Text(1), Text(2), reader.GetInt64(3)));
            found = reader.GetInt64(4);
        }

        return new HeldCauses(found, causes);

        string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<HeldDelivery>> Find(HeldFilter filter, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"""
            SELECT n.id, (d ->> 'id')::uuid, n.category, coalesce((d ->> 'attempts')::integer, 0)
            {Matching}
            ORDER BY h.created_at, h.id, 2 LIMIT @limit
            """
        );
        AddFilter(command.Parameters, filter, limit);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);

        var found = new List<HeldDelivery>();
        while (await reader.ReadAsync(cancellationToken))
            found.Add(new HeldDelivery(reader.GetGuid(0), reader.GetGuid(1), reader.GetString(2), reader.GetInt32(3)));
        return found;
    }

    /// <inheritdoc />
    public async Task<IReadOnlyDictionary<Guid, RecordedDecision>> Record(
        IReadOnlyList<HeldDeliveryDecision> decisions,
        ChangedBy by,
        CancellationToken cancellationToken
    )
    {
        // One that was recorded before is locked and left as it is; its message may have been lost, and the saga takes it once.
        var command = new NpgsqlBatchCommand(
            $"""
            WITH asked AS (
                SELECT * FROM unnest(@decides, @delivery, @subject, @after, @message_id, @destination, @content_type, @message_types, @body)
                    AS a (decides, delivery, subject, after, message_id, destination, content_type, message_types, body)),
            recorded AS (
                INSERT INTO control_change (subject, who, on_behalf_of, why, before, after, decides)
                SELECT subject, @who, @on_behalf_of, @why, 'null', after, decides FROM asked ORDER BY decides
                ON CONFLICT (decides) WHERE decides IS NOT NULL DO UPDATE SET decides = excluded.decides
                RETURNING decides, after ->> 'decision' AS decision, xmax = 0 AS is_new),
            scheduled AS (
                INSERT INTO outgoing_message (message_id, destination, content_type, message_types, body, due_at)
                SELECT message_id, destination, content_type, message_types, body, now()
                FROM asked JOIN recorded USING (decides) WHERE asked.after ->> 'decision' = recorded.decision
                ON CONFLICT (message_id) DO NOTHING)
            SELECT delivery, decision, is_new, pg_notify('{PostgresOutgoingMessages.Wake}', '') FROM asked JOIN recorded USING (decides)
            """
        );
        var parameters = command.Parameters;
        parameters.Add("decides", decisions, one => one.Key);
        parameters.Add("delivery", decisions, one => one.Delivery.DeliveryId);
        parameters.Add("subject", decisions, one => one.Subject);
        parameters.AddJson("after", decisions, one => JsonSerializer.Serialize(one.Noted, ControlJson.Options));
        parameters.Add("message_id", decisions, one => one.Message.Token);
        parameters.Add("destination", decisions, one => one.Message.Destination);
        parameters.Add("content_type", decisions, one => one.Message.ContentType);
        parameters.Add("message_types", decisions, one => one.Message.MessageTypes);
        parameters.Add("body", decisions, one => one.Message.Body.ToArray());
        parameters.Add(new NpgsqlParameter<string>("who", by.Who));
        parameters.Add(new NpgsqlParameter<string?>("on_behalf_of", by.OnBehalfOf));
        parameters.Add(new NpgsqlParameter<string>("why", by.Why));
        return await database.Commit(command, reader => ReadRecorded(reader, cancellationToken), cancellationToken);
    }

    static async Task<IReadOnlyDictionary<Guid, RecordedDecision>> ReadRecorded(
        NpgsqlDataReader reader,
        CancellationToken cancellationToken
    )
    {
        var recorded = new Dictionary<Guid, RecordedDecision>();
        while (await reader.ReadAsync(cancellationToken))
            recorded.Add(reader.GetGuid(0), new RecordedDecision(Read(reader.GetString(1)), reader.GetBoolean(2)));
        return recorded;

        static HeldDecision Read(string word) => JsonSerializer.Deserialize<HeldDecision>($"\"{word}\"", ControlJson.Options);
    }

    static void AddFilter(NpgsqlParameterCollection parameters, HeldFilter filter, int limit)
    {
        AddOptional("from", NpgsqlDbType.TimestampTz, filter.From?.ToUniversalTime());
        AddOptional("to", NpgsqlDbType.TimestampTz, filter.To?.ToUniversalTime());
        AddOptional("application", NpgsqlDbType.Text, filter.Application);
        AddOptional("category", NpgsqlDbType.Text, filter.Category);
        AddOptional("recipient", NpgsqlDbType.Text, filter.Recipient);
        AddOptional("channel", NpgsqlDbType.Text, filter.Channel);
        AddOptional("provider", NpgsqlDbType.Text, filter.Provider);
        AddOptional("reason", NpgsqlDbType.Text, filter.Reason);
        parameters.Add(new NpgsqlParameter<bool>("without_cancelled", filter.WithoutCancelled));
        parameters.Add(new NpgsqlParameter<TimeSpan>("under_way", HeldFilter.UnderWay));
        parameters.Add(new NpgsqlParameter<int>("limit", limit));

        void AddOptional(string name, NpgsqlDbType type, object? value) =>
            parameters.Add(new NpgsqlParameter(name, type) { Value = value ?? DBNull.Value });
    }
}
