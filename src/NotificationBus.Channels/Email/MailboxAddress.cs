using System.Buffers;
using System.Globalization;
using System.Text;

namespace NotificationBus.Channels.Email;

/// <summary>
/// A mailbox as mail servers take it: letters of all scripts on both sides of the sign (RFC 6531, RFC 5890), and a local part in quotes
/// (RFC 5321, section 4.1.2). No address literal such as <c>user@[192.0.2.1]</c>: it is no person's, and leads into networks.
/// </summary>
/// <param name="Local">What stands before the sign, as it is written.</param>
/// <param name="Domain">The domain in its ASCII form.</param>
sealed record MailboxAddress(string Local, string Domain)
{
    /// <summary>RFC 5321, section 4.5.3.1.3: a path is at most 256 octets, with the brackets around it.</summary>
    public const int Longest = 254;

    // RFC 5322, section 3.2.3.
    static readonly SearchValues<char> Atext = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+/=?^_`{|}~-"
    );

    static readonly SearchValues<char> LettersDigitsHyphen = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"
    );

    /// <summary>The parts; null when it is no mailbox.</summary>
    public static MailboxAddress? Parse(string text)
    {
        if (text.Length > Longest || text.LastIndexOf('@') is not (> 0 and var at))
            return null;

        var local = text[..at];
        return
            (IsDotAtom(local) || IsQuoted(local))
            && DomainOf(text[(at + 1)..]) is { } domain
            && Encoding.UTF8.GetByteCount(local) + 1 + domain.Length <= Longest
            ? new MailboxAddress(local, domain)
            : null;
    }

    /// <summary>The form that goes over the wire, and that every vendor takes.</summary>
    public override string ToString() => $"{Local}@{Domain}";

    /// <summary>
    /// The one form of it, in small letters, composed: quotes and backslashes that the local part does not need say nothing (RFC 5321,
    /// section 4.1.2).
    /// </summary>
    public string Canonical => DomainName.Composed($"{Unquoted}@{Domain}".ToLowerInvariant());

    string Unquoted
    {
        get
        {
            if (!IsQuoted(Local))
                return Local;

            var text = new StringBuilder();
            for (var at = 1; at < Local.Length - 1; at++)
                text.Append(Local[Local[at] == '\\' ? ++at : at]);
            var plain = text.ToString();
            return IsDotAtom(plain)
                ? plain
                : $"\"{plain.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
        }
    }

    static bool IsDotAtom(ReadOnlySpan<char> local)
    {
        foreach (var atom in local.Split('.'))
        {
            if (!IsAtom(local[atom]))
                return false;
        }

        return true;
    }

    static bool IsAtom(ReadOnlySpan<char> atom)
    {
        foreach (var rune in atom.EnumerateRunes())
        {
            if (rune.IsAscii ? !Atext.Contains((char)rune.Value) : !IsVisible(rune))
                return false;
        }

        return atom.Length > 0;
    }

    // A control character here would be a command of the sender's choosing (CVE-2026-30227).
    static bool IsQuoted(string local)
    {
        if (local.Length < 3 || local[0] != '"' || local[^1] != '"')
            return false;

        var escaped = false;
        foreach (var rune in local[1..^1].EnumerateRunes())
        {
            var isPlain = rune.Value is >= ' ' and <= '~' || (!rune.IsAscii && IsVisible(rune));
            if (!isPlain || (rune.Value == '"' && !escaped))
                return false;

            escaped = !escaped && rune.Value == '\\';
        }

        return !escaped;
    }

    // The two that join letters belong to some scripts. The others that nobody sees, and half a surrogate pair, do not.
    static bool IsVisible(Rune rune) =>
        rune.Value is 0x200C or 0x200D
        || (
            rune != Rune.ReplacementChar
            && Rune.GetUnicodeCategory(rune)
                is not (
                    UnicodeCategory.Control
                    or UnicodeCategory.Format
                    or UnicodeCategory.SpaceSeparator
                    or UnicodeCategory.LineSeparator
                    or UnicodeCategory.ParagraphSeparator
                    or UnicodeCategory.PrivateUse
                    or UnicodeCategory.OtherNotAssigned
                )
        );

    static string? DomainOf(string domain) => DomainName.ToAscii(domain) is { } ascii && IsHostName(ascii) ? ascii : null;

    static bool IsHostName(ReadOnlySpan<char> name)
    {
        foreach (var label in name.Split('.'))
        {
            if (!IsLabel(name[label]))
                return false;
        }

        return true;
    }

    // RFC 1035, section 2.3.4, and RFC 1123, section 2.1.
    static bool IsLabel(ReadOnlySpan<char> label) =>
        label.Length is > 0 and <= 63 && !label.ContainsAnyExcept(LettersDigitsHyphen) && label[0] != '-' && label[^1] != '-';
}
