using System.Globalization;
using System.Text;

namespace NotificationBus.Tests.Channels.Chat;

/// <summary>
/// Finds in a text what Telegram lets a reader tap on, rune by rune, and by no rule of ours. Source: github.com/tdlib/td,
/// td/telegram/MessageEntity.cpp (find_mentions, find_bot_commands, find_hashtags, find_cashtags, find_urls), of which it knows a few
/// top-level domains only.
/// </summary>
sealed class TelegramReader
{
    const string NeverLast = ".:;,('?!`";

    static readonly HashSet<string> Tops = new(StringComparer.Ordinal) { "com", "shop", "me", "th", "md" };

    readonly Rune[] _text;
    readonly List<(int Begin, int End)> _urls = [];
    readonly List<(int Begin, int End)> _signs = [];

    TelegramReader(string text)
    {
        _text = [.. text.EnumerateRunes()];
        FindUrls();
        for (var at = 0; at < _text.Length; at++)
        {
            var end = _text[at].Value switch
            {
                '@' => EndOfMention(at),
                '/' => EndOfCommand(at),
                '#' => EndOfTag(at),
                '$' => EndOfCash(at),
                _ => at,
            };
            if (end > at && !_urls.Exists(url => url.Begin < end && at < url.End))
                _signs.Add((at, end));
        }
    }

    /// <summary>The mentions, commands and tags in a text.</summary>
    public static IReadOnlyList<string> Signs(string text)
    {
        var read = new TelegramReader(text);
        return [.. read._signs.Select(sign => read.Text(sign.Begin, sign.End))];
    }

    /// <summary>The addresses in a text.</summary>
    public static IReadOnlyList<string> Urls(string text)
    {
        var read = new TelegramReader(text);
        return [.. read._urls.Select(url => read.Text(url.Begin, url.End))];
    }

    int EndOfMention(int at)
    {
        if (at > 0 && IsWord(_text[at - 1]))
            return at;
        var end = While(at + 1, IsAsciiName);
        return end - at - 1 is >= 2 and <= 32 && !(end < _text.Length && IsWord(_text[end])) ? end : at;
    }

    int EndOfCommand(int at)
    {
        if (at > 0 && (IsWord(_text[at - 1]) || IsAny(_text[at - 1], "/<>")))
            return at;
        var end = While(at + 1, IsAsciiName);
        if (end - at - 1 is < 1 or > 64)
            return at;
        if (end < _text.Length && _text[end].Value == '@')
        {
            var bot = end + 1;
            end = While(bot, IsAsciiName);
            if (end - bot is < 3 or > 32)
                return at;
        }

        return end < _text.Length && (IsWord(_text[end]) || IsAny(_text[end], "/<>")) ? at : end;
    }

    int EndOfTag(int at)
    {
        if (at > 0 && IsOfTag(_text[at - 1]))
            return at;
        var end = While(at + 1, IsOfTag);
        return _text[(at + 1)..end].Any(Rune.IsLetter) && !(end < _text.Length && _text[end].Value == '#') ? end : at;
    }

    int EndOfCash(int at)
    {
        if (at > 0 && (IsOfTag(_text[at - 1]) || _text[at - 1].Value == '$'))
            return at;
        var end = Text(at + 1, Math.Min(at + 6, _text.Length)) == "1INCH" ? at + 6 : While(at + 1, rune => rune.Value is >= 'A' and <= 'Z');
        return end - at - 1 is >= 1 and <= 8 && !(end < _text.Length && (IsOfTag(_text[end]) || _text[end].Value == '$')) ? end : at;
    }

    // Each begins around a dot. Where one has ended, the next cannot look back behind it.
    void FindUrls()
    {
        var from = 0;
        for (var dot = Next('.', from); dot >= 0 && dot + 1 < _text.Length; dot = Next('.', from))
        {
            var (begin, end) = (Back(dot, from, IsOfHost), While(dot, rune => IsOfHost(rune) || rune.Value == '@'));
            var hasAt = _text[dot..end].Any(rune => rune.Value == '@');
            if (hasAt)
                begin = Back(begin, from, IsOfUser);
            end = EndOfPath(EndOfPort(end));
            while (end > dot + 1 && _text[end - 1].Value == '.')
                end--;
            if (Begin(begin, from, hasAt) is { } really)
            {
                if (end > dot + 1 && EndOfValid(really, end) is var last && last > really)
                    _urls.Add((really, last));
                end = While(end, rune => rune.Value == '.');
            }
            else
            {
                end = Back(end, dot + 1, rune => rune.Value != '.');
            }

            from = Math.Max(end, dot + 1);
        }
    }

    // Null where what stands before makes it none.
    int? Begin(int begin, int from, bool hasAt)
    {
        if (begin > from && _text[begin - 1].Value == '@')
        {
            var user = Back(begin - 1, from, IsOfUser);
            if (hasAt || user == begin - 1)
                return null;
            begin = user;
        }

        if (begin == from)
            return begin;
        if (begin - from < 6 || Text(begin - 3, begin) != "://")
            return IsWord(_text[begin - 1]) || IsAny(_text[begin - 1], "/#@") ? null : begin;
        var scheme = Text(Back(begin - 3, from, IsOfScheme), begin - 3).ToLowerInvariant();
        return scheme.EndsWith("https", StringComparison.Ordinal) ? begin - 8
            : scheme.EndsWith("http", StringComparison.Ordinal) && scheme != "shttp" ? begin - 7
            : scheme.EndsWith("ftp", StringComparison.Ordinal) && scheme is not ("tftp" or "sftp") ? begin - 6
            : null;
    }

