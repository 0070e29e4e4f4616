using System.Text.RegularExpressions;

namespace NotificationBus.Channels.Chat;

/// <summary>
/// Text as Slack takes it. Source: docs.slack.dev/messaging/formatting-message-text, "Escaping text". For emoji it knows no way to write them as text, and
/// shows them also where <c>mrkdwn</c> is false: a word joiner behind the colon is not seen, and makes it the name of none (the way of
/// github.com/Seldaek/monolog/issues/1125; what a name may have, by github.com/yhatt/jsx-slack/issues/98).
/// </summary>
static partial class SlackText
{
    /// <summary>The most one message holds; Slack cuts off the rest.</summary>
    public const int Longest = 40_000;

    // What Slack does more than show stands between < and >: mentions of people, of <!channel>, links with another text.
    public static string Escape(string text) => EmojiOrUrl().Replace(text, match => match.Value is ":" ? ":\u2060" : match.Value)
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal);

    // A URL stays as it is: it would lead elsewhere.
    [GeneratedRegex(@"https?://[^\s<>|]+|:(?=[\p{L}\p{M}\p{N}_+'\-＿＋]+:)", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex EmojiOrUrl();
}
