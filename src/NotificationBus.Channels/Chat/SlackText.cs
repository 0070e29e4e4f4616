namespace NotificationBus.Channels.Chat;

/// <summary>
/// Text as Slack takes it. Source: docs.slack.dev/messaging/formatting-message-text, "Escaping text".
/// </summary>
static class SlackText
{
    /// <summary>The most one message holds; Slack cuts off the rest.</summary>
    public const int Longest = 40_000;

    // What Slack does more than show stands between < and >: mentions of people, of <!channel>, links with another text.
    public static string Escape(string text) => text
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal);
}
