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
    const int NumbersKept = 2_048;
    const int LongestNumber = 16;

    // A country by itself, of the library: one of several that share a code has its own; what belongs to no country has this.
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
            return new PhoneNumber("the number is not in E.164 form, such as +66812345678", Country: null);

        try
        {
            var parsed = Plans.Parse(number, defaultRegion: null);
            var country = Plans.GetRegionCodeForNumber(parsed) is { Length: 2 } region and not NoCountry ? region : null;
            return new PhoneNumber(Refuse(number, parsed), country);
        }
        catch (NumberParseException)
        {
            return new PhoneNumber("the number begins with no country's code", Country: null);
        }
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
