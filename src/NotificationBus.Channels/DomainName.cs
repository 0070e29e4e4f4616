using System.Globalization;
using System.Text;
using ADRaffy.ENSNormalize;

namespace NotificationBus.Channels;

/// <summary>
/// Domain names as the DNS knows them. What people write is mapped as UTS #46 says where it can be mapped without its tables, and is no
/// name otherwise: a letter that stands for another one, and is asked for as itself, is somebody else's domain.
/// </summary>
/// <remarks>
/// The host runs without ICU, and with <see cref="CultureInfo.InvariantCulture"/> only, <see cref="IdnMapping"/> maps nothing.
/// </remarks>
static class DomainName
{
    // Letters, digits and marks that are no part of a name: they stand for others, or nobody sees them. RFC 5892, sections 2.2 to 2.6 and
    // 2.9, by the properties of Unicode 14; what is not assigned yet has no letter's category.
    const string NeverInNames = """
        AA-BA 133 140 149 17F 1C6-1CC 1F3 2B0-2B8 2E0-2E4 340-341 343-345 34F 374 37A 3D0-3D6 3F0-3F2 3F5 587 640
        675-678 7FA 958-95F 9DC-9DF A33 A36 A59-A5B A5E B5C-B5D E33 EB3 EDC-EDD F43 F4D F52 F57 F5C F69 F73 F75-F79
        F81 F93 F9D FA2 FA7 FAC FB9 10FC 1100-11FF 13F8-13FD 17B4-17B5 180B-180F 1C80-1C88 1D2C-1D2E 1D30-1D3A
        1D3C-1D4D 1D4F-1D6A 1D78 1D9B-1DBF 1E9A-1E9B 1F71 1F73 1F75 1F77 1F79 1F7B 1F7D-1FA7 1FB2-1FB4 1FB7-1FC4 1FC7
        1FD3 1FE3 1FF2-1FF4 1FF7-209C 210A-2149 2C7C-2C7D 2D6F 302E-303B 309F 30FF 3131-318E A69C-A69D A770 A7F2-A7F4
        A7F8-A7F9 A960-A97C AB5C-AB5F AB69-ABBF D7B0-FA0D FA10 FA12 FA15-FA1E FA20 FA22 FA25-FA26 FA2A-FB1D FB1F-FE0F
        FE70-FE72 FE74-FFDC 10781-107BA 1D41A-1D7FF 1EE00-1FBF9 2F800-2FA1D E0100-E01EF
        """;

    static readonly IdnMapping Punycode = new() { UseStd3AsciiRules = true };

    static readonly (int First, int Last)[] Never =
    [
        .. NeverInNames.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(Range),
    ];

    /// <summary>The name in ASCII; null when it is none. One that is ASCII already is as it is.</summary>
    public static string? ToAscii(string name)
    {
        if (Ascii.IsValid(name))
            return name;

        var mapped = Map(name);
        if (!mapped.Split('.').All(IsLabel))
            return null;

        try
        {
            return Punycode.GetAscii(mapped);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>
    /// The one form of a text that may be written with marks beside the letters they belong to, as some systems do (Unicode, form C).
    /// </summary>
    public static string Composed(string text) => Ascii.IsValid(text) ? text : ENSNormalize.NF.NFC(text);

    static string Map(string name)
    {
        var mapped = new StringBuilder(name.Length);
        foreach (var character in name)
        {
            switch (character)
            {
                // Seen by nobody, and left out: soft hyphen, zero-width space, word joiner, byte order mark, variation selectors.
                case '\u00AD' or '\u200B' or '\u2060' or '\uFEFF' or (>= '\uFE00' and <= '\uFE0F'):
                    break;
                case '\u3002' or '\uFF0E' or '\uFF61':
                    mapped.Append('.');
                    break;
                // Full-width forms.
                case >= '\uFF01' and <= '\uFF5E':
                    mapped.Append((char)(character - 0xFEE0));
                    break;
                // The vowel am of Thai and Lao is two characters in names, and one on keyboards.
                case '\u0E33':
                    mapped.Append("\u0E4D\u0E32");
                    break;
                case '\u0EB3':
                    mapped.Append("\u0ECD\u0EB2");
                    break;
                default:
                    mapped.Append(character);
                    break;
            }
        }

        return Composed(mapped.ToString().ToLowerInvariant());
    }

    static bool IsLabel(string label)
    {
        Rune? before = null;
        foreach (var rune in label.EnumerateRunes())
        {
            if (!rune.IsAscii && !IsOfNames(rune, before))
                return false;

            before = rune;
        }

        return label.Length > 0;
    }

    static bool IsOfNames(Rune rune, Rune? before) =>
        Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.LowercaseLetter
            or UnicodeCategory.OtherLetter
            or UnicodeCategory.ModifierLetter
            or UnicodeCategory.DecimalDigitNumber => !IsNever(rune),
            UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark => before is not null && !IsNever(rune),
            // Joiners, after a mark or a letter of the scripts that need them, and the points between letters of Catalan, Hebrew and
            // Japanese: RFC 5892, appendix A. IDEOGRAPHIC NUMBER ZERO is a digit of names though it is none of Unicode.
            _ => rune.Value switch
            {
                0x200C or 0x200D => before is { } letter && !letter.IsAscii,
                0x00B7 => before?.Value == 'l',
                0x05F3 or 0x05F4 => before?.Value is >= 0x0590 and <= 0x05FF,
                0x30FB or 0x3007 => true,
                _ => false,
            },
        };

    static bool IsNever(Rune rune)
    {
        var at = Array.BinarySearch(Never, (rune.Value, int.MaxValue));
        return at >= 0 || (~at > 0 && Never[~at - 1].Last >= rune.Value);
    }

    static (int First, int Last) Range(string text)
    {
        var ends = text.Split('-');
        return (
            int.Parse(ends[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            int.Parse(ends[^1], NumberStyles.HexNumber, CultureInfo.InvariantCulture)
        );
    }
}
