using System.Text;

namespace NotificationBus.Channels.Http;

/// <summary>The text of an answer in whatever charset it came: what a byte order mark says, else what its header says, else UTF-8.</summary>
static class AnswerText
{
    // Longer marks first: that of UTF-32 begins like that of UTF-16.
    static readonly Encoding[] Marked = [Encoding.UTF8, Encoding.UTF32, new UTF32Encoding(bigEndian: true, byteOrderMark: true), Encoding.Unicode, Encoding.BigEndianUnicode];

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

        return (Find(charset) ?? Unmarked(body) ?? Encoding.UTF8).GetString(body);
    }

    // No JSON begins with U+0000, so that one of two octets says which half comes first (RFC 4627, section 3).
    static Encoding? Unmarked(ReadOnlySpan<byte> body) => body switch
    {
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
            return "utf-7".Equals(name, StringComparison.OrdinalIgnoreCase) ? null : CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Encoding.GetEncoding(name);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
