using System.Globalization;

namespace NotificationBus;

/// <summary>Reads numbers as they are written, and knows which of them a decimal does not keep.</summary>
static class ExactNumber
{
    const int DigitsOfDecimal = 28;

    /// <summary>Reads a number; it may have been rounded.</summary>
    public static bool TryRead(string text, out decimal number) =>
        decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number);

    /// <summary>True unless the number was rounded when it was read: then it has other digits than the text.</summary>
    public static bool IsKept(string text, decimal number) =>
        (text.Length <= DigitsOfDecimal && !text.AsSpan().ContainsAny('e', 'E'))
        || Significant(text) == Significant(number.ToString(CultureInfo.InvariantCulture));

    static string Significant(string number) =>
        string.Concat(number.TakeWhile(c => c is not ('e' or 'E')).Where(char.IsAsciiDigit)).Trim('0');
}
