using System.Text;
using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Intake;

namespace NotificationBus.Erasures;

/// <summary>
/// Tells whether a message is about a person: it is of the person's application, and somebody in it has the id, a property
/// <c>recipient</c> or <c>recipientId</c> has it, or any text is one of the addresses. Of what is no JSON: the address stands in it.
/// </summary>
public sealed class PersonInMessages
{
    const string Id = "id";

    static readonly string[] NamesOfIds = ["recipient", "recipientId"];

    // An id alone may be anything's. What has nothing that a contact has not is somebody.
    static readonly HashSet<string> OfContact = typeof(Contact)
        .GetProperties()
        .Select(property => property.Name)
        .ToHashSet(StringComparer.OrdinalIgnoreCase);

    readonly string _application;

    readonly HashSet<string> _recipients;
    readonly HashSet<string> _addresses;

    /// <summary>Looks for a person.</summary>
    public PersonInMessages(TracesOfPerson traces)
    {
        _application = traces.Application;
        _recipients = traces.Recipients.ToHashSet(StringComparer.Ordinal);
        _addresses = traces.Addresses.ToHashSet(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>What stands in every message about the person, however it is written: one of these, in small letters.</summary>
    public IReadOnlyList<string> Parts =>
        [.. _recipients.Select(InQuotes).Concat(_addresses.Select(LongestPart)).Distinct(StringComparer.Ordinal)];

    /// <summary>True when a message is about the person.</summary>
    /// <param name="body">Its body.</param>
    /// <param name="headers">Its headers, a JSON object.</param>
    /// <param name="edits">What its body was made.</param>
    public bool AreIn(ReadOnlyMemory<byte> body, string headers, IEnumerable<byte[]> edits)
    {
        var inHeaders = Encoding.UTF8.GetBytes(headers);
        return ApplicationIn(inHeaders) is var application
            && (application is null || application == _application)
            && (AreIn(body) || AreIn(inHeaders) || edits.Any(edit => AreIn(edit)));
    }

    /// <summary>The application of a message; null when it names none.</summary>
    static string? ApplicationIn(ReadOnlyMemory<byte> headers)
    {
        try
        {
            using var json = JsonDocument.Parse(headers);
            return
                json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty(ApplicationHeader.Name, out var named)
                && named.ValueKind == JsonValueKind.String
                ? named.GetString()
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    bool AreIn(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return AreIn(json.RootElement, name: null);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // No JSON, or one with a text in it that is no Unicode.
            var text = Encoding.UTF8.GetString(body.Span);
            return _addresses.Any(address => text.Contains(address, StringComparison.OrdinalIgnoreCase));
        }
    }

    bool AreIn(JsonElement element, string? name) =>
        element.ValueKind switch
        {
            JsonValueKind.Object => IsContact(element) || element.EnumerateObject().Any(property => AreIn(property.Value, property.Name)),
            JsonValueKind.Array => element.EnumerateArray().Any(item => AreIn(item, name)),
            JsonValueKind.String => IsPerson(element.GetString()!, name),
            _ => false,
        };

    bool IsContact(JsonElement element) =>
        element.EnumerateObject().All(property => OfContact.Contains(property.Name))
        && element
            .EnumerateObject()
            .Any(property =>
                property.Name.Equals(Id, StringComparison.OrdinalIgnoreCase)
                && property.Value.ValueKind == JsonValueKind.String
                && _recipients.Contains(property.Value.GetString()!)
            );

    bool IsPerson(string text, string? name) =>
        _addresses.Contains(text) || (_recipients.Contains(text) && NamesOfIds.Contains(name, StringComparer.OrdinalIgnoreCase));

    // A whole text of JSON, where it is written as it is: an id may be one digit.
    static string InQuotes(string id) =>
        id.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_')
            ? $"\"{id.ToLowerInvariant()}\""
            : LongestPart(id);

    static string LongestPart(string text) =>
        new string([.. text.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter == '.' ? letter : ' ')])
            .Split(' ')
            .MaxBy(part => part.Length)!
            .ToLowerInvariant();
}