    int EndOfPort(int end)
    {
        if (end >= _text.Length || _text[end].Value != ':')
            return end;
        var last = While(end + 1, rune => rune.Value is >= '0' and <= '9');
        var port = Text(end + 1, last).TrimStart('0');
        return port.Length is >= 1 and <= 5 && int.Parse(port, CultureInfo.InvariantCulture) <= 65535 ? last : end;
    }

    int EndOfPath(int end)
    {
        if (end >= _text.Length || !IsAny(_text[end], "/?#"))
            return end;
        var last = While(end + 1, rune => !IsAny(rune, "\n<>\"«»") && IsOfUrl(rune));
        while (last > end + 1 && IsAny(_text[last - 1], NeverLast))
            last--;
        return _text[end].Value == '/' || last > end + 1 ? last : end;
    }

    // Where what is left of a candidate ends, and nowhere when it is no URL at all.
    int EndOfValid(int begin, int end)
    {
        var url = Text(begin, end);
        var scheme =
            ((string[])["https://", "http://", "ftp://"]).FirstOrDefault(one => url.StartsWith(one, StringComparison.OrdinalIgnoreCase))
            ?? "";
        var path = begin + scheme.Length;
        path = While(path, rune => !IsAny(rune, "/?#"), end);
        var host = Text(begin + scheme.Length, path);
        host = host[(host.IndexOf('@') + 1)..];
        if (host.LastIndexOf(':') is var colon and >= 0)
            host = host[..colon];
        if (host.Equals("teiegram.org", StringComparison.OrdinalIgnoreCase))
            return begin;

        var last = path;
        int[] open = [0, 0, 0];
        for (; last < end; last++)
        {
            if (_text[last].IsAscii && "([{".IndexOf((char)_text[last].Value) is var opens and >= 0)
                open[opens]++;
            else if (_text[last].IsAscii && ")]}".IndexOf((char)_text[last].Value) is var closes and >= 0 && --open[closes] < 0)
                break;
        }

        while (last > path && IsAny(_text[last - 1], NeverLast))
            last--;

        var labels = host.Split('.');
        var top = labels[^1];
        if (labels.Length < 2 || labels.Any(label => Encoding.UTF8.GetByteCount(label) is 0 or >= 64 || label.EndsWith('-')))
            return begin;
        if (
            labels.Length == 4
            && labels.All(label =>
                byte.TryParse(label, NumberStyles.None, CultureInfo.InvariantCulture, out var part) && $"{part}" == label
            )
        )
            return last;
        if (
            labels.All(label => label.All(char.IsAsciiDigit))
            || top.EnumerateRunes().Count() < 2
            || labels[^2].Contains('_', StringComparison.Ordinal)
        )
            return begin;
        if (top.StartsWith("xn--", StringComparison.Ordinal))
            return top.Length > 5 && top[4..].All(char.IsAsciiLetterOrDigit) ? last : begin;
        var isKnown = Tops.Contains(top.ToLowerInvariant()) && (!top.Any(char.IsUpper) || char.IsUpper(top[0]));
        return
            top.Contains('_', StringComparison.Ordinal) || top.Contains('-', StringComparison.Ordinal) || (scheme.Length == 0 && !isKnown)
            ? begin
            : last;
    }

    int Next(char what, int from) => Array.FindIndex(_text, from, rune => rune.Value == what);

    int While(int at, Predicate<Rune> holds, int? end = null)
    {
        while (at < (end ?? _text.Length) && holds(_text[at]))
            at++;
        return at;
    }

    int Back(int at, int from, Predicate<Rune> holds)
    {
        while (at > from && holds(_text[at - 1]))
            at--;
        return at;
    }

    string Text(int begin, int end) => string.Concat(_text[begin..end]);

    static bool IsAny(Rune rune, string of) => rune.IsBmp && of.Contains((char)rune.Value, StringComparison.Ordinal);

    static bool IsAsciiName(Rune rune) => rune.IsAscii && (Rune.IsLetterOrDigit(rune) || rune.Value == '_');

    static bool IsWord(Rune rune) => Rune.IsLetter(rune) || Rune.IsNumber(rune) || rune.Value == '_';

    static bool IsOfTag(Rune rune) => Rune.IsLetterOrDigit(rune) || rune.Value is '_' or 0x200C or 0xB7 or (>= 0xD80 and <= 0xDFF);

    static bool IsOfUrl(Rune rune) =>
        rune.Value is >= 0x2000 and <= 0x206F
            ? rune.Value is 0x200C or 0x200D or (>= 0x2010 and <= 0x2015)
            : Rune.GetUnicodeCategory(rune)
                is not (UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    static bool IsOfHost(Rune rune) => rune.Value < 0xC0 ? IsAsciiName(rune) || IsAny(rune, ".-~") : IsOfUrl(rune);

    static bool IsOfUser(Rune rune) => !IsAny(rune, "\n/[]{}()'`<>\"@«»") && IsOfUrl(rune);

    static bool IsOfScheme(Rune rune) =>
        rune.IsAscii
            ? (IsAsciiName(rune) && rune.Value != '_') || IsAny(rune, "+-")
            : IsOfUrl(rune) || rune.Value is >= 0x2000 and <= 0x206F;
}
