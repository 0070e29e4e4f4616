using System.Collections.Frozen;
using System.Globalization;

namespace NotificationBus.Templates;

/// <summary>
/// How numbers and money are written, by language and country: Unicode CLDR 46, "Number Symbols" and "Number Patterns", as much of it as tells
/// languages apart. In code, because the host runs without ICU and its tables; a language that is not here is written as English is.
/// </summary>
static class LocalNumbers
{
    const string Space = "\u00a0";
    const string NarrowSpace = "\u202f";

    static readonly int[] Thousands = [3];
    static readonly int[] Lakhs = [3, 2];

    static readonly FrozenDictionary<string, NumberFormatInfo> Known = Read(
        // 1.590,00 EUR
        ("ca da de el es eu fo gl hr is it lb mk ro sl sq sr vi", Style(".", ",", codeFirst: false)),
        ("de-AT id nl pt tr", Style(".", ",", codeFirst: true)),
        // 1 590,00 EUR
        ("be bg cs et fi hu hy ka kk ky lt lv nb nn no pl pt-PT ru sk sv uk uz", Style(Space, ",", codeFirst: false)),
        ("fr", Style(NarrowSpace, ",", codeFirst: false)),
        ("af en-ZA", Style(Space, ",", codeFirst: true)),
        // EUR 1’590.00
        ("de-CH de-LI it-CH rm", Style("’", ".", codeFirst: true)),
        // EUR 1,59,000.00
        ("as bn en-IN gu hi kn ml mr or pa ta te", Style(",", ".", codeFirst: true, Lakhs)),
        // 1,590.00 EUR
        ("fa he", Style(",", ".", codeFirst: false)),
        // Spanish of America that counts as its neighbour in the north does.
        ("es-DO es-GT es-HN es-MX es-NI es-PA es-PE es-PR es-SV es-US", Style(",", ".", codeFirst: true)));

    // EUR 1,590.00
    static readonly NumberFormatInfo Usual = Style(",", ".", codeFirst: true);

    /// <summary>The recipient's, when the text is in the recipient's language, for <c>de-CH</c> counts otherwise than <c>de</c>; else that of the text.</summary>
    public static NumberFormatInfo Of(string language, string? locale) =>
        Find(locale is not null && LanguageOf(locale).Equals(LanguageOf(language), StringComparison.OrdinalIgnoreCase) ? locale : language);

    /// <summary>The digits with what stands between them.</summary>
    /// <param name="number">The number. It is not rounded.</param>
    /// <param name="leastDecimals">How many decimals there are at least.</param>
    /// <param name="style">How they are written.</param>
    public static string Write(decimal number, int leastDecimals, NumberFormatInfo style)
    {
        var decimals = leastDecimals;
        while (decimals < 28 && decimal.Round(number, decimals) != number)
            decimals++;
        return number.ToString($"N{decimals}", style);
    }

    /// <summary>True when the currency stands before the digits.</summary>
    public static bool CodeFirst(this NumberFormatInfo style) => style.CurrencyPositivePattern == 2;

    static NumberFormatInfo Find(string tag)
    {
        for (; tag.Length > 0; tag = tag[..Math.Max(tag.LastIndexOf('-'), 0)])
        {
            if (Known.TryGetValue(tag, out var style))
                return style;
        }

        return Usual;
    }

    static string LanguageOf(string tag) => tag.Split('-', 2)[0];

    static NumberFormatInfo Style(string group, string point, bool codeFirst, int[]? groups = null) => NumberFormatInfo.ReadOnly(new NumberFormatInfo
    {
        NumberGroupSeparator = group,
        NumberDecimalSeparator = point,
        NumberGroupSizes = groups ?? Thousands,
        CurrencyPositivePattern = codeFirst ? 2 : 3,
    });

    static FrozenDictionary<string, NumberFormatInfo> Read(params (string Tags, NumberFormatInfo Style)[] rows) =>
        rows.SelectMany(row => row.Tags.Split(' '), (row, tag) => (tag, row.Style)).ToFrozenDictionary(row => row.tag, row => row.Style, StringComparer.OrdinalIgnoreCase);
}
