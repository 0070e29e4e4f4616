using HandlebarsDotNet;

namespace NotificationBus.Templates;

/// <summary>
/// <c>{{money total}}</c> prints <c>THB 1,590.00</c>, in German <c>1.590,00 EUR</c>: the code and not a symbol, because $ is the sign of twenty
/// currencies. A language may name the currencies its readers know: <c>{{money total THB="บาท"}}</c> prints <c>1,590.00 บาท</c>.
/// <c>{{localNumber count}}</c> prints a number as the language does. Neither rounds: what has more decimals than usual is printed with all of them.
/// </summary>
static class MoneyText
{
    const int UsualDecimals = 2;

    // ISO 4217, list one of 2024-06-25; all others have two.
    static readonly Dictionary<string, int> Decimals = Table(
        (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
        (3, "BHD IQD JOD KWD LYD OMR TND"),
        (4, "CLF UYW"));

    public static string Of(in Arguments arguments)
    {
        if (arguments.Length == 0 || arguments[0] is not Variable money)
            throw new TemplateException("{{money …}} needs a variable with amount and currency");

        var amount = NumberOf(money.Member("amount"));
        var currency = money.Member("currency").Text();
        var digits = money.Numbers.Write(amount, Decimals.GetValueOrDefault(currency, UsualDecimals));
        if (arguments.Hash.TryGetValue(currency, out var word))
            return $"{digits} {word}";

        return money.Numbers.CodeFirst ? $"{currency} {digits}" : $"{digits} {currency}";
    }

    public static string NumberOf(in Arguments arguments)
    {
        if (arguments.Length != 1 || arguments[0] is not Variable number)
            throw new TemplateException("{{localNumber …}} needs one variable");

        return number.Numbers.Write(NumberOf(number));
    }

    // The serializer of the bus writes decimals as strings, other producers write numbers.
    static decimal NumberOf(Variable variable)
    {
        var text = variable.Text();
        if (!ExactNumber.TryRead(text, out var number))
            throw new TemplateException($"'{variable.Path}' is not a number");

        return ExactNumber.IsKept(text, number) ? number : throw new TemplateException($"'{variable.Path}' has more digits than can be printed, and is not rounded");
    }

    static Dictionary<string, int> Table(params (int Decimals, string Currencies)[] rows) =>
        rows.SelectMany(row => row.Currencies.Split(' '), (row, currency) => (currency, row.Decimals)).ToDictionary(StringComparer.OrdinalIgnoreCase);
}
