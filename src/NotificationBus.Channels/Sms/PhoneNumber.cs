using System.Collections.Frozen;
using System.Text.RegularExpressions;
using PhoneNumbers;

namespace NotificationBus.Channels.Sms;

/// <summary>A telephone number as it is given to us, and what the numbering plan of its country says of it.</summary>
/// <param name="Refusal">The reason why it reaches nobody; null when its country assigns such numbers.</param>
/// <param name="Country">The country it belongs to, ISO 3166-1 alpha-2; null when it belongs to none, such as a satellite's.</param>
/// <remarks>
/// The plans are those of Google's libphonenumber. A range that was assigned after the version in use is refused until the package is
/// lifted.
/// </remarks>
sealed partial record PhoneNumber(string? Refusal, string? Country)
{
    /// <summary>The reason of what has not even the form.</summary>
    public const string NoE164 = "the number is not in E.164 form, such as +66812345678";

    const int NumbersKept = 2_048;
    const int LongestNumber = 16;

    // Territories that have the code of another country, and its networks: a route for the country is for them too. Those of the codes 1,
    // 7 and 599 go by themselves.
    static readonly FrozenSet<int> CodesOfOneCountry = [39, 44, 47, 61, 212, 262, 358, 590];

    // What the library calls the region of a number that belongs to no country, such as a satellite's.
    const string NoCountry = "001";

    static readonly PhoneNumberUtil Plans = PhoneNumberUtil.GetInstance();
    static readonly RecentAnswers<PhoneNumber> Known = new(Find, NumbersKept, LongestNumber);

    /// <summary>Reads a number.</summary>
    public static PhoneNumber Read(string number) => Known.Of(number);

    /// <summary>True for what has the form of a number of ITU-T E.164: at most 15 digits, the first of a country code is not 0.</summary>
    public static bool IsE164(string number) => E164().IsMatch(number);

    static PhoneNumber Find(string number)
    {
        if (!IsE164(number))
            return new PhoneNumber(NoE164, Country: null);

        try
        {
            var parsed = Plans.Parse(number, defaultRegion: null);
            return new PhoneNumber(Refuse(number, parsed), CountryOf(parsed));
        }
        catch (NumberParseException)
        {
            return new PhoneNumber("the number begins with no country's code", Country: null);
        }
    }

    static string? CountryOf(PhoneNumbers.PhoneNumber parsed)
    {
        var region = CodesOfOneCountry.Contains(parsed.CountryCode)
            ? Plans.GetRegionCodeForCountryCode(parsed.CountryCode)
            : Plans.GetRegionCodeForNumber(parsed);
        return region == NoCountry ? null : region;
    }

    static string? Refuse(string number, PhoneNumbers.PhoneNumber parsed) =>
        Plans.IsPossibleNumberWithReason(parsed) switch
        {
            PhoneNumberUtil.ValidationResult.TOO_SHORT => "the number is too short for its country",
            PhoneNumberUtil.ValidationResult.TOO_LONG => "the number is too long for its country",
            // The library forgives a 0 that is dialled within the country only; no vendor is asked to.
            _ when Plans.Format(parsed, PhoneNumberFormat.E164) != number =>
                "the number has a 0 after its country's code that is not part of it",
            _ => Plans.IsValidNumber(parsed) ? null : "the number is none that its country assigns",
        };

    [GeneratedRegex(@"\A\+[1-9][0-9]{6,14}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex E164();
}
