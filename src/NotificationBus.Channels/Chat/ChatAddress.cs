using System.Globalization;
using System.Text.RegularExpressions;
using NotificationBus.Channels.Http;

namespace NotificationBus.Channels.Chat;

/// <summary>An address of the chat channel: a service, and where on it.</summary>
/// <param name="service">The service, such as <c>slack</c>.</param>
/// <param name="place">What the service calls the place, or the URL of an incoming webhook that belongs to it.</param>
sealed partial class ChatAddress(string service, string place)
{
    const int LongestService = 40;
    const int AddressesKept = 256;
    const int LongestKept = 2_048;

    static readonly RecentAnswers<ChatAddress?> Known = new(Read, AddressesKept, LongestKept);

    readonly Lazy<string?> _refusal = new(() => place.Contains("://", StringComparison.Ordinal) ? AddressGuard.Refuse(place) : null);

    /// <summary>The service, such as <c>slack</c>.</summary>
    public string Service => service;

    /// <summary>What the service calls the place, or the URL of an incoming webhook that belongs to it.</summary>
    public string Place => place;

    /// <summary>True when the place is a URL.</summary>
    public bool IsUrl => Place.Contains("://", StringComparison.Ordinal);

    /// <summary>
    /// The one form of it: URLs may be written in several ways, and Telegram's names of channels in small and capital letters.
    /// </summary>
    public string Canonical => field ??= $"{Service}:{CanonicalPlace}";

    /// <summary>The reason why nothing can be sent to it, or null.</summary>
    public string? Refusal => _refusal.Value;

    /// <summary>The two halves of <c>slack:C0123456789</c>; null when it is no such thing.</summary>
    public static ChatAddress? Parse(string address) => Known.Of(address);

    static ChatAddress? Read(string address)
    {
        var colon = address.IndexOf(':', StringComparison.Ordinal);
        if (colon is < 1 or > LongestService || colon == address.Length - 1 || !char.IsAsciiLetterLower(address[0]))
            return null;
        foreach (var c in address.AsSpan(0, colon))
        {
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-')
                return null;
        }

        foreach (var c in address.AsSpan(colon + 1))
        {
            if (!IsVisible(c))
                return null;
        }

        return new ChatAddress(address[..colon], address[(colon + 1)..]);
    }

    static bool IsVisible(char c) =>
        char.IsAscii(c)
            ? c is > ' ' and < '\u007f'
            : !char.IsWhiteSpace(c)
                && char.GetUnicodeCategory(c)
                    is not (
                        UnicodeCategory.Control
                        or UnicodeCategory.Format
                        or UnicodeCategory.Surrogate
                        or UnicodeCategory.PrivateUse
                        or UnicodeCategory.OtherNotAssigned
                    );

    string CanonicalPlace =>
        IsUrl ? CanonicalOf(CanonicalUrl.Of(Place))
        : Service == "telegram" && Place.StartsWith('@') ? Place.ToLowerInvariant()
        : Place;

    // Discord's webhook is its id and its token, on whichever of its hosts and in whichever version; what it answers and in whose words
    // does not matter. A thread is another place.
    string CanonicalOf(string url) =>
        Service == "discord" && DiscordWebhook().Match(url) is { Success: true } match
            ? $"https://discord.com/api/webhooks/{match.Groups["webhook"].Value}"
                + (match.Groups["thread"] is { Success: true } thread ? $"?{thread.Value}" : "")
            : url;

    [GeneratedRegex(
        @"\Ahttps?://([a-z0-9-]+\.)*discord(app)?\.com/api/(v[0-9]+/)?webhooks/(?<webhook>[0-9]+/[^/?]+)(/[^?]*)?"
            + @"(\?(.*&)?(?<thread>thread_id=[^&]*)?(&.*)?|\?.*)?\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex DiscordWebhook();
}
