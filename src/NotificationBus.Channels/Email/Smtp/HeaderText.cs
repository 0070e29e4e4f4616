using System.Buffers;
using System.Text;

namespace NotificationBus.Channels.Email.Smtp;

/// <summary>
/// Values of mail headers: as they are when they are short ASCII, else as encoded words (RFC 2047), folded (RFC 5322 2.2.3).
/// </summary>
static class HeaderText
{
    const int LongestLine = 76;
    const int LongestWord = 75;
    const string Opening = "=?utf-8?B?";
    const string Closing = "?=";
    const string Fold = "\r\n ";

    static readonly SearchValues<char> LineBreakers = SearchValues.Create('\r', '\n', '\0');

    /// <summary>True when a value could end its header and start another.</summary>
    public static bool BreaksOut(string? value) => value.AsSpan().ContainsAny(LineBreakers);

    /// <summary>A header of free text, such as Subject.</summary>
    public static string Unstructured(string name, string text)
    {
        var prefix = $"{name}: ";
        return prefix + (IsPlain(text) ? FoldWords(text, prefix.Length) : Encode(text, prefix.Length)) + "\r\n";
    }

    /// <summary>
    /// A header whose value must not be encoded, such as one with an address in it. A long one begins on a line of its own.
    /// </summary>
    public static string Structured(string name, string value) =>
        $"{name}:{(name.Length + 2 + value.Length > LongestLine ? Fold : " ")}{value}\r\n";

    /// <summary>A header with one mailbox, such as To.</summary>
    public static string Mailbox(string name, string? displayName, string address)
    {
        var prefix = $"{name}: ";
        if (string.IsNullOrWhiteSpace(displayName))
            return $"{prefix}<{address}>\r\n";

        var phrase = IsPlain(displayName) && prefix.Length + displayName.Length < LongestLine / 2
            ? Quote(displayName)
            : Encode(displayName, prefix.Length);
        var column = phrase.Contains(Fold, StringComparison.Ordinal)
            ? phrase.Length - phrase.LastIndexOf('\n') - 1
            : prefix.Length + phrase.Length;
        var gap = column + address.Length + 3 > LongestLine ? Fold : " ";
        return $"{prefix}{phrase}{gap}<{address}>\r\n";
    }

    static string Quote(string phrase) =>
        $"\"{phrase.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    // What looks like an encoded word must be encoded, or it would be decoded. Folding would lose spaces at the end of a line.
    static bool IsPlain(string text) =>
        !text.AsSpan().ContainsAnyExceptInRange(' ', '~')
        && !text.Contains("=?", StringComparison.Ordinal)
        && (text.Length == 0 || Array.TrueForAll(text.Split(' '), word => word.Length is > 0 and < LongestLine / 2));

    static string FoldWords(string text, int column)
    {
        var folded = new StringBuilder(text.Length + Fold.Length);
        foreach (var word in text.Split(' '))
        {
            if (folded.Length > 0)
            {
                var folds = column + 1 + word.Length > LongestLine;
                folded.Append(folds ? Fold : " ");
                column = folds ? 1 : column + 1;
            }

            folded.Append(word);
            column += word.Length;
        }

        return folded.ToString();
    }

    // A character must not be torn between two words (RFC 2047 section 5): each word is decoded on its own.
    static string Encode(string text, int column)
    {
        Span<byte> octets = stackalloc byte[LongestWord];
        var encoded = new StringBuilder();
        var room = Room(column);
        var used = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (used + rune.Utf8SequenceLength > room)
            {
                AppendWord(encoded, octets[..used]);
                encoded.Append(Fold);
                room = Room(1);
                used = 0;
            }

            used += rune.EncodeToUtf8(octets[used..]);
        }

        AppendWord(encoded, octets[..used]);
        return encoded.ToString();
    }

    static int Room(int column) => (Math.Min(LongestWord, LongestLine - column) - Opening.Length - Closing.Length) / 4 * 3;

    static void AppendWord(StringBuilder encoded, ReadOnlySpan<byte> octets) =>
        encoded.Append(Opening).Append(Convert.ToBase64String(octets)).Append(Closing);
}
