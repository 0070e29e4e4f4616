using System.Text.Json;
using System.Text.Json.Nodes;
using NotificationBus.Model;

namespace NotificationBus.Notifications;

/// <summary>
/// What steps of a saga may change of its row, as JSON: when it was completed, whether a timer runs, and the deliveries by their ids. Names
/// no address, which never changes and stands in the row.
/// </summary>
static class SagaContent
{
    public const string CompletedAt = "completedAt";
    public const string Timer = "timer";
    public const string Deliveries = "deliveries";

    public const string Running = "running";

    // The id is the name of the member.
    static readonly string[] NotRepeated = ["id", "address"];

    /// <summary>Before the first step.</summary>
    public static JsonObject Empty() => new() { [Deliveries] = new JsonObject() };

    /// <summary>The content of a row.</summary>
    public static JsonObject Of(NotificationState row) => Of(row.CompletedAt, row.EscalationToken is not null, row.Deliveries);

    /// <summary>The content that these make.</summary>
    public static JsonObject Of(DateTimeOffset? completedAt, bool timerRuns, IReadOnlyList<DeliveryState> deliveries)
    {
        var content = new JsonObject();
        // As exact as PostgreSQL keeps it.
        if (completedAt is { } at)
            content[CompletedAt] = JsonSerializer.Serialize(at.AddTicks(-(at.Ticks % TimeSpan.TicksPerMicrosecond))).Trim('"');
        if (timerRuns)
            content[Timer] = Running;

        var byId = new JsonObject();
        var written = JsonSerializer.SerializeToNode(deliveries, NotificationJson.Default.IReadOnlyListDeliveryState)!.AsArray();
        for (var index = 0; index < deliveries.Count; index++)
        {
            var delivery = written[index]!.AsObject();
            foreach (var name in NotRepeated)
                delivery.Remove(name);
            byId[$"{deliveries[index].Id}"] = delivery.DeepClone();
        }

        content[Deliveries] = byId;
        return content;
    }

    /// <summary>The deliveries that a content has, in the order of the row; they lack their addresses.</summary>
    public static IReadOnlyList<DeliveryState> DeliveriesOf(JsonObject content, NotificationState row)
    {
        var written = new JsonArray();
        foreach (var id in row.Deliveries.Select(delivery => $"{delivery.Id}"))
        {
            if (content[Deliveries]?[id] is not JsonObject kept)
                continue;
            var delivery = kept.DeepClone().AsObject();
            (delivery["id"], delivery["address"]) = (id, "");
            written.Add(delivery);
        }

        return written.Deserialize(NotificationJson.Default.IReadOnlyListDeliveryState)!;
    }

    /// <summary>When the row was completed, by a content.</summary>
    public static DateTimeOffset? CompletedAtOf(JsonObject content) =>
        content[CompletedAt] is JsonValue at ? at.Deserialize<DateTimeOffset>() : null;

    /// <summary>The JSON merge patch that makes one content of another.</summary>
    public static JsonObject Difference(JsonObject before, JsonObject after)
    {
        var patch = new JsonObject();
        foreach (var (name, value) in after)
        {
            if (before[name] is JsonObject earlier && value is JsonObject later)
            {
                if (Difference(earlier, later) is { Count: > 0 } inner)
                    patch[name] = inner;
            }
            else if (!JsonNode.DeepEquals(before[name], value))
            {
                patch[name] = value?.DeepClone();
            }
        }

        foreach (var (name, _) in before)
        {
            if (!after.ContainsKey(name))
                patch[name] = null;
        }

        return patch;
    }

    /// <summary>Applies a JSON merge patch.</summary>
    /// <returns>The content after it; what is given stays as it is.</returns>
    public static JsonObject Apply(JsonObject content, JsonObject patch)
    {
        var after = content.DeepClone().AsObject();
        foreach (var (name, value) in patch)
        {
            if (value is null)
                after.Remove(name);
            else if (value is JsonObject inner)
                after[name] = Apply(after[name] as JsonObject ?? [], inner);
            else
                after[name] = value.DeepClone();
        }

        return after;
    }

    /// <summary>Reads a content, or a patch, as it is kept.</summary>
    public static JsonObject Read(string json) => JsonNode.Parse(json)!.AsObject();
}
