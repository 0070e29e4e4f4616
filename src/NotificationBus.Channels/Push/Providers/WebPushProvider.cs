using System.Buffers.Text;
using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using NotificationBus.Channels.Http;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Push.Providers;

/// <summary>A key pair that browsers subscribe with: <c>Providers:{account}</c>.</summary>
public sealed class WebPushOptions : HttpVendorOptions
{
    /// <summary>
    /// The private key of the pair (VAPID), 32 octets in base64url or base64; the web page subscribes with the public one. Never logged.
    /// Required.
    /// </summary>
    public string PrivateKey { get; set; } = "";

    /// <summary>Whom a push service may turn to: <c>mailto:…</c> or <c>https://…</c>. Required.</summary>
    public string Subject { get; set; } = "";

    /// <summary>
    /// The push services that are called, several separated by spaces; <c>*.</c> stands for any name below. Default: those of Chrome,
    /// Firefox, Safari and Edge. Subscriptions come from users: what is not in the list is refused.
    /// </summary>
    public string Hosts { get; set; } = "fcm.googleapis.com updates.push.services.mozilla.com *.push.apple.com *.notify.windows.com";

    /// <summary>
    /// Calls services in networks that are not public, on any port, too: for a push service of one's own; link-local addresses never.
    /// Default false.
    /// </summary>
    public bool AllowPrivateAddresses { get; set; }

    internal ECParameters? Key => WebPushSubscription.Octets(PrivateKey) is { Length: 32 } octets ? Pair(octets) : null;

    /// <inheritdoc />
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var wrong in base.Validate(validationContext))
            yield return wrong;

        if (Key is null)
            yield return new ValidationResult("must be the private key for VAPID: 32 octets in base64url", [nameof(PrivateKey)]);

        if (
            !Uri.TryCreate(Subject, UriKind.Absolute, out var subject)
            || (subject.Scheme != Uri.UriSchemeMailto && subject.Scheme != Uri.UriSchemeHttps)
        )
            yield return new ValidationResult(
                "must be an address such as mailto:ops@example.com or https://example.com/contact",
                [nameof(Subject)]
            );
    }

    static ECParameters? Pair(byte[] secret)
    {
        try
        {
            using var ecdsa = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = secret });
            return ecdsa.ExportParameters(includePrivateParameters: true);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}

/// <summary>
/// Sends to browsers, each through the push service its subscription names. A 201 does not say that the browser still lives. Sources: RFC
/// 8030 (the request), RFC 8188 and RFC 8291 (the body), RFC 8292 (VAPID), and mozilla-services.github.io/autopush-rs (limits and errors).
/// </summary>
public sealed class WebPushProvider : PushVendor
{
    // What also passes the bridges to mobile browsers.
    const int LongestBody = 2700;

    // A push service refuses more than a day.
    static readonly TimeSpan TokenLifetime = TimeSpan.FromHours(12);

    readonly WebPushOptions _options;
    readonly ECParameters _key;
    readonly string _publicKey;
    readonly IReadOnlyList<string> _hosts;
    readonly ConcurrentDictionary<string, WrongShare> _refusals = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Opens no connection yet.</summary>
    /// <param name="name">The account's name.</param>
    /// <param name="options">The account; validated by whoever bound it.</param>
    /// <param name="clock">Dates tokens, and ends what takes too long.</param>
    public WebPushProvider(string name, WebPushOptions options, TimeProvider clock)
        : this(name, options, clock, new AddressGuard()) { }

    internal WebPushProvider(string name, WebPushOptions options, TimeProvider clock, AddressGuard guard)
        : base(name, PushVendorKind.WebPush, options, clock, IsElsewhere(options) ? null : guard.Allowing(options.AllowPrivateAddresses))
    {
        _options = options;
        _key = options.Key ?? throw new ArgumentException("there is no key", nameof(options));
        _publicKey = Base64Url.EncodeToString([4, .. _key.Q.X!, .. _key.Q.Y!]);
        _hosts = ReceiptCheck.Several(options.Hosts);
    }

    // Mozilla's 500, 502 and 503 (errno 201, 202) ask for another try: autopush-rs, docs/errors.md.
    /// <inheritdoc />
    protected override ServerErrors Errors { get; } = ServerErrors.Usual.AlsoNotTaken("502");

    /// <inheritdoc />
    protected override string Credentials => "PrivateKey, Subject, and the clock of this machine";

    /// <inheritdoc />
    protected override IEnumerable<string> Secrets => [_options.PrivateKey];

    // Each subscription names its push service: one that fails or wants to be left alone is not the others.
    /// <inheritdoc />
    protected override bool EndpointIsRecipients => true;

    /// <inheritdoc />
    protected override ProviderResult? Refuse(Delivery delivery)
    {
        if (WebPushSubscription.Read(delivery.Address) is not { } subscription)
            return new ProviderResult.Rejected("the push token is no Web Push subscription", AddressIsWrong: true);

        var endpoint = subscription.Endpoint;
        // Chrome's permanently-removed.invalid takes the place of an endpoint that is gone; no name below .invalid exists (RFC 6761).
        if (IsOf(CanonicalUrl.HostOf(endpoint).TrimEnd('.'), "*.invalid"))
            return new ProviderResult.Rejected("the browser is no longer subscribed", AddressIsWrong: true);

        return AddressGuard.Refuse(endpoint.AbsoluteUri, _options.AllowPrivateAddresses) is { } wrong
                ? new ProviderResult.Rejected($"the endpoint of the subscription: {wrong}")
            : !_options.AllowPrivateAddresses && !_hosts.Any(host => IsOf(CanonicalUrl.HostOf(endpoint), host))
                ? new ProviderResult.Rejected("the endpoint of the subscription is at no push service in Hosts")
            : Text(delivery).Length + 103 > LongestBody
                ? new ProviderResult.Declined($"the message is longer than the {LongestBody} octets push services take")
            : null;
    }

