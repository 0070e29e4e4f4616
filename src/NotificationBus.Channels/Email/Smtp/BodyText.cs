using System.Globalization;
using System.Text;

namespace NotificationBus.Channels.Email.Smtp;

/// <summary>
/// A body as seven-bit lines of at most 76 characters (RFC 2045 section 6), in the encoding that is shorter for its language.
/// </summary>
static class BodyText
{
    const int LongestLine = 76;

    /// <summary>Encodes a text and names the encoding, as Content-Transfer-Encoding does.</summary>
    public static (string Encoding, string Lines) Encode(string text)
    {
        // Bare CR or LF means different things to different servers, which is how a second mail is smuggled inside the first.
        var canonical = Encoding.UTF8.GetBytes(text
            .Replace("\r\n", "\n", StringComparison.Ordinal)
            .Replace('\r', '\n')
            .Replace("\n", "\r\n", StringComparison.Ordinal));
        var readable = QuotedPrintable(canonical);
        var base64Length = (canonical.Length + 2) / 3 * 4;
        return readable.Length <= base64Length
            ? ("quoted-printable", readable)
            : ("base64", Convert.ToBase64String(canonical, Base64FormattingOptions.InsertLineBreaks));
    }

    static string QuotedPrintable(ReadOnlySpan<byte> octets)
    {
        var lines = new StringBuilder(octets.Length + (octets.Length / 8));
        var column = 0;
        for (var i = 0; i < octets.Length; i++)
        {
            if (octets[i] == '\r' && i + 1 < octets.Length && octets[i + 1] == '\n')
            {
                lines.Append("\r\n");
                column = 0;
                i++;
                continue;
            }

            var asIs = IsReadable(octets[i]) || (octets[i] is (byte)' ' or (byte)'\t' && !EndsLine(octets, i + 1));
            var width = asIs ? 1 : 3;
            // One column stays free for the "=" of a soft break.
            if (column + width > LongestLine - 1)
            {
                lines.Append("=\r\n");
                column = 0;
            }

            if (asIs)
                lines.Append((char)octets[i]);
            else
                lines.Append('=').Append(octets[i].ToString("X2", CultureInfo.InvariantCulture));

            column += width;
        }

        return lines.ToString();
    }

    static bool IsReadable(byte octet) => octet is > (byte)' ' and <= (byte)'~' and not (byte)'=';

    // Servers on the way cut spaces off the end of a line.
    static bool EndsLine(ReadOnlySpan<byte> octets, int next) => next == octets.Length || octets[next] == '\r';
}
