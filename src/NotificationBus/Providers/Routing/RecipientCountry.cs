using NotificationBus.Contracts;
using NotificationBus.Model;

namespace NotificationBus.Providers.Routing;

/// <summary>The country that a recipient is in, as far as anybody has said.</summary>
static class RecipientCountry
{
    /// <summary>
    /// Reads the country off the address, where it says it; else takes what the event has said; else the region of the locale. Null when
    /// nobody knows.
    /// </summary>
    public static string? Of(IChannel channel, SendDelivery command) =>
        channel.CountryOf(command.Address) ?? command.Country ?? RegionOf(command.Locale);

    /// <summary>The region in a BCP 47 language tag: TH of <c>th-TH</c>, TW of <c>zh-Hant-TW</c>; null when it has none.</summary>
    internal static string? RegionOf(string? locale) =>
        locale
            ?.Split('-')
            .Skip(1)
            // Behind a single letter come extensions, in which two letters are no region.
            .TakeWhile(part => part.Length > 1)
            .FirstOrDefault(part => part.Length == 2 && part.All(char.IsAsciiLetter))
            ?.ToUpperInvariant();
}
