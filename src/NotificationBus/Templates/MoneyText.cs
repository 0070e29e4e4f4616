using Fluid;
using Fluid.Values;

namespace NotificationBus.Templates;

/// <summary>
/// <c>{{ total | money }}</c> prints <c>THB 1,590.00</c>, in German <c>1.590,00 EUR</c>: the code and not a symbol, because $ is the sign
/// of twenty currencies. A language may name the currencies its readers know: <c>{{ total | money: THB: "บาท" }}</c> prints <c>1,590.00
/// บาท</c>.
/// <c>{{ count | localNumber }}</c> prints a number as the language does. Neither rounds: what has more decimals than usual is printed with
/// all of them.
/// </summary>
static class MoneyText
{
    const int UsualDecimals = 2;

    // ISO 4217, list one of 2024-06-25; all others have two.
    static readonly Dictionary<string, int> Decimals = Table(
        (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
        (3, "BHD IQD JOD KWD LYD OMR TND"),
        (4, "CLF UYW")
    );

    public static StringValue Of(FluidValue input, FilterArguments words, NumberStyle style)
    {
        if (input is not Variable money)
            throw new TemplateException("money needs a variable with amount and currency");

        var amount = money.Member("amount").Number();
        var currency = money.Member("currency").Text();
        var digits = style.Write(amount, Decimals.GetValueOrDefault(currency, UsualDecimals));
        return new StringValue(
            words.HasNamed(currency) ? $"{digits} {words[currency].ToStringValue()}"
            : style.CodeFirst ? $"{currency} {digits}"
            : $"{digits} {currency}"
        );
    }

    public static StringValue OfNumber(FluidValue number, NumberStyle style) =>
        new(style.Write(number is Variable variable ? variable.Number() : number.ToNumberValue()));

    static Dictionary<string, int> Table(params (int Decimals, string Currencies)[] rows) =>
        rows.SelectMany(row => row.Currencies.Split(' '), (row, currency) => (currency, row.Decimals))
            .ToDictionary(StringComparer.OrdinalIgnoreCase);
}
