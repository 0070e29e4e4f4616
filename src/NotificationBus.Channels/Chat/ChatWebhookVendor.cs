using NotificationBus.Channels.Http;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Chat;

/// <summary>
/// A chat service that is reached by the URLs of incoming webhooks, one for each place. A user sets them, so that they are called only on
/// the service's own hosts, and with the guard. Such a URL is its own secret: where it is turned away, throttled or silent, the account is
/// as good as before.
/// </summary>
public abstract class ChatWebhookVendor : ChatVendor
{
    readonly Uri? _instead;

    /// <summary>Opens no connection yet.</summary>
    /// <param name="name">The account's name.</param>
    /// <param name="service">The word before the colon in its addresses.</param>
    /// <param name="options">
    /// The account; when it names a <see cref="HttpVendorOptions.Url"/>, the paths of all webhooks are called there.
    /// </param>
    /// <param name="clock">Ends what takes too long, and reads dates in answers.</param>
    protected ChatWebhookVendor(string name, string service, HttpVendorOptions options, TimeProvider clock)
        : base(name, service, options, clock, string.IsNullOrEmpty(options.Url) ? new AddressGuard() : null) =>
        _instead = options.BaseAddress;

    /// <inheritdoc />
    protected sealed override bool ServesUrls => true;

    /// <inheritdoc />
    protected sealed override bool EndpointIsRecipients => true;

    /// <summary>The service's hosts; those below them are its own, too.</summary>
    protected abstract IReadOnlyList<string> Hosts { get; }

    /// <inheritdoc />
    protected override ProviderResult? Refuse(Delivery delivery) =>
        AddressGuard.Refuse(delivery.Address) is { } wrong ? new ProviderResult.Rejected(wrong)
        : !IsOfService(CanonicalUrl.HostOf(new Uri(delivery.Address))) ? new ProviderResult.Rejected($"the URL is not of {Hosts[0]}")
        : base.Refuse(delivery);

    /// <summary>A POST to the delivery's webhook.</summary>
    protected HttpRequestMessage Post(Delivery delivery, HttpContent content, string query = "")
    {
        var url = new UriBuilder(delivery.Address) { Fragment = "" };
        if (query.Length > 0)
            url.Query = url.Query.Length > 1 ? $"{url.Query}&{query}" : query;

        return _instead is null ? Post(url.Uri, content) : Post(url.Uri.PathAndQuery, content);
    }

    bool IsOfService(string host) =>
        Hosts.Any(known =>
            host.Equals(known, StringComparison.OrdinalIgnoreCase) || host.EndsWith($".{known}", StringComparison.OrdinalIgnoreCase)
        );
}
