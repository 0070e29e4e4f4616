using System.Text.Json;

namespace NotificationBus.Contracts;

/// <summary>The general event: tell one recipient something, without an event type of its own.</summary>
public sealed record NotificationRequested
{
    /// <summary>
    /// The producer's name for this occurrence, at most 255 characters. Publishing it again is harmless; without it the message id takes
    /// its place.
    /// </summary>
    public string? EventId { get; init; }

    /// <summary>The category, whose templates and rules apply, for instance <c>announcement</c>.</summary>
    public required string Category { get; init; }

    /// <summary>The recipient, who is told.</summary>
    public required Contact Recipient { get; init; }

    /// <summary>The values the templates of the category need, as a JSON object.</summary>
    public JsonElement? Data { get; init; }

    /// <summary>Channels for this notification instead of those configured for the category, in order.</summary>
    public IReadOnlyList<string>? Channels { get; init; }

    /// <summary>
    /// The business keys by which it is found, such as <c>{"order":"4711"}</c>; nobody is told them. At most four. A name is 1 to 50
    /// letters of ASCII, digits, <c>-</c> or <c>_</c>, and begins with a letter. A value is 1 to 200 characters without control characters.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Keys { get; init; }
}
