using System.Text.Json;

namespace NotificationBus.Emulators;

/// <summary>A request as a vendor has read it.</summary>
/// <param name="Number">Counts the requests to the vendor from 1.</param>
/// <param name="At">When it had been read.</param>
/// <param name="Method">Such as <c>POST</c>.</param>
/// <param name="Path">Path and query below the vendor's address, such as <c>/v3/mail/send</c>.</param>
/// <param name="Headers">Its header fields.</param>
/// <param name="Body">Its body as text.</param>
sealed record ReceivedRequest(
    int Number,
    DateTimeOffset At,
    string Method,
    string Path,
    IReadOnlyDictionary<string, string> Headers,
    string Body
)
{
    /// <summary>What was done with it, for a person to read.</summary>
    public string Outcome { get; set; } = "being read";

    /// <summary>True when the vendor took it for a delivery, whatever it answered afterwards.</summary>
    public bool Taken { get; set; }

    /// <summary>The header field, or null.</summary>
    public string? Header(string name) => Headers.GetValueOrDefault(name);

    /// <summary>True when the header Authorization is of this scheme.</summary>
    public bool HasAuthorization(string scheme) =>
        Header("Authorization")?.StartsWith($"{scheme} ", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>
    /// The value at a path of the body's JSON, such as <c>Metadata.delivery_id</c> or <c>to.0.email</c>; null when there is none.
    /// </summary>
    public string? Find(string path)
    {
        if (Json is not { } element)
            return null;

        foreach (var step in path.Split('.'))
        {
            if (element.ValueKind == JsonValueKind.Array && int.TryParse(step, out var index) && index < element.GetArrayLength())
                element = element[index];
            else if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(step, out element))
                return null;
        }

        return element.ToString();
    }

    /// <summary>The body as JSON; null when it is none.</summary>
    public JsonElement? Json => _json.Value;

    readonly Lazy<JsonElement?> _json = new(() =>
    {
        try
        {
            return JsonElement.Parse(Body);
        }
        catch (JsonException)
        {
            return null;
        }
    });
}
