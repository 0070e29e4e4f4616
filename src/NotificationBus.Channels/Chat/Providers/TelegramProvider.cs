using System.ComponentModel.DataAnnotations;
using NotificationBus.Channels.Http;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Chat.Providers;

/// <summary>A bot at Telegram: <c>Providers:{account}</c>.</summary>
public sealed class TelegramOptions : HttpVendorOptions
{
    /// <summary>The bot's token, <c>123456:ABC…</c>; never logged. Required.</summary>
    [Required(ErrorMessage = "must be set to the token as BotFather shows it")]
    public string BotToken { get; set; } = "";

    /// <inheritdoc />
    protected override string DefaultUrl => "https://api.telegram.org";

    /// <inheritdoc />
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var wrong in base.Validate(validationContext).Concat(MustBeSet(BotToken, nameof(BotToken))))
            yield return wrong;

        // It is part of the path.
        if (BotToken.AsSpan().IndexOfAny("/?#%\\") >= 0)
            yield return new ValidationResult("must be the token as BotFather shows it", [nameof(BotToken)]);
    }
}

/// <summary>
/// Sends as a Telegram bot, to <c>telegram:{id of a chat}</c> or <c>telegram:@channel</c>. Telegram deduplicates nothing. Sources:
/// core.telegram.org/bots/api (sendMessage, ResponseParameters), core.telegram.org/bots/faq (limits), github.com/TelegramBotAPI/errors.
/// </summary>
public sealed class TelegramProvider(string name, TelegramOptions options, TimeProvider clock)
    : ChatVendor(name, "telegram", options, clock)
{
    readonly ThrottledPlaces _throttled = new(clock);

    /// <inheritdoc />
    protected override int LongestText => 4096;

    /// <inheritdoc />
    protected override string Escape(string text) => TelegramText.Escape(text);

    /// <inheritdoc />
    protected override string Credentials => "BotToken";

    /// <inheritdoc />
    protected override IEnumerable<string> Secrets => [options.BotToken];

    // Without a parse_mode the text is text.
    /// <inheritdoc />
    protected override HttpRequestMessage Request(Delivery delivery) =>
        Post(
            $"/bot{options.BotToken}/sendMessage",
            Json(
                new
                {
                    chat_id = delivery.Address,
                    text = Escape(TextOf(delivery)),
                    link_preview_options = new { is_disabled = true },
                }
            )
        );

    /// <inheritdoc />
    protected override ProviderResult Translate(HttpAnswer answer, Delivery delivery) =>
        answer.Status switch
        {
            200 when answer.Find("ok") == "true" && answer.Id("result.message_id") is { } id => new ProviderResult.Accepted(id),
            400
                when Says(
                    answer,
                    "chat not found",
                    "user not found",
                    "group is deactivated",
                    "upgraded to a supergroup",
                    "chat_id is empty"
                ) => new ProviderResult.Rejected($"{answer}", AddressIsWrong: true),
            // Always of this chat: the bot is known by its token. Who has not written to the bot yet may still do so.
            403 => new ProviderResult.Rejected(
                $"{answer}",
                AddressIsWrong: Says(answer, "bot was blocked", "user is deactivated", "bot was kicked")
            ),
            // A path without a bot.
            404 => new ProviderResult.Misconfigured($"{answer}: check BotToken"),
            // One message a second in a chat, 20 a minute in a group, 30 a second in all (core.telegram.org/bots/faq).
            429 => _throttled.Of(answer, delivery.Address, answer.SecondsAt("parameters.retry_after") ?? answer.RetryAfter),
            _ => ByStatus(answer),
        };

    static bool Says(HttpAnswer answer, params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (answer.Find("description")?.Contains(word, StringComparison.OrdinalIgnoreCase) == true)
                return true;
        }

        return false;
    }
}
