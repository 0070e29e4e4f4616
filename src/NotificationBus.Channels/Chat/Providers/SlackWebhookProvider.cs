using NotificationBus.Channels.Http;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Chat.Providers;

/// <summary>Slack's incoming webhooks: <c>Providers:{account}</c>. There is nothing that must be set.</summary>
public sealed class SlackWebhookOptions : HttpVendorOptions;

/// <summary>
/// Sends to the incoming webhook of a Slack channel, <c>slack:https://hooks.slack.com/services/…</c>. Source:
/// docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, "Handling errors".
/// </summary>
public sealed class SlackWebhookProvider(string name, SlackWebhookOptions options, TimeProvider clock)
    : ChatWebhookVendor(name, "slack", options, clock)
{
    /// <inheritdoc />
    protected override IReadOnlyList<string> Hosts { get; } = ["hooks.slack.com", "hooks.slack-gov.com"];

    // 500 is rollup_error: "something strange and unusual happened".
    /// <inheritdoc />
    protected override ServerErrors Errors { get; } = ServerErrors.Usual.ButInDoubt("500");

    /// <inheritdoc />
    protected override int LongestText => SlackText.Longest;

    /// <inheritdoc />
    protected override string Escape(string text) => SlackText.Escape(text);

    /// <inheritdoc />
    protected override HttpRequestMessage Request(Delivery delivery) =>
        Post(
            delivery,
            Json(
                new
                {
                    text = Escape(TextOf(delivery)),
                    mrkdwn = false,
                    unfurl_links = false,
                    unfurl_media = false,
                }
            )
        );

    /// <inheritdoc />
    protected override ProviderResult Translate(HttpAnswer answer, Delivery delivery) =>
        (answer.Status, answer.Text.Trim()) switch
        {
            (200, "ok") => new ProviderResult.Accepted(null),
            (
                _,
                "user_not_found"
                    or "channel_not_found"
                    or "channel_is_archived"
                    or "no_service"
                    or "no_service_id"
                    or "no_team"
                    or "team_disabled"
                    or "invalid_token"
            ) => new ProviderResult.Rejected($"{answer}", AddressIsWrong: true),
            (410, _) => new ProviderResult.Rejected($"{answer}", AddressIsWrong: true),
            // An administrator's decision on this one webhook, which he may take back.
            (401 or 403, _) => new ProviderResult.Rejected($"{answer}"),
            _ => ByStatus(answer),
        };
}
