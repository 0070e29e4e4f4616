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

    /// <summary>The one form of it: URLs may be written in several ways, and Telegram's names of channels in small and capital letters.</summary>
    public string Canonical =>
        $"{Service}:{(IsUrl ? CanonicalUrl.Of(Place) : Service == "telegram" && Place.StartsWith('@') ? Place.ToLowerInvariant() : Place)}";

    /// <summary>The two halves of <c>slack:C0123456789</c>; null when it is no such thing.</summary>
    public static ChatAddress? Parse(string address) =>
        Form().Match(address) is { Success: true } match ? new ChatAddress(match.Groups["service"].Value, match.Groups["place"].Value) : null;

    [GeneratedRegex(@"\A(?<service>[a-z][a-z0-9-]{0,39}):(?<place>[^\s\p{C}]+)\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Form();
}
