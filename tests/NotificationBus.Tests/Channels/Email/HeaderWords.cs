using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace NotificationBus.Tests.Channels.Email;

/// <summary>Reads what stands in a mail's header as its readers do, by no library that writes it.</summary>
static partial class HeaderWords
{
    /// <summary>Bytes that are no UTF-8 are refused: every word is decoded on its own, and a torn character throws here.</summary>
    public static UTF8Encoding Strict { get; } = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Free text, such as a subject (RFC 2047), of which the white space between two encoded words is none.</summary>
    public static string Decode(string text) => EncodedWord().Replace(BetweenWords().Replace(text, "?==?"), Decode);

    /// <summary>
    /// A name before a mailbox: encoded words, and strings in quotes in which nothing is encoded (RFC 5322, section 3.2.5).
    /// </summary>
    public static string DecodePhrase(string phrase) =>
        EncodedOrQuoted()
            .Replace(
                BetweenWords().Replace(phrase, "?==?"),
                word => word.Value[0] == '"' ? Escaped().Replace(word.Value[1..^1], "${character}") : Decode(word)
            );

    /// <summary>What <c>=C3=A9</c> stands for, an octet each.</summary>
    public static string Unhex(string text) =>
        Hex()
            .Replace(
                text,
                hex => ((char)byte.Parse(hex.Groups["hex"].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString()
            );

    static string Decode(Match word) =>
        Strict.GetString(
            word.Groups["encoding"].ValueSpan is "b" or "B"
                ? Convert.FromBase64String(word.Groups["octets"].Value)
                : Encoding.Latin1.GetBytes(Unhex(word.Groups["octets"].Value.Replace('_', ' ')))
        );

    [GeneratedRegex(@"=\?utf-8\?(?<encoding>[BbQq])\?(?<octets>[^?\s]*)\?=", RegexOptions.NonBacktracking)]
    private static partial Regex EncodedWord();

    [GeneratedRegex(
        @"""(\\.|[^""\\])*""|=\?utf-8\?(?<encoding>[BbQq])\?(?<octets>[^?\s]*)\?=",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture
    )]
    private static partial Regex EncodedOrQuoted();

    [GeneratedRegex(@"\?=\s+=\?", RegexOptions.NonBacktracking)]
    private static partial Regex BetweenWords();

    [GeneratedRegex("=(?<hex>[0-9A-F]{2})", RegexOptions.NonBacktracking)]
    private static partial Regex Hex();

    [GeneratedRegex(@"\\(?<character>.)", RegexOptions.NonBacktracking)]
    private static partial Regex Escaped();
}
