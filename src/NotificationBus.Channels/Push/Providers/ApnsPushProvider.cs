using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using NotificationBus.Channels.Http;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Push.Providers;

/// <summary>The source from which an app was installed, which is where its device tokens hold.</summary>
public enum ApnsEnvironment
{
    /// <summary>The App Store, TestFlight and companies.</summary>
    Production,

    /// <summary>Xcode.</summary>
    Sandbox,
}

/// <summary>An app at Apple Push Notification service: <c>Providers:{account}</c>.</summary>
public sealed class ApnsOptions : HttpVendorOptions
{
    /// <summary>The id of the developer team, 10 characters. Required.</summary>
    public string TeamId { get; set; } = "";

    /// <summary>The id of the key, 10 characters. Required.</summary>
    public string KeyId { get; set; } = "";

    /// <summary>The file with the key, <c>AuthKey_….p8</c>. Required, unless <see cref="Key"/> is set.</summary>
    public string? KeyFile { get; set; }

    /// <summary>The content of such a file, PEM, where secrets come from the environment; never logged. Default: none.</summary>
    public string? Key { get; set; }

    /// <summary>The app's bundle id, such as <c>com.example.shop</c>. Required.</summary>
    public string Topic { get; set; } = "";

    /// <summary>The source from which the app was installed. Default <see cref="ApnsEnvironment.Production"/>.</summary>
    public ApnsEnvironment Environment { get; set; }

    /// <inheritdoc />
    protected override string DefaultUrl =>
        Environment == ApnsEnvironment.Sandbox ? "https://api.sandbox.push.apple.com" : "https://api.push.apple.com";

    internal ECParameters? PrivateKey => ApnsToken.Read(string.IsNullOrEmpty(Key) ? Http.KeyFile.Read(KeyFile) : Key);

    /// <inheritdoc />
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (
            var wrong in base.Validate(validationContext)
                .Concat(MustBeSet(TeamId, nameof(TeamId)))
                .Concat(MustBeSet(KeyId, nameof(KeyId)))
                .Concat(MustBeSet(Topic, nameof(Topic)))
        )
            yield return wrong;

        if (PrivateKey is null)
            yield return new ValidationResult(
                "must be the .p8 file of a key for APNs",
                [string.IsNullOrEmpty(Key) ? nameof(KeyFile) : nameof(Key)]
            );
    }
}

/// <summary>
/// Sends to Apple devices over HTTP/2. Sources: developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns,
/// /handling-notification-responses-from-apns and /establishing-a-token-based-connection-to-apns.
/// </summary>
public sealed class ApnsPushProvider : PushVendor
{
    const int LongestPayload = 4096;

    readonly ApnsOptions _options;
    readonly ApnsToken _token;
    readonly WrongShare _badTokens = new();

    /// <summary>Opens no connection yet.</summary>
    /// <param name="name">The account's name.</param>
    /// <param name="options">The account; validated by whoever bound it.</param>
    /// <param name="clock">Dates tokens, and ends what takes too long.</param>
    public ApnsPushProvider(string name, ApnsOptions options, TimeProvider clock)
        : base(name, PushVendorKind.Apns, options, clock)
    {
        _options = options;
        _token = new ApnsToken(
            options.PrivateKey ?? throw new ArgumentException("there is no key", nameof(options)),
            options.KeyId,
            options.TeamId,
            clock
        );
    }

    // 500 InternalServerError, 503 ServiceUnavailable or Shutdown; Apple asks for a quarter of an hour after a failure of its own.
    /// <inheritdoc />
    protected override ServerErrors Errors { get; } = ServerErrors.Usual.WithPause(TimeSpan.FromMinutes(15));

    /// <inheritdoc />
    protected override string Credentials => "TeamId, KeyId, the key, Topic and Environment, and the clock of this machine";

    /// <inheritdoc />
    protected override Task<ProviderResult> SendTo(Delivery delivery, CancellationToken cancellationToken) =>
        CallWithToken(
            "bearer",
            refused => Task.FromResult<(string?, ProviderResult?)>((_token.Get(refused), null)),
            answer => answer.Status == 403 && answer.Find("reason") == "ExpiredProviderToken",
            delivery,
            cancellationToken
        );

