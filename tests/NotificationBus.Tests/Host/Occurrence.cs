using System.Text.Json;
using System.Text.Json.Nodes;

namespace NotificationBus.Tests.Host;

/// <summary>Events as a producer writes them, each with what it must have and may have.</summary>
static class Occurrence
{
    public const string Announcement = "/v1/notifications";

    public static readonly IReadOnlyDictionary<string, string> ByName = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["order-placed"] = """
            {"orderId":"4711","product":"Blue ceramic bowl","total":{"amount":590,"currency":"THB"},"buyer":{"id":"buyer-7","name":"Nok"},
             "seller":{"id":"seller-42","name":"Som","locale":"th","email":"som@example.com","phone":"+66812345678",
               "pushTokens":["demo-token"]}}
            """,
        ["chat-message-sent"] = """
            {"conversationId":"c-1","text":"Is it still there?","product":"Blue ceramic bowl","buyer":{"id":"buyer-7","name":"Nok"},
             "seller":{"id":"seller-42","name":"Som","locale":"en-GB","email":"som@example.com","pushTokens":["demo-token"]}}
            """,
        ["payment-reminder-due"] = """
            {"orderId":"4711","product":"Blue ceramic bowl","total":{"amount":590,"currency":"THB"},
             "buyer":{"id":"buyer-7","name":"Nok","pushTokens":["demo-token"]}}
            """,
        ["order-shipped"] = """
            {"orderId":"4711","product":"Blue ceramic bowl","carrier":"Kerry","trackingNumber":"K1",
             "buyer":{"id":"buyer-7","pushTokens":["demo-token"]}}
            """,
        ["notification-requested"] = """
            {"category":"announcement","recipient":{"id":"seller-42","email":"som@example.com","pushTokens":["demo-token"]},
             "data":{"title":"Market closed","text":"On Monday."}}
            """,
    };

    /// <summary>The address that takes the event. Requests have one of their own as well, see <see cref="Announcement"/>.</summary>
    public static string AddressOf(string name) => $"/v1/events/{name}";

    /// <summary>The event with one place of it changed; a place is a path such as <c>seller.pushTokens[0]</c>.</summary>
    public static string With(string name, string place, JsonNode? value)
    {
        var root = JsonNode.Parse(ByName[name])!;
        var steps = place.Split('.', '[').Select(step => step.TrimEnd(']')).ToList();
        var at = steps.SkipLast(1).Aggregate(root, (node, step) => Child(node, step)!);
        if (at is JsonArray array)
            array[int.Parse(steps[^1])] = value;
        else
            at[steps[^1]] = value;

        return root.ToJsonString();

        static JsonNode? Child(JsonNode node, string step) => node is JsonArray array ? array[int.Parse(step)] : node[step];
    }

    /// <summary>The same with the value as the caller would write it, for what no JSON writer writes.</summary>
    public static string WithRaw(string name, string place, string json) =>
        With(name, place, "✂").Replace(JsonSerializer.Serialize("✂"), json, StringComparison.Ordinal);
}
