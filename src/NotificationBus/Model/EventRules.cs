using NotificationBus.Contracts;

namespace NotificationBus.Model;

/// <summary>One place of an event, and what is wrong there.</summary>
/// <param name="Path">Where, as JSON spells it.</param>
/// <param name="Error">What the value must be; never the value itself.</param>
public sealed record Breach(string Path, string Error);

/// <summary>Rules for what events are made of; a map says which apply to its event.</summary>
static class EventRules
{
    /// <summary>RFC 5646, section 4.4.1, counts 35 characters for the longest language tag without extensions.</summary>
    public const int LongestLanguageTag = 35;

    const decimal LargestAmount = 999_999_999_999.99m;
    const int MostDecimals = 4;

    /// <summary>A template would print it, and a message with a hole in it is worse than none.</summary>
    public static IEnumerable<Breach> Text(string path, string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            yield return new(path, "must not be blank");
    }

    public static IEnumerable<Breach> Money(string path, Money? money)
    {
        if (money is null)
        {
            yield return new(path, "must not be null");
            yield break;
        }

        if (money.Amount is < 0 or > LargestAmount || decimal.Round(money.Amount, MostDecimals) != money.Amount)
            yield return new($"{path}.amount", $"must be 0 to 999999999999.99 with at most {MostDecimals} decimals");
        if (money.Currency is not { Length: 3 } currency || !currency.All(char.IsAsciiLetterUpper))
            yield return new($"{path}.currency", "must be three capital letters (ISO 4217) such as THB");
    }
}
