using System.Text;
using System.Text.Unicode;

namespace NotificationBus.Channels.Http;

/// <summary>
/// The text of an answer in whatever charset it came: what its first octets say, a byte order mark above all; UTF-8, where it is nothing
/// else whatever its header says; else what that says.
/// </summary>
static class AnswerText
{
    // Longer marks first: that of UTF-32 begins like that of UTF-16.
    static readonly Encoding[] Marked =
    [
        Encoding.UTF8,
        Encoding.UTF32,
        new UTF32Encoding(bigEndian: true, byteOrderMark: true),
        Encoding.Unicode,
        Encoding.BigEndianUnicode,
    ];

    /// <summary>Decodes; what is no character becomes a replacement character.</summary>
    /// <param name="body">The octets.</param>
    /// <param name="charset">What the header says, such as <c>windows-874</c>; null or unknown for UTF-8.</param>
    public static string Of(ReadOnlySpan<byte> body, string? charset)
    {
        foreach (var encoding in Marked)
        {
            if (body.StartsWith(encoding.Preamble))
                return encoding.GetString(body[encoding.Preamble.Length..]);
        }

        return (Unmarked(body) ?? (Find(charset) is { } said && !IsUtf8(body, said) ? said : Encoding.UTF8)).GetString(body);
    }

    // Other charsets have letters that look like UTF-8 one by one, but hardly a text of them. Those of two octets and of shifts may look
    // like ASCII.
    static bool IsUtf8(ReadOnlySpan<byte> body, Encoding said) =>
        Utf8.IsValid(body)
        && (
            said.IsSingleByte
                ? body.ContainsAnyExceptInRange((byte)0, (byte)0x7F)
                : said is UnicodeEncoding or UTF32Encoding && body.TrimStart(" \t\r\n"u8) is [(byte)'{' or (byte)'[', not 0, ..]
        );

    // No JSON begins with U+0000, so that the octets that are zero say which half comes first (RFC 4627, section 3).
    static Encoding? Unmarked(ReadOnlySpan<byte> body) =>
        body switch
        {
            [0, 0, 0, not 0, ..] => Marked[2],
            [not 0, 0, 0, 0, ..] => Encoding.UTF32,
            [0, not 0, ..] => Encoding.BigEndianUnicode,
            [not 0, 0, ..] => Encoding.Unicode,
            _ => null,
        };

    static Encoding? Find(string? charset)
    {
        var name = charset?.Trim('"', ' ');
        if (string.IsNullOrEmpty(name))
            return null;

        try
        {
            // The older ones are not known to the framework unless it is asked for them; UTF-7 is not to be decoded at all.
            return "utf-7".Equals(name, StringComparison.OrdinalIgnoreCase)
                ? null
                : CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Encoding.GetEncoding(name);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
