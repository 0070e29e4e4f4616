using System.Text;
using System.Text.Json;

namespace NotificationBus.Erasures;

/// <summary>
/// Tells whether a message is about a person: a property <c>id</c>, <c>recipient</c> or <c>recipientId</c> has the id, or any text is one
/// of the addresses. Of what is no JSON: the address stands in it.
/// </summary>
public sealed class PersonInMessages
{
    static readonly string[] NamesOfIds = ["id", "recipient", "recipientId"];

    readonly HashSet<string> _recipients;
    readonly HashSet<string> _addresses;

    /// <summary>Looks for a person.</summary>
    public PersonInMessages(TracesOfPerson traces)
    {
        _recipients = traces.Recipients.ToHashSet(StringComparer.Ordinal);
        _addresses = traces.Addresses.ToHashSet(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>
    /// The longest part of each id and address that stands in a message as it is, however it is written: in small letters, only digits,
    /// letters, and points.
    /// </summary>
    public IReadOnlyList<string> Parts =>
        [
            .. _recipients
                .Concat(_addresses)
                .Select(text =>
                    new string([.. text.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter == '.' ? letter : ' ')])
                        .Split(' ')
                        .MaxBy(part => part.Length)!
                        .ToLowerInvariant()
                )
                .Distinct(StringComparer.Ordinal),
        ];

    /// <summary>True when the message is about the person.</summary>
    public bool AreIn(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return AreIn(json.RootElement, name: null);
        }
        catch (JsonException)
        {
            var text = Encoding.UTF8.GetString(body.Span);
            return _addresses.Any(address => text.Contains(address, StringComparison.OrdinalIgnoreCase));
        }
    }

    bool AreIn(JsonElement element, string? name) =>
        element.ValueKind switch
        {
            JsonValueKind.Object => element.EnumerateObject().Any(property => AreIn(property.Value, property.Name)),
            JsonValueKind.Array => element.EnumerateArray().Any(item => AreIn(item, name)),
            JsonValueKind.String => IsPerson(element.GetString()!, name),
            _ => false,
        };

    bool IsPerson(string text, string? name) =>
        _addresses.Contains(text) || (_recipients.Contains(text) && NamesOfIds.Contains(name, StringComparer.OrdinalIgnoreCase));
}
