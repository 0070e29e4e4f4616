using System.Text.RegularExpressions;

using NotificationBus.Channels.Http;

namespace NotificationBus.Channels.Chat;

/// <summary>An address of the chat channel: a service, and where on it.</summary>
/// <param name="Service">The service, such as <c>slack</c>.</param>
/// <param name="Place">What the service calls the place, or the URL of an incoming webhook that belongs to it.</param>
sealed partial record ChatAddress(string Service, string Place)
{
    /// <summary>True when the place is a URL.</summary>
    public bool IsUrl => Place.Contains("://", StringComparison.Ordinal);

    /// <summary>
    /// The one form of it: URLs may be written in several ways, and Telegram's names of channels in small and capital letters.
    /// </summary>
    public string Canonical => $"{Service}:{CanonicalPlace}";

    /// <summary>The two halves of <c>slack:C0123456789</c>; null when it is no such thing.</summary>
    public static ChatAddress? Parse(string address) => Form().Match(address) is { Success: true } match
        ? new ChatAddress(match.Groups["service"].Value, match.Groups["place"].Value)
        : null;

    string CanonicalPlace => IsUrl ? CanonicalOf(CanonicalUrl.Of(Place))
        : Service == "telegram" && Place.StartsWith('@') ? Place.ToLowerInvariant()
        : Place;

    // Discord's webhook is its id and its token, on whichever of its hosts and in whichever version; what it answers and in whose words
    // does not matter. A thread is another place.
    string CanonicalOf(string url) => Service == "discord" && DiscordWebhook().Match(url) is { Success: true } match
        ? $"https://discord.com/api/webhooks/{match.Groups["webhook"].Value}"
            + (match.Groups["thread"] is { Success: true } thread ? $"?{thread.Value}" : "")
        : url;

    [GeneratedRegex(
        @"\Ahttps?://([a-z0-9-]+\.)*discord(app)?\.com/api/(v[0-9]+/)?webhooks/(?<webhook>[0-9]+/[^/?]+)(/[^?]*)?"
            + @"(\?(.*&)?(?<thread>thread_id=[^&]*)?(&.*)?|\?.*)?\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex DiscordWebhook();

    [GeneratedRegex(
        @"\A(?<service>[a-z][a-z0-9-]{0,39}):(?<place>[^\s\p{C}]+)\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Form();
}