    /// <inheritdoc />
    protected override ProviderResult? Refuse(Delivery delivery) =>
        Payload(delivery).Headers.ContentLength > LongestPayload
            ? new ProviderResult.Declined($"the message is longer than the {LongestPayload} octets APNs takes")
            : null;

    /// <inheritdoc />
    protected override HttpRequestMessage Request(Delivery delivery)
    {
        var request = Post($"/3/device/{delivery.Address}", Payload(delivery));
        (request.Version, request.VersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
        request.Headers.Add("apns-id", $"{delivery.Id}");
        request.Headers.Add("apns-topic", _options.Topic);
        request.Headers.Add("apns-push-type", "alert");
        request.Headers.Add("apns-priority", "10");
        request.Headers.Add("apns-collapse-id", $"{delivery.NotificationId}");
        request.Headers.Add(
            "apns-expiration",
            (Clock.GetUtcNow() + TimeToLive(delivery)).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)
        );
        return request;
    }

    /// <inheritdoc />
    protected override ProviderResult Translate(HttpAnswer answer, Delivery delivery)
    {
        if (answer.Status == 200 && answer.Header("apns-id") is { Length: > 0 and <= 200 } id)
        {
            _badTokens.Right();
            return new ProviderResult.Accepted(id);
        }

        return (answer.Status, answer.Find("reason")) switch
        {
            (410, "Unregistered" or "ExpiredToken") => new ProviderResult.Rejected($"{answer}", AddressIsWrong: SaysSince(answer)),
            (400, "BadDeviceToken") => OfBadToken(answer),
            // Not the token's fault where Topic is wrong, and nobody can tell which of them is.
            (400, "DeviceTokenNotForTopic") => new ProviderResult.Rejected($"{answer}: the token is of another app than Topic"),
            (400, "TopicDisallowed" or "BadCertificate" or "BadCertificateEnvironment") => new ProviderResult.Misconfigured(
                $"{answer}: check {Credentials}"
            ),
            (400, "IdleTimeout") => new ProviderResult.Unavailable($"{answer}"),
            (405, _) => new ProviderResult.Declined($"{answer}"),
            (429, "TooManyRequests") => new ProviderResult.Unavailable($"{answer}", answer.RetryAfter, OnlyThisDelivery: true),
            _ => ByStatus(answer),
        };
    }

    static HttpContent Payload(Delivery delivery)
    {
        var content = (PushContent)delivery.Content;
        return Json(
            new
            {
                // An extension of the app fetches the picture, and gets only what may be changed:
                // /documentation/usernotifications/modifying-content-in-newly-delivered-notifications.
                aps = new Dictionary<string, object?>(StringComparer.Ordinal)
                {
                    ["alert"] = new { title = content.Title, body = content.Body },
                    ["sound"] = "default",
                    ["mutable-content"] = content.Image is null ? null : 1,
                }
                    .Where(one => one.Value is not null)
                    .ToDictionary(StringComparer.Ordinal),
                notificationId = $"{delivery.NotificationId}",
                category = delivery.Category,
                deepLink = content.DeepLink,
                image = content.Image,
                data = content.Data,
            }
        );
    }

    // Since when it is dead. Without it the answer could be older than the app's last registration.
    bool SaysSince(HttpAnswer answer) =>
        long.TryParse(answer.Find("timestamp"), NumberStyles.None, CultureInfo.InvariantCulture, out var since)
        && since <= Clock.GetUtcNow().ToUnixTimeMilliseconds();

    ProviderResult OfBadToken(HttpAnswer answer) =>
        _badTokens.Wrong() switch
        {
            // What a token of the sandbox is called in production, too.
            true => new ProviderResult.Misconfigured($"{answer}, like many others: check Environment"),
            false => new ProviderResult.Rejected($"{answer}", AddressIsWrong: true),
            null => new ProviderResult.Rejected($"{answer}: the token is wrong, or Environment is"),
        };
}
