using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace NotificationBus.Intake;

/// <summary>
/// Reads the texts in JSON, and tells whether a database can hold them, from their bytes: read as a string, each wrong one would cost an
/// exception.
/// </summary>
public static class JsonText
{
    /// <summary>Says what is wrong with the text that stands there; null when nothing is.</summary>
    public static string? Refuse(JsonElement text) => Refuse(JsonMarshal.GetRawUtf8Value(text)[1..^1]);

    /// <summary>Says what is wrong with a name; null when nothing is.</summary>
    public static string? Refuse(JsonProperty property) => Refuse(JsonMarshal.GetRawUtf8PropertyName(property));

    /// <summary>Every text and number in it, without the names of properties.</summary>
    public static IEnumerable<string> Within(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Object => value.EnumerateObject().SelectMany(member => Within(member.Value)),
            JsonValueKind.Array => value.EnumerateArray().SelectMany(Within),
            JsonValueKind.String => [value.GetString()!],
            JsonValueKind.Number => [value.GetRawText()],
            _ => [],
        };

    static string? Refuse(ReadOnlySpan<byte> escaped)
    {
        const string NoText = "is no valid Unicode text";
        if (!Utf8.IsValid(escaped))
            return NoText;

        while (escaped.IndexOf((byte)'\\') is var at and >= 0)
        {
            escaped = escaped[at..];
            var unit = Unit(escaped);
            if (unit == 0)
                return "must not contain the character U+0000";
            if (unit is >= 0xDC00 and <= 0xDFFF)
                return NoText;
            if (unit is >= 0xD800 and <= 0xDBFF)
            {
                // The other half of the pair, or nothing.
                if (Unit(escaped[6..]) is not (>= 0xDC00 and <= 0xDFFF))
                    return NoText;
                escaped = escaped[6..];
            }

            escaped = escaped[(unit is null ? 2 : 6)..];
        }

        return null;
    }

    /// <summary>The number of <c>\u0041</c>; null when another escape, or none, stands there.</summary>
    static int? Unit(ReadOnlySpan<byte> escape) =>
        escape.Length >= 6
        && escape[0] == (byte)'\\'
        && escape[1] == (byte)'u'
        && Utf8Parser.TryParse(escape[2..6], out ushort unit, out var read, 'x')
        && read == 4
            ? unit
            : null;
}
