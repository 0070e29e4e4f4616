using System.ComponentModel.DataAnnotations;
using System.Net.Http.Headers;
using NotificationBus.Channels.Http;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Chat.Providers;

/// <summary>A bot at Slack: <c>Providers:{account}</c>.</summary>
public sealed class SlackOptions : HttpVendorOptions
{
    /// <summary>The bot's token, <c>xoxb-…</c>, with the scope <c>chat:write</c>; never logged. Required.</summary>
    [Required(ErrorMessage = "must be set to the bot's token, xoxb-…")]
    public string BotToken { get; set; } = "";

    /// <inheritdoc />
    protected override string DefaultUrl => "https://slack.com";

    /// <inheritdoc />
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        base.Validate(validationContext).Concat(MustBeSet(BotToken, nameof(BotToken)));
}

/// <summary>
/// Sends as a Slack bot, to <c>slack:{id of a channel or user}</c>. Slack answers 200 to nearly everything, and deduplicates nothing.
/// Sources: docs.slack.dev/reference/methods/chat.postMessage (errors) and docs.slack.dev/apis/web-api/rate-limits.
/// </summary>
public sealed class SlackProvider(string name, SlackOptions options, TimeProvider clock) : ChatVendor(name, "slack", options, clock)
{
    readonly ThrottledPlaces _throttled = new(clock);

    /// <inheritdoc />
    protected override int LongestText => SlackText.Longest;

    /// <inheritdoc />
    protected override string Escape(string text) => SlackText.Escape(text);

    // Of internal_error and fatal_error Slack says that some aspect of the operation may have succeeded.
    /// <inheritdoc />
    protected override ServerErrors Errors { get; } = ServerErrors.Usual.ButInDoubt("500");

    /// <inheritdoc />
    protected override string Credentials => "BotToken and its scopes";

    /// <inheritdoc />
    protected override HttpRequestMessage Request(Delivery delivery)
    {
        var request = Post(
            "/api/chat.postMessage",
            Json(
                new
                {
                    channel = delivery.Address,
                    text = Escape(TextOf(delivery)),
                    mrkdwn = false,
                    parse = "none",
                    link_names = false,
                    unfurl_links = false,
                    unfurl_media = false,
                }
            )
        );
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", options.BotToken);
        return request;
    }

    /// <inheritdoc />
    protected override ProviderResult Translate(HttpAnswer answer, Delivery delivery) =>
        (answer.Status, answer.Find("ok"), answer.Find("error")) switch
        {
            (200, "true", _) when answer.Id("ts") is { } id => new ProviderResult.Accepted(id),
            // Of the whole workspace; all others may be of this one channel, which takes a message a second.
            (200 or 429, _, "message_limit_exceeded") => new ProviderResult.Throttled($"{answer}", answer.RetryAfter),
            (200, _, "ratelimited" or "rate_limited") or (429, _, _) => _throttled.Of(answer, delivery.Address, answer.RetryAfter),
            // "It's possible some aspect of the operation succeeded."
            (200, "false", "fatal_error" or "internal_error") => new ProviderResult.InDoubt($"{answer}"),
            // Down for the moment; or the body of the request did not come whole.
            (200, "false", "service_unavailable" or "request_timeout") => new ProviderResult.Unavailable($"{answer}", answer.RetryAfter),
            (200, "false", "channel_not_found" or "is_archived" or "user_not_found") => new ProviderResult.Rejected(
                $"{answer}",
                AddressIsWrong: true
            ),
            // Somebody can invite the bot, and the same address works.
            (200, "false", "not_in_channel") => new ProviderResult.Declined($"{answer}: invite the bot to the channel"),
            (
                200,
                "false",
                "not_authed"
                    or "invalid_auth"
                    or "token_revoked"
                    or "token_expired"
                    or "account_inactive"
                    or "missing_scope"
                    or "no_permission"
                    or "not_allowed_token_type"
                    or "access_denied"
                    or "accesslimited"
                    or "org_login_required"
                    or "ekm_access_denied"
                    or "team_access_not_granted"
                    or "two_factor_setup_required"
            ) => new ProviderResult.Misconfigured($"{answer}: check {Credentials}"),
            (200, "false", not null) => new ProviderResult.Declined($"{answer}"),
            (404, _, _) => new ProviderResult.Misconfigured($"{answer}: check Url"),
            _ => ByStatus(answer),
        };
}
