using System.ComponentModel.DataAnnotations;
using NotificationBus.Channels.Http;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Webhook.Providers;

/// <summary>Our own webhooks: <c>Providers:{account}</c>.</summary>
public sealed class WebhookOptions : HttpCallOptions
{
    /// <summary>A receiver of somebody else's gets more time than a vendor.</summary>
    public WebhookOptions() => Timeout = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The signing secret, <c>whsec_</c> and the base64 of 24 to 64 random bytes; never logged. Several, separated by spaces, while it is
    /// changed: every request is signed with all of them. Required.
    /// </summary>
    [Required(ErrorMessage = "must be set to a signing secret: whsec_ and the base64 of 24 to 64 random bytes")]
    public string Secret { get; set; } = "";

    /// <summary>
    /// Allows http, every port, and addresses of private networks, for receivers in the same house. Link-local addresses and the clouds'
    /// metadata services are never called. Default false.
    /// </summary>
    public bool AllowPrivateAddresses { get; set; }

    internal IEnumerable<string> Secrets => ReceiptCheck.Several(Secret);

    /// <inheritdoc />
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!Secrets.Any())
            yield return new ValidationResult("must be set", [nameof(Secret)]);
        else if (!Secrets.All(secret => StandardWebhook.KeyOf(secret) is not null))
            yield return new ValidationResult("must be whsec_ and the base64 of 24 to 64 bytes", [nameof(Secret)]);
    }
}

/// <summary>
/// Posts events to a URL of the recipient's as Standard Webhooks. Whoever receives knows a repetition by its <c>webhook-id</c>, so that
/// what was not answered with a 2xx is sent again, also when it is in doubt, unless its category holds that. An endpoint that fails is its
/// owner's, and speaks neither against the account nor for leaving the other endpoints alone. Source:
/// github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md.
/// </summary>
public sealed class WebhookProvider : HttpVendor
{
    const int LongestBody = 20 * 1024;

    // For an endpoint that asks to be left alone and does not say for how long.
    static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    readonly WebhookOptions _options;
    readonly IReadOnlyList<byte[]> _keys;

    /// <summary>Opens no connection yet.</summary>
    /// <param name="name">The account's name.</param>
    /// <param name="options">The account; validated by whoever bound it.</param>
    /// <param name="clock">Dates the signatures, ends what takes too long, and reads dates in answers.</param>
    public WebhookProvider(string name, WebhookOptions options, TimeProvider clock)
        : this(name, options, clock, new AddressGuard()) { }

    internal WebhookProvider(string name, WebhookOptions options, TimeProvider clock, AddressGuard guard)
        : base(name, "webhook", baseAddress: null, options, clock, guard.Allowing(options.AllowPrivateAddresses))
    {
        _options = options;
        _keys = [.. options.Secrets.Select(StandardWebhook.KeyOf).OfType<byte[]>()];
    }

    /// <inheritdoc />
    protected override IEnumerable<string> Secrets => _options.Secrets;

    /// <inheritdoc />
    protected override bool EndpointIsRecipients => true;

    /// <inheritdoc />
    public override async Task<ProviderResult> Send(Delivery delivery, CancellationToken cancellationToken) =>
        await base.Send(delivery, cancellationToken) switch
        {
            ProviderResult.InDoubt inDoubt => inDoubt with
            {
                Reason = $"{inDoubt.Reason}; the receiver may have it, and knows a repetition by its webhook-id",
                RepetitionIsKnown = true,
            },
            var result => result,
        };

    /// <inheritdoc />
    protected override ProviderResult? Refuse(Delivery delivery) =>
        AddressGuard.Refuse(delivery.Address, _options.AllowPrivateAddresses) is { } wrong ? new ProviderResult.Rejected(wrong)
        : Body(delivery).Headers.ContentLength > LongestBody
            ? new ProviderResult.Declined($"the body is longer than {LongestBody / 1024} KB")
        : null;

    /// <inheritdoc />
    protected override HttpRequestMessage Request(Delivery delivery)
    {
        var request = Post(new Uri(delivery.Address), Body(delivery));
        StandardWebhook.Sign(request, $"{delivery.Id}", Clock.GetUtcNow(), _keys);
        return request;
    }

    /// <inheritdoc />
    protected override bool StatusSaysItAll(int status) => status is >= 200 and < 300;

    /// <inheritdoc />
    protected override ProviderResult Translate(HttpAnswer answer, Delivery delivery) =>
        answer.Status switch
        {
            _ when StatusSaysItAll(answer.Status) => new ProviderResult.Accepted(null),
            410 => new ProviderResult.Rejected($"{answer}: the receiver wants no more of these", AddressIsWrong: true),
            429 or 502 or 504 => new ProviderResult.Unavailable($"{answer}", answer.RetryAfter ?? Pause),
            _ => new ProviderResult.Unavailable($"{answer}", answer.RetryAfter),
        };

    static HttpContent Body(Delivery delivery) =>
        Json(
            new
            {
                type = delivery.Category,
                timestamp = delivery.OccurredAt?.UtcDateTime,
                data = ((WebhookContent)delivery.Content).Data,
            }
        );
}
