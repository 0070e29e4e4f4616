using System.Globalization;

using HandlebarsDotNet;

namespace NotificationBus.Templates;

/// <summary>
/// <c>{{money total}}</c> prints <c>THB 1,590.00</c>: the code and not a symbol, because $ is the sign of twenty currencies. A language
/// may name the currencies its readers know: <c>{{money total THB="บาท"}}</c> prints <c>1,590.00 บาท</c>.
/// </summary>
static class MoneyText
{
    // ISO 4217; all others have two.
    static readonly HashSet<string> WithoutDecimals = new(StringComparer.OrdinalIgnoreCase)
        { "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF" };

    static readonly HashSet<string> WithThreeDecimals = new(StringComparer.OrdinalIgnoreCase)
        { "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND" };

    public static string Of(in Arguments arguments)
    {
        if (arguments.Length == 0 || arguments[0] is not Variable money)
            throw new TemplateException("{{money …}} needs a variable with amount and currency");

        // The serializer of the bus writes decimals as strings, other producers write numbers.
        var amount = money.Member("amount");
        if (!decimal.TryParse(amount.Text(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            throw new TemplateException($"'{amount.Path}' is not a number");

        var currency = money.Member("currency").Text();
        var digits = number.ToString(FormatFor(currency), CultureInfo.InvariantCulture);
        return arguments.Hash.TryGetValue(currency, out var word) ? $"{digits} {word}" : $"{currency} {digits}";
    }

    static string FormatFor(string currency) =>
        WithoutDecimals.Contains(currency) ? "N0"
        : WithThreeDecimals.Contains(currency) ? "N3"
        : "N2";
}
