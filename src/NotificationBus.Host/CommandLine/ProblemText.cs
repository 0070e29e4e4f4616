using System.Text.Json;
using System.Text.Json.Nodes;

namespace NotificationBus.Host.CommandLine;

/// <summary>Problem details (RFC 9457) as lines for a terminal.</summary>
static class ProblemText
{
    /// <summary>The title and the detail, and a line for each place; null for what is no problem of ours.</summary>
    public static string? Of(string json)
    {
        if (Read(json) is not { } problem || problem.Text("title") is not { } title)
            return null;

        var places = (problem["errors"] as JsonObject ?? []).Select(Place).ToList();
        return places.Count switch
        {
            0 => $"{title}. {problem.Text("detail")}".TrimEnd(),
            1 => $"{title}: {places[0]}",
            _ => string.Join($"{Environment.NewLine}  ", places.Prepend($"{title}:")),
        };
    }

    /// <summary>The problem; null for what is none.</summary>
    public static JsonObject? Read(string json)
    {
        try
        {
            return JsonNode.Parse(json) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static string Place(KeyValuePair<string, JsonNode?> place) =>
        $"{place.Key} {(place.Value is JsonArray errors ? string.Join(", ", errors) : place.Value)}";
}
