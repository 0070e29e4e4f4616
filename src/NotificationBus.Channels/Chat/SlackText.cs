using System.Text.RegularExpressions;

namespace NotificationBus.Channels.Chat;

/// <summary>
/// Text as Slack takes it. Source: docs.slack.dev/messaging/formatting-message-text, "Escaping text". For emoji it knows no way to write
/// them as text, and shows them also where <c>mrkdwn</c> is false: a word joiner behind the colon is not seen, and makes it the name of
/// none (the way of github.com/Seldaek/monolog/issues/1125; what a name may have, by github.com/yhatt/jsx-slack/issues/98).
/// </summary>
static partial class SlackText
{
    /// <summary>The most one message holds; Slack cuts off the rest.</summary>
    public const int Longest = 40_000;

    // What Slack does more than show stands between < and >: mentions of people, of <!channel>, links with another text.
    public static string Escape(string text) =>
        ColonOrUrl()
            .Replace(text, match => IsEmoji(match, text) ? $":\u2060{match.ValueSpan[1..]}" : match.Value)
            .Replace("&", "&amp;", StringComparison.Ordinal)
            .Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace(">", "&gt;", StringComparison.Ordinal);

    // The colon behind a name may begin the next.
    static bool IsEmoji(Match match, string text) =>
        match.ValueSpan[0] == ':' && match.Index + match.Length < text.Length && text[match.Index + match.Length] == ':';

    // A URL stays as it is: it would lead elsewhere. Without a host it is none. Letters beyond the first plane come in two halves, and some
    // have a joiner.
    [GeneratedRegex(
        @"https?://[\p{L}\p{M}\p{N}._-]+(:[0-9]+)?([/?#][^\s<>|]*)?|:[\p{L}\p{M}\p{N}\p{Cs}\p{Cf}_+'\-＿＋]+",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.NonBacktracking
    )]
    private static partial Regex ColonOrUrl();
}
