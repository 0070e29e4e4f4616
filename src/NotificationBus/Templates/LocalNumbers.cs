using System.Collections.Frozen;
using System.Globalization;

namespace NotificationBus.Templates;

/// <summary>
/// Styles of writing numbers and money, by language and country: Unicode CLDR 46, "Number Symbols" and "Number Patterns", as much of it as
/// tells languages apart. In code, because the host runs without ICU and its tables; a language that is not here is written as English is.
/// </summary>
static class LocalNumbers
{
    const string Space = "\u00a0";
    const string NarrowSpace = "\u202f";

    // Spanish writes 1590,00 and 12.345,00: a group of one digit is none.
    const int NoShortGroup = 2;

    static readonly int[] Thousands = [3];
    static readonly int[] Lakhs = [3, 2];

    static readonly FrozenDictionary<string, NumberStyle> Known = Read(
        // 1.590,00 EUR
        ("ca da de el en-BE en-DE en-DK en-SI eu fo fr-LU fr-MA gl hr is it lb mk ro sl sq sr vi", Style(".", ",", codeFirst: false)),
        ("es", Style(".", ",", codeFirst: false, leastGroup: NoShortGroup)),
        ("en-AT en-NL es-AR es-BO es-CL es-CO es-EC es-PY es-UY es-VE id nl pt tr", Style(".", ",", codeFirst: true)),
        ("es-GQ", Style(".", ",", codeFirst: true, leastGroup: NoShortGroup)),
        // Austria groups money otherwise than numbers.
        ("de-AT", Style(Space, ",", codeFirst: true, groupOfMoney: ".")),
        // 1 590,00 EUR
        ("be cs en-FI en-SE fi fr-CA hu hy kk ky lt nb nn no pt-AO ru sk sv uk uz", Style(Space, ",", codeFirst: false)),
        (
            "bg et ka lv pl pt-CH pt-GQ pt-GW pt-LU pt-MO pt-MZ pt-PT pt-ST pt-TL",
            Style(Space, ",", codeFirst: false, leastGroup: NoShortGroup)
        ),
        ("fr", Style(NarrowSpace, ",", codeFirst: false)),
        // French Switzerland has a point in money only.
        ("fr-CH", Style(NarrowSpace, ",", codeFirst: false, pointOfMoney: ".")),
        ("af en-ZA es-CR", Style(Space, ",", codeFirst: true)),
        // EUR 1’590.00
        ("de-CH de-LI en-CH it-CH rm", Style("’", ".", codeFirst: true)),
        // EUR 1,59,000.00
        ("as bn en-IN gu hi kn ml mr or pa ta te", Style(",", ".", codeFirst: true, groups: Lakhs)),
        // 1,590.00 EUR
        ("fa he", Style(",", ".", codeFirst: false)),
        // Spanish of America that counts as its neighbour in the north does.
        ("es-419 es-BR es-BZ es-CU es-DO es-GT es-HN es-MX es-NI es-PA es-PE es-PR es-SV es-US", Style(",", ".", codeFirst: true))
    );

    // EUR 1,590.00
    static readonly NumberStyle Usual = Style(",", ".", codeFirst: true);

    /// <summary>
    /// The recipient's, when the text is in the recipient's language, for <c>de-CH</c> counts otherwise than <c>de</c>; else that of the
    /// text.
    /// </summary>
    public static NumberStyle Of(string language, string? locale) =>
        Find(locale is not null && LanguageOf(locale).Equals(LanguageOf(language), StringComparison.OrdinalIgnoreCase) ? locale : language);

    static NumberStyle Find(string tag)
    {
        for (; tag.Length > 0; tag = tag[..Math.Max(tag.LastIndexOf('-'), 0)])
        {
            if (Known.TryGetValue(tag, out var style))
                return style;
        }

        return Usual;
    }

    static string LanguageOf(string tag) => tag.Split('-', 2)[0];

    static NumberStyle Style(
        string group,
        string point,
        bool codeFirst,
        int leastGroup = 1,
        string? groupOfMoney = null,
        string? pointOfMoney = null,
        int[]? groups = null
    ) => new(Format(group, point, groups), Format(groupOfMoney ?? group, pointOfMoney ?? point, groups), codeFirst, leastGroup);

    static NumberFormatInfo Format(string group, string point, int[]? groups) =>
        NumberFormatInfo.ReadOnly(
            new NumberFormatInfo
            {
                NumberGroupSeparator = group,
                NumberDecimalSeparator = point,
                NumberGroupSizes = groups ?? Thousands,
            }
        );

    static FrozenDictionary<string, NumberStyle> Read(params (string Tags, NumberStyle Style)[] rows) =>
        rows.SelectMany(row => row.Tags.Split(' '), (row, tag) => (tag, row.Style))
            .ToFrozenDictionary(row => row.tag, row => row.Style, StringComparer.OrdinalIgnoreCase);
}

/// <summary>A style in which readers write numbers.</summary>
/// <param name="Numbers">What stands between the digits.</param>
/// <param name="Money">What stands between those of money.</param>
/// <param name="CodeFirst">True when the currency stands before the digits.</param>
/// <param name="LeastGroup">How many digits stand before the first separator at least, or there is none.</param>
sealed record NumberStyle(NumberFormatInfo Numbers, NumberFormatInfo Money, bool CodeFirst, int LeastGroup)
{
    /// <summary>The style in which programs write them.</summary>
    public static readonly NumberStyle Invariant = new(
        NumberFormatInfo.InvariantInfo,
        NumberFormatInfo.InvariantInfo,
        CodeFirst: true,
        LeastGroup: 1
    );

    /// <summary>A number. It is not rounded.</summary>
    public string Write(decimal number) => Write(number, leastDecimals: 0, Numbers);

    /// <summary>An amount of money, without its currency. It is not rounded.</summary>
    /// <param name="amount">The amount.</param>
    /// <param name="leastDecimals">How many decimals there are at least.</param>
    public string Write(decimal amount, int leastDecimals) => Write(amount, leastDecimals, Money);

    string Write(decimal number, int leastDecimals, NumberFormatInfo format)
    {
        var decimals = leastDecimals;
        while (decimals < 28 && decimal.Round(number, decimals) != number)
            decimals++;

        var isGrouped = Math.Abs(number) >= (decimal)Math.Pow(10, format.NumberGroupSizes[0] + LeastGroup - 1);
        return number.ToString($"{(isGrouped ? 'N' : 'F')}{decimals}", format);
    }
}
