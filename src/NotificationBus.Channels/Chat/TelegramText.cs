using System.Text;
using System.Text.RegularExpressions;

namespace NotificationBus.Channels.Chat;

/// <summary>
/// Text in which Telegram finds nothing to tap on but addresses: no <c>@name</c> that is called, no <c>/command</c>, no <c>#tag</c>, no <c>$USD</c>. A word
/// joiner behind the sign is not seen, and keeps them apart. Source: core.telegram.org/bots/api (MessageEntity).
/// </summary>
static partial class TelegramText
{
    const char WordJoiner = '\u2060';

    /// <summary>Keeps apart what Telegram would make more of than text. A URL stays as it is: it shows where it leads.</summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length + 16);
        var end = 0;
        foreach (var url in Url().EnumerateMatches(text))
        {
            Append(escaped, text, end, url.Index);
            escaped.Append(text, url.Index, url.Length);
            end = url.Index + url.Length;
        }

        Append(escaped, text, end, text.Length);
        return escaped.ToString();
    }

    static void Append(StringBuilder escaped, string text, int begin, int end)
    {
        for (var i = begin; i < end; i++)
        {
            escaped.Append(text[i]);
            if (IsSpecial(text, i))
                escaped.Append(WordJoiner);
        }
    }

    static bool IsSpecial(string text, int at)
    {
        var next = at + 1 < text.Length ? text[at + 1] : ' ';
        return (at == 0 || !IsOfName(text[at - 1])) && text[at] switch
        {
            '@' => IsOfName(next),
            '/' when at == 0 || text[at - 1] is not ('<' or '>' or '/') => char.IsAsciiLetterOrDigit(next) || next == '_',
            // What is only a number is no tag, but that of an order.
            '#' => HasLetter(text, at + 1),
            '$' => char.IsAsciiLetterUpper(next) || text.AsSpan(at + 1).StartsWith("1INCH", StringComparison.Ordinal),
            _ => false,
        };
    }

    static bool HasLetter(string text, int at)
    {
        while (at < text.Length && char.IsDigit(text[at]))
            at++;
        return at < text.Length && IsOfName(text[at]);
    }

    static bool IsOfName(char c) => c == '_' || char.IsLetterOrDigit(c) || char.IsSurrogate(c);

    [GeneratedRegex(@"([a-z][a-z0-9+.-]*://[\p{L}\p{N}._~-]+(:[0-9]+)?([/?#][^\s<>""«»]*)?|[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)+(:[0-9]+)?[/?#][^\s<>""«»]*)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Url();
}
