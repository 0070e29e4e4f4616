using System.Globalization;
using System.Text.Json;

namespace NotificationBus.Channels.Http;

/// <summary>Reads JSON that somebody else wrote: what is not there, or is something else, is null and never an exception.</summary>
public static class JsonPath
{
    /// <summary>The root, or null when the text is no JSON.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="options">What is no JSON besides, such as a name that stands twice.</param>
    public static JsonElement? Parse(ReadOnlyMemory<byte> utf8, JsonDocumentOptions options = default)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8, options);
            return document.RootElement.Clone();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The latter of a name that is no text, where names are compared.
            return null;
        }
    }

    /// <summary>
    /// Finds the element at a path of names and, in lists, numbers, such as <c>messages.0.id</c>; null when there is nothing.
    /// </summary>
    public static JsonElement? Element(this JsonElement element, string path)
    {
        foreach (var name in path.Split('.'))
        {
            if (element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var property))
                element = property;
            else if (
                element.ValueKind == JsonValueKind.Array
                && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                && index < element.GetArrayLength()
            )
                element = element[index];
            else
                return null;
        }

        return element;
    }

    /// <summary>The text, number or truth value at a path; null when there is none.</summary>
    public static string? Find(this JsonElement element, string path) =>
        element.Element(path) is not { } found
            ? null
            : found.ValueKind switch
            {
                JsonValueKind.String => Text(found),
                JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => found.GetRawText(),
                _ => null,
            };

    /// <summary>The items of the list at a path; none when there is no list.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement element, string path) =>
        element.Element(path) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : [];

    /// <summary>The texts in the list at a path; none when there is no list.</summary>
    public static IEnumerable<string> Texts(this JsonElement element, string path) =>
        element.Items(path).Where(item => item.ValueKind == JsonValueKind.String).Select(Text).OfType<string>();

    static string? Text(JsonElement element)
    {
        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair is legal JSON and no text.
            return null;
        }
    }
}
