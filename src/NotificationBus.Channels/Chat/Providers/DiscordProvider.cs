using NotificationBus.Channels.Http;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Chat.Providers;

/// <summary>Webhooks of Discord: <c>Providers:{account}</c>. There is nothing that must be set.</summary>
public sealed class DiscordOptions : HttpVendorOptions;

/// <summary>
/// Sends to the webhook of a Discord channel, <c>discord:https://discord.com/api/webhooks/…</c>. Sources:
/// docs.discord.com/developers/resources/webhook (Execute Webhook), /resources/message (allowed mentions), /topics/rate-limits and
/// /topics/opcodes-and-status-codes.
/// </summary>
public sealed class DiscordProvider(string name, DiscordOptions options, TimeProvider clock)
    : ChatWebhookVendor(name, "discord", options, clock)
{
    // Nobody else's page is shown below the text (resources/message, "Message Flags").
    const int SuppressEmbeds = 1 << 2;

    /// <inheritdoc />
    protected override IReadOnlyList<string> Hosts { get; } = ["discord.com", "discordapp.com"];

    // 502: "there was not a gateway available to process your request" (opcodes-and-status-codes, "HTTP").
    /// <inheritdoc />
    protected override ServerErrors Errors { get; } = ServerErrors.Usual.AlsoNotTaken("502");

    /// <inheritdoc />
    protected override int LongestText => 2000;

    // Only an answer that was waited for says whether the message is there.
    /// <inheritdoc />
    protected override HttpRequestMessage Request(Delivery delivery) =>
        Post(
            delivery,
            Json(
                new
                {
                    content = Escape(TextOf(delivery)),
                    allowed_mentions = new { parse = Array.Empty<string>() },
                    flags = SuppressEmbeds,
                }
            ),
            "wait=true"
        );

    /// <inheritdoc />
    protected override string Escape(string text) => DiscordText.Escape(text);

    /// <inheritdoc />
    protected override ProviderResult Translate(HttpAnswer answer, Delivery delivery) =>
        (answer.Status, answer.Find("code")) switch
        {
            (200, _) when answer.Id("id") is { } id => new ProviderResult.Accepted(id),
            (204, _) => new ProviderResult.Accepted(null),
            // Unknown Webhook, Unknown Channel; Invalid Webhook Token.
            (404, _) or (401, _) or (_, "10003" or "10015" or "50027") => new ProviderResult.Rejected($"{answer}", AddressIsWrong: true),
            // Each webhook has a limit of its own; the one of the whole account is called global.
            (429, _) when answer.Find("global") == "false" => new ProviderResult.Unavailable($"{answer}", WaitOf(answer)),
            (429, _) => new ProviderResult.Throttled($"{answer}", WaitOf(answer)),
            _ => ByStatus(answer),
        };

    static TimeSpan? WaitOf(HttpAnswer answer) =>
        answer.SecondsAt("retry_after") ?? answer.RetryAfter ?? answer.Seconds("X-RateLimit-Reset-After");
}
