using System.Text.Json;
using NotificationBus.Notifications;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// The steps of sagas that did not go straight: written by the statement that writes the row, and read for whoever asks how it came to
/// this.
/// </summary>
static class KeptSteps
{
    /// <summary>A part of the statement that writes rows, which it has as <c>stored</c>, with the time at which each began.</summary>
    public const string Insert = """
        stepped AS (
            INSERT INTO saga_step (notification_created_at, notification_id, number, at, message, message_ids, state_before, state_after,
                before, changes, caused)
            SELECT stored.created_at, stored.id, s.number, s.at, s.message, s.message_ids::uuid[], s.state_before, s.state_after, s.before,
                s.changes, s.caused
            FROM unnest(@s_notification, @s_number, @s_at, @s_message, @s_message_ids, @s_state_before, @s_state_after, @s_before,
                @s_changes, @s_caused)
                AS s (notification_id, number, at, message, message_ids, state_before, state_after, before, changes, caused)
            JOIN stored ON stored.id = s.notification_id)
        """;

    const string Select = """
        SELECT s.number, s.at, s.message, s.message_ids, s.state_before, s.state_after, s.before, s.changes, s.caused, k.id
        FROM notification_key k
        JOIN saga_step s ON s.notification_created_at = k.created_at AND s.notification_id = k.id
        WHERE k.id = ANY(@ids)
        ORDER BY k.id, s.number
        """;

    /// <summary>Gives the statement what it needs for <see cref="Insert"/>.</summary>
    public static void AddTo(NpgsqlParameterCollection parameters, IReadOnlyList<NotificationStep> steps)
    {
        var kept = steps
            .Where(step => step.Kept is not null)
            .Select(step => (Notification: step.Notification.CorrelationId, Step: step.Kept!))
            .ToList();
        parameters.Add("s_notification", kept, row => row.Notification);
        parameters.Add("s_number", kept, row => row.Step.Number);
        parameters.Add("s_at", kept, row => row.Step.At);
        parameters.Add("s_message", kept, row => row.Step.Message);
        // unnest() takes no array of arrays with rows of different length.
        parameters.Add("s_message_ids", kept, row => $"{{{string.Join(',', row.Step.MessageIds)}}}");
        parameters.Add("s_state_before", kept, row => row.Step.StateBefore);
        parameters.Add("s_state_after", kept, row => row.Step.StateAfter);
        parameters.AddJson("s_before", kept, row => row.Step.Before);
        parameters.AddJson("s_changes", kept, row => row.Step.Changes);
        parameters.AddJson(
            "s_caused",
            kept,
            row => JsonSerializer.Serialize(row.Step.Caused, NotificationJson.Default.IReadOnlyListString)
        );
    }

    /// <summary>Those of one notification, in order.</summary>
    public static async Task<IReadOnlyList<KeptStep>> Of(NpgsqlDataSource database, Guid id, CancellationToken cancellationToken) =>
        [.. (await OfMany(database, [id], cancellationToken))[id]];

    /// <summary>Those of several notifications, of each in order.</summary>
    public static async Task<ILookup<Guid, KeptStep>> OfMany(
        NpgsqlDataSource database,
        IReadOnlyCollection<Guid> ids,
        CancellationToken cancellationToken
    )
    {
        await using var command = database.CreateCommand(Select);
        command.Parameters.Add(new NpgsqlParameter<Guid[]>("ids", [.. ids]));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var kept = new List<(Guid Id, KeptStep Step)>();
        while (await reader.ReadAsync(cancellationToken))
            kept.Add(
                (
                    reader.GetGuid(9),
                    new KeptStep
                    {
                        Number = reader.GetInt32(0),
                        At = reader.GetFieldValue<DateTimeOffset>(1),
                        Message = reader.GetString(2),
                        MessageIds = reader.GetFieldValue<Guid[]>(3),
                        StateBefore = reader.GetString(4),
                        StateAfter = reader.GetString(5),
                        Before = reader.GetString(6),
                        Changes = reader.GetString(7),
                        Caused = JsonSerializer.Deserialize(reader.GetString(8), NotificationJson.Default.IReadOnlyListString)!,
                    }
                )
            );

        return kept.ToLookup(step => step.Id, step => step.Step);
    }
}
