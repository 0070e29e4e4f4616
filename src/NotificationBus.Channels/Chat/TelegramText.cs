using System.Text;
using System.Text.RegularExpressions;

namespace NotificationBus.Channels.Chat;

/// <summary>
/// Text in which Telegram finds nothing to tap on but addresses: no <c>@name</c> that is called, no <c>/command</c>, no <c>#tag</c>, no
/// <c>$USD</c>. A word joiner behind the sign is not seen, and keeps them apart. Sources: core.telegram.org/bots/api (MessageEntity), and
/// for what it takes for a URL github.com/tdlib/td, td/telegram/MessageEntity.cpp (find_urls).
/// </summary>
static partial class TelegramText
{
    const char WordJoiner = '\u2060';

    // No larger than 59999, so that it is one for certain.
    const string Port = "(:([1-9][0-9]{0,3}|[1-5][0-9]{4}))?";

    // Of the names Telegram knows those that are met most: without a scheme it takes no other for a URL.
    const string KnownTops =
        "ac|ae|ai|app|ar|asia|at|au|be|biz|blog|br|ca|cc|ch|cloud|club|cn|co|com|cz|de|dev|dk|edu|es|eu|fi|fm|fr|gg|gl|gov|gr|hk|hu"
        + "|id|ie|il|in|info|io|ir|it|jp|kh|kr|la|link|live|ly|me|mm|mobi|mx|my|name|net|nl|no|nz|online|org|page|ph|pk|pl|pro|pt"
        + "|ro|ru|se|sg|shop|si|site|sk|store|su|tech|th|to|tr|tv|tw|ua|uk|us|vip|vn|website|work|world|ws|xyz|za";

    /// <summary>
    /// Keeps apart what Telegram would make more of than text. The path of what it takes for a URL for certain stays as it is: it shows
    /// where it leads.
    /// </summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length + 16);
        var end = 0;
        foreach (var run in Run().EnumerateMatches(text))
        {
            if (PathIn(text, run.Index, run.Length) is not { Length: > 0 } path)
                continue;
            Append(escaped, text, end, path.Index);
            escaped.Append(text, path.Index, path.Length);
            end = path.Index + path.Length;
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

    // Before the path there is nothing to keep. One that closes a bracket it did not open ends there.
    static (int Index, int Length) PathIn(string text, int begin, int length)
    {
        var url = Url().Match(text, begin, length);
        // Telegram links to nothing that is made to be taken for itself.
        if (!url.Success || url.Groups["host"].ValueSpan.Equals("teiegram.org", StringComparison.OrdinalIgnoreCase))
            return default;

        var path = url.Groups["path"];
        Span<int> open = stackalloc int[3];
        for (var at = 0; at < path.Length; at++)
        {
            var (opens, closes) = ("([{".IndexOf(path.ValueSpan[at]), ")]}".IndexOf(path.ValueSpan[at]));
            if (opens >= 0)
                open[opens]++;
            else if (closes >= 0 && --open[closes] < 0)
                return (path.Index, at);
        }

        return (path.Index, path.Length);
    }

    // Half of an emoji before the sign is no part of a name, and of a letter beyond the first plane it may be thought as well.
    static bool IsSpecial(string text, int at)
    {
        var next = at + 1 < text.Length ? text[at + 1] : ' ';
        return (at == 0 || !IsOfName(text[at - 1]))
            && text[at] switch
            {
                '@' => IsOfName(next),
                '/' when at == 0 || text[at - 1] is not ('<' or '>' or '/') => char.IsAsciiLetterOrDigit(next) || next == '_',
                // What is only a number is no tag, but that of an order.
                '#' => HasMoreThanDigits(text, at + 1),
                '$' => char.IsAsciiLetterUpper(next) || text.AsSpan(at + 1).StartsWith("1INCH", StringComparison.Ordinal),
                _ => false,
            };
    }

    static bool HasMoreThanDigits(string text, int at)
    {
        while (at < text.Length && char.IsDigit(text[at]))
            at++;
        return at < text.Length && IsOfTag(text[at]);
    }

    static bool IsOfName(char c) => c == '_' || char.IsLetterOrDigit(c);

    // Beside letters: what joins them in Persian and in Catalan, everything Sinhala, and letters beyond the first plane.
    static bool IsOfTag(char c) => IsOfName(c) || c is '\u200C' or '\u00B7' or (>= '\u0D80' and <= '\u0DFF') || char.IsSurrogate(c);

    // No URL goes on behind these.
    [GeneratedRegex(@"[^ \n<>""«»]+", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Run();

    // A dot before it would begin another one, that is none in the end, and takes all of it with it.
    [GeneratedRegex(
        @"\A(([^.]*[^A-Za-z0-9.])?([Hh][Tt][Tt][Pp][Ss]?|[Ff][Tt][Pp])://"
            + @"(?<host>(([A-Za-z0-9-]{0,62}[A-Za-z0-9]|[\p{L}\p{M}\p{N}-[\u0080-\u00BF]]{1,21})\.)+"
            + @"([A-Za-z]{2,63}|[\p{L}\p{M}-[\u0080-\u00BF]]{2,21}|xn--[a-z0-9]{1,59}))"
            + @"|\(?([A-Za-z0-9-]{0,62}[A-Za-z0-9]\.)+("
            + KnownTops
            + "))"
            + Port
            + @"(?<path>[/?][^\s\p{Z}\p{Cc}\u2000-\u206F<>""«»]*)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex Url();
}
