using System.Text.Json;
using System.Text.Json.Nodes;
using NotificationBus.Contracts;

namespace NotificationBus.Client;

/// <summary>Many events as they are sent, each under a name that the same list gives it again.</summary>
static class ManyEvents
{
    public const string EventId = "eventId";

    const int LongestKey = 200;

    /// <summary>Writes the events and gives each a name that has none.</summary>
    /// <exception cref="ArgumentException">The key is no name, or an event is no object.</exception>
    public static IReadOnlyList<(string EventId, JsonObject Body)> Of<TEvent>(
        IEnumerable<TEvent> happened,
        string key,
        JsonSerializerOptions json
    )
        where TEvent : class
    {
        if (string.IsNullOrWhiteSpace(key) || key.Length > LongestKey || key.Any(char.IsControl))
            throw new ArgumentException($"The key is 1 to {LongestKey} characters without control characters.", nameof(key));

        // As the API counts those of one call: what is for others may come, go and move.
        var ofRecipient = new Dictionary<string, int>(StringComparer.Ordinal);
        var all = new List<(string, JsonObject)>();
        foreach (var one in happened)
        {
            var body =
                JsonSerializer.SerializeToNode(one, one.GetType(), json) as JsonObject
                ?? throw new ArgumentException("An event is an object with properties.", nameof(happened));
            var number = all.Count;
            if (one is NotificationRequested { Recipient.Id: { } recipient })
                ofRecipient[recipient] = (number = ofRecipient.GetValueOrDefault(recipient)) + 1;
            var name = body[EventId]?.GetValue<string>();
            if (name is null)
                body[EventId] = name = FormattableString.Invariant($"{key}:{number}");
            all.Add((name, body));
        }

        return all;
    }
}
