using System.Text;
using System.Text.RegularExpressions;

namespace NotificationBus.Channels.Chat;

/// <summary>
/// Text that Discord shows as it was written: behind a backslash nothing is a format, a mention, a time stamp, an emoji or a link with
/// another text. Sources: docs.discord.com/developers/reference, "Message Formatting", and support.discord.com, "Markdown Text 101".
/// </summary>
static partial class DiscordText
{
    // What a URL does not end with, though it may have it.
    const string NeverLast = ".,:;\"'()]";

    /// <summary>
    /// Escapes what Discord would do more with than show it. A URL stays as it is: it shows where it leads, and backslashes would become a
    /// part of it.
    /// </summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length + 16);
        var (isUrlUntil, broken) = (0, -1);
        for (var i = 0; i < text.Length; i++)
        {
            if (i >= isUrlUntil && IsUrlAt(text, i, out var length))
            {
                // The backslash of what comes next would become its last character: better none than another one.
                if (text.AsSpan(i + length).TrimStart(NeverLast) is ['<', ..])
                    broken = text.IndexOf('/', i);
                else
                    isUrlUntil = i + length;
            }

            if (i == broken || (i >= isUrlUntil && IsSpecial(text, i)))
                escaped.Append('\\');
            escaped.Append(text[i]);
        }

        return escaped.ToString();
    }

    static bool IsUrlAt(string text, int at, out int length)
    {
        length = 0;
        if (text[at] is 'h' or 'H' or 's' or 'S' or 'd' or 'D')
        {
            foreach (var url in Url().EnumerateMatches(text.AsSpan(at)))
                length = url.Length;
        }

        return length > 0;
    }

    static bool IsSpecial(string text, int at) =>
        text[at] switch
        {
            '\\' or '*' or '_' or '~' or '`' or '|' or '[' or '<' or '>' or '@' or '#' => true,
            // A list, or the small print of a line.
            '-' or '+' => BeginsLine(text, at),
            '.' => DigitsBegin(text, at) is var digits && digits < at && BeginsLine(text, digits),
            // The name of an emoji stands between two.
            ':' => IsName(text, at),
            _ => false,
        };

    static bool BeginsLine(string text, int at)
    {
        while (at > 0 && text[at - 1] != '\n' && (char.IsWhiteSpace(text[at - 1]) || text[at - 1] is '>' or '-' or '+' or '*'))
            at--;
        return at == 0 || text[at - 1] == '\n';
    }

    static int DigitsBegin(string text, int end)
    {
        var begin = end;
        while (begin > 0 && char.IsAsciiDigit(text[begin - 1]))
            begin--;
        return begin;
    }

    static bool IsName(string text, int at)
    {
        var end = at + 1;
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '_' or '+' or '-' or '~'))
            end++;
        return end > at + 1 && end < text.Length && text[end] == ':';
    }

    // As Discord finds one.
    [GeneratedRegex(
        @"\A(https?|steam|discord)://[^\s<]*[^\s<.,:;""'()\]]",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.NonBacktracking
    )]
    private static partial Regex Url();
}
