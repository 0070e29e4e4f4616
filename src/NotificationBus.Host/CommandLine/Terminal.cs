using System.Text;

namespace NotificationBus.Host.CommandLine;

/// <summary>Text of others on a terminal, which it must not command.</summary>
static class Terminal
{
    /// <summary>
    /// The text, its control characters and those that turn the direction of reading (UAX #9) replaced. Ends of lines and tabs stay.
    /// </summary>
    public static string Safe(string text) =>
        text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0
            ? text
            : string.Concat(text.EnumerateRunes().Select(rune => IsSafe(rune) ? rune : Rune.ReplacementChar));

    static bool IsSafe(Rune rune) =>
        rune.Value is '\n' or '\r' or '\t'
        || !(Rune.IsControl(rune) || rune.Value is >= 0x202A and <= 0x202E or >= 0x2066 and <= 0x2069 or 0x200E or 0x200F or 0x061C);
}
