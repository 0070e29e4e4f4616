using System.Text.Json.Nodes;
using NotificationBus.Model;

namespace NotificationBus.Host.CommandLine;

/// <summary>
/// Finds notifications by whatever an operator has at hand: an order number, an event id, a notification's id, an address, a recipient, a
/// provider's id.
/// </summary>
static class Lookup
{
    /// <summary>The business keys that may be meant by a word alone: those of the events.</summary>
    static readonly string[] KeysOfEvents = ["order", "conversation"];

    /// <summary>The notifications that one word names, the newest first.</summary>
    /// <param name="api">The host.</param>
    /// <param name="word">What somebody has at hand; <c>name:value</c> is a business key.</param>
    /// <param name="conditions">Further ones, by their parameters.</param>
    /// <param name="limit">The most that are wanted.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<IReadOnlyList<JsonNode>> Find(
        HostApi api,
        string word,
        IReadOnlyDictionary<string, string> conditions,
        int limit,
        CancellationToken cancellationToken
    )
    {
        if (
            conditions.Count == 0
            && Guid.TryParse(word, out var id)
            && await api.Find($"v1/notifications/{id}", cancellationToken) is { } one
        )
            return [one];

        var meanings = Meanings(word).Where(meaning => !conditions.ContainsKey(meaning.Name)).ToList();
        var found = await Task.WhenAll(meanings.Select(meaning => Meant(api, meaning, conditions, limit, cancellationToken)));
        if (found.All(list => list.Refusal is not null) && found is [{ Refusal: { } refusal }, ..])
            throw refusal;
        return
        [
            .. found
                .SelectMany(list => list.Items)
                .DistinctBy(row => row.Text("id"))
                .OrderByDescending(row => row.Text("createdAt"), StringComparer.Ordinal)
                .Take(limit),
        ];
    }

    /// <summary>What a word may mean. What it cannot be the host refuses, and finds in another meaning.</summary>
    static IEnumerable<(string Name, string Value)> Meanings(string word)
    {
        if (word.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon && BusinessKeys.IsName(word[..colon]))
            yield return ("key", word);
        else
            foreach (var key in KeysOfEvents)
                yield return ("key", $"{key}:{word}");
        yield return ("eventId", word);
        yield return ("recipient", word);
        yield return ("address", word);
        yield return ("providerMessageId", word);
    }

    static async Task<(List<JsonNode> Items, CommandException? Refusal)> Meant(
        HostApi api,
        (string Name, string Value) meaning,
        IReadOnlyDictionary<string, string> conditions,
        int limit,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var path = NotificationFilters.Path([.. conditions, KeyValuePair.Create(meaning.Name, meaning.Value)], limit);
            return (await api.Pages(path, "notifications", cancellationToken).Take(limit).ToListAsync(cancellationToken), null);
        }
        catch (CommandException refusal) when (refusal.ExitCode == ExitCode.Wrong)
        {
            return ([], refusal);
        }
    }
}
