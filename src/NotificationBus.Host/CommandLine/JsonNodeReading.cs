using System.Globalization;
using System.Text.Json.Nodes;

namespace NotificationBus.Host.CommandLine;

/// <summary>Reading of answers, of which nothing without a value is there.</summary>
static class JsonNodeReading
{
    /// <summary>A property as text; null when it is not there.</summary>
    public static string? Text(this JsonNode node, string property) => (node as JsonObject)?[property] is { } value ? $"{value}" : null;

    /// <summary>The items of a list; none when it is not there.</summary>
    public static IEnumerable<JsonNode> Items(this JsonNode node, string property) =>
        ((node as JsonObject)?[property] as JsonArray)?.OfType<JsonNode>() ?? [];

    /// <summary>A list in one line.</summary>
    public static string Joined(this JsonNode node, string property) => string.Join(", ", node.Items(property));

    /// <summary>A time to the second, by UTC; empty when it is not there.</summary>
    public static string Time(this JsonNode node, string property) =>
        DateTimeOffset.TryParse(node.Text(property), CultureInfo.InvariantCulture, out var time) ? $"{time.ToUniversalTime():u}" : "";
}
