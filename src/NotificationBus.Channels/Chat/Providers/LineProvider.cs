using System.ComponentModel.DataAnnotations;
using System.Net.Http.Headers;
using System.Text.Json;
using NotificationBus.Channels.Http;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Chat.Providers;

/// <summary>A channel of LINE's Messaging API: <c>Providers:{account}</c>.</summary>
public sealed class LineOptions : HttpVendorOptions
{
    /// <summary>The channel access token; never logged. Required.</summary>
    [Required(ErrorMessage = "must be set to the channel access token")]
    public string ChannelAccessToken { get; set; } = "";

    /// <inheritdoc />
    protected override string DefaultUrl => "https://api.line.me";

    /// <inheritdoc />
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        base.Validate(validationContext).Concat(MustBeSet(ChannelAccessToken, nameof(ChannelAccessToken)));
}

/// <summary>
/// Pushes through LINE, to <c>line:{id of a user, group or room}</c>. LINE does nothing twice under one retry key. Who has blocked the
/// account is accepted all the same. Sources: developers.line.biz/en/docs/messaging-api/retrying-api-request and
/// /en/reference/messaging-api (push message, status codes, error messages).
/// </summary>
public sealed class LineProvider(string name, LineOptions options, TimeProvider clock) : ChatVendor(name, "line", options, clock)
{
    /// <inheritdoc />
    protected override int LongestText => 5000;

    // After any 5xx the message may have been delivered: /en/docs/messaging-api/retrying-api-request, which keeps retry keys for a day.
    /// <inheritdoc />
    protected override ServerErrors Errors { get; } = ServerErrors.AllInDoubt;

    /// <inheritdoc />
    public override TimeSpan? KnowsRepetitionFor => TimeSpan.FromHours(24);

    /// <inheritdoc />
    protected override string Credentials => "ChannelAccessToken and the plan of the account";

    /// <inheritdoc />
    protected override HttpRequestMessage Request(Delivery delivery)
    {
        var request = Post(
            "/v2/bot/message/push",
            Json(new { to = delivery.Address, messages = new[] { new { type = "text", text = TextOf(delivery) } } })
        );
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", options.ChannelAccessToken);
        request.Headers.Add("X-Line-Retry-Key", $"{delivery.Id}");
        return request;
    }

    /// <inheritdoc />
    protected override ProviderResult Translate(HttpAnswer answer, Delivery delivery) =>
        answer.Status switch
        {
            200 when answer.Json?.ValueKind == JsonValueKind.Object => new ProviderResult.Accepted(
                answer.Id("sentMessages.0.id") ?? answer.Header("X-Line-Request-Id")
            ),
            // An earlier try has got through.
            409 => new ProviderResult.Accepted(answer.Id("sentMessages.0.id") ?? answer.Header("X-Line-Accepted-Request-Id")),
            400 when answer.Find("message")?.Contains("'to'", StringComparison.Ordinal) == true => new ProviderResult.Rejected(
                $"{answer}",
                AddressIsWrong: true
            ),
            404 => new ProviderResult.Misconfigured($"{answer}: check Url"),
            // Nothing that passes by itself within a delivery's life.
            429 when answer.Find("message")?.Contains("monthly limit", StringComparison.OrdinalIgnoreCase) == true =>
                new ProviderResult.Misconfigured($"{answer}: check the plan of the account"),
            _ => ByStatus(answer),
        };
}