    /// <inheritdoc />
    protected override HttpRequestMessage Request(Delivery delivery)
    {
        var subscription = WebPushSubscription.Read(delivery.Address)!;
        using var key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var body = EncryptedContent.Encrypt(Text(delivery), subscription, key, RandomNumberGenerator.GetBytes(EncryptedContent.SaltLength));
        var content = new ByteArrayContent(body)
        {
            Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream"), ContentEncoding = { "aes128gcm" } },
        };
        var request = IsElsewhere(_options) ? Post(subscription.Endpoint.PathAndQuery, content) : Post(subscription.Endpoint, content);
        var token = JsonWebToken.Sign(
            _key,
            new { typ = "JWT", alg = "ES256" },
            new
            {
                aud = request.RequestUri!.GetLeftPart(UriPartial.Authority),
                exp = (Clock.GetUtcNow() + TokenLifetime).ToUnixTimeSeconds(),
                sub = _options.Subject,
            }
        );
        request.Headers.Add("Authorization", $"vapid t={token}, k={_publicKey}");
        request.Headers.Add("TTL", ((long)TimeToLive(delivery).TotalSeconds).ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("Urgency", "high");
        // At most 32 characters: the same notification again takes the place of one that was not yet delivered.
        request.Headers.Add("Topic", $"{delivery.NotificationId:N}");
        return request;
    }

    /// <inheritdoc />
    protected override bool StatusSaysItAll(int status) => status is 201 or 202;

    /// <inheritdoc />
    protected override ProviderResult Translate(HttpAnswer answer, Delivery delivery)
    {
        if (StatusSaysItAll(answer.Status))
        {
            RefusalsOf(delivery).Right();
            // Location names the message, and is a key to it: whoever knows it may take the message back.
            return new ProviderResult.Accepted(ProviderMessageId: null);
        }

        return answer.Status switch
        {
            404 or 410 => new ProviderResult.Rejected($"{answer}: the browser is no longer subscribed", AddressIsWrong: true),
            401 => Unauthorized(answer, delivery),
            403 => OfOtherKey(answer, delivery),
            _ => ByStatus(answer),
        };
    }

    ProviderResult Unauthorized(HttpAnswer answer, Delivery delivery) =>
        RefusalsOf(delivery).Wrong() is true && IsRefusedEverywhere()
            ? new ProviderResult.Misconfigured($"{answer}, like many others: check {Credentials}")
            : new ProviderResult.Unavailable($"{answer}: if others say so, too, check {Credentials}", answer.RetryAfter);

    ProviderResult OfOtherKey(HttpAnswer answer, Delivery delivery) =>
        RefusalsOf(delivery).Wrong() switch
        {
            true when IsRefusedEverywhere() => new ProviderResult.Misconfigured(
                $"{answer}, like many others: check that browsers subscribe with the public key that belongs to PrivateKey"
            ),
            true => new ProviderResult.Unavailable(
                $"{answer}, like many others of this push service, while another one takes them",
                answer.RetryAfter
            ),
            false => new ProviderResult.Rejected($"{answer}: the browser has subscribed with another key", AddressIsWrong: true),
            null => new ProviderResult.Rejected($"{answer}: the browser has subscribed with another key, or PrivateKey is wrong"),
        };

    // The key is the same for all of them: while one of them takes it, the account is not to blame.
    bool IsRefusedEverywhere() => _refusals.Values.All(service => service.IsMostlyWrong);

    // By the name in Hosts, so that users cannot add to them.
    WrongShare RefusalsOf(Delivery delivery)
    {
        var host = CanonicalUrl.HostOf(WebPushSubscription.Read(delivery.Address)!.Endpoint);
        return _refusals.GetOrAdd(_hosts.FirstOrDefault(pattern => IsOf(host, pattern)) ?? "", _ => new WrongShare());
    }

    static bool IsElsewhere(WebPushOptions options) => !string.IsNullOrEmpty(options.Url);

    static bool IsOf(string host, string pattern) =>
        pattern.StartsWith("*.", StringComparison.Ordinal)
            ? host.EndsWith(pattern[1..], StringComparison.OrdinalIgnoreCase)
            : host.Equals(pattern, StringComparison.OrdinalIgnoreCase);

    // What the page's service worker gets; it shows a message with the same tag in the place of an earlier one.
    static byte[] Text(Delivery delivery)
    {
        var content = (PushContent)delivery.Content;
        return JsonBytes(
            new
            {
                title = content.Title,
                body = content.Body,
                tag = $"{delivery.NotificationId}",
                notificationId = $"{delivery.NotificationId}",
                category = delivery.Category,
                deepLink = content.DeepLink,
                image = content.Image,
                data = content.Data,
            }
        );
    }
}
