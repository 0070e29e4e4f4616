using NotificationBus.Channels.Http;
using NotificationBus.Contracts;
using NotificationBus.Model;

namespace NotificationBus.Channels.Push;

/// <summary>A message on the lock screen of each of the recipient's devices.</summary>
public sealed class PushChannel : IChannel
{
    const int LongestToken = 4096;

    /// <inheritdoc />
    public string Name => "push";

    /// <inheritdoc />
    public int? AddressLimit => 100;

    /// <inheritdoc />
    public IReadOnlyList<TemplatePart> Parts { get; } = [new("title") { IsOneLine = true, Longest = 200 }, new("body") { Longest = 4_000 }];

    /// <inheritdoc />
    public IEnumerable<string> AddressesOf(Contact recipient) =>
        recipient
            .PushTokens.Where(token => !string.IsNullOrEmpty(token))
            .DistinctBy(token => (PushAddress.Of(token).Vendor, Canonical(token)));

    /// <inheritdoc />
    public string? Refuse(string address) =>
        address.Length > LongestToken
            ? $"the push token is longer than {LongestToken} characters"
            : PushAddress.Of(address) switch
            {
                { Vendor: PushVendorKind.WebPush } => WebPushSubscription.Read(address) is { } subscription
                    ? RefuseEndpoint(subscription.Endpoint)
                    : "the push token is no Web Push subscription: endpoint with https, keys.p256dh and keys.auth",
                { Token.Length: 0 } => "the push token is empty",
                { Vendor: PushVendorKind.Apns, Token: var token } when !token.All(char.IsAsciiHexDigit) =>
                    "the device token of APNs is not hexadecimal",
                { Token: var token } when token.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)) =>
                    "the push token has spaces or control characters",
                _ => null,
            };

    // Whether private networks are allowed is the account's to say.
    static string? RefuseEndpoint(Uri endpoint) =>
        AddressGuard.Refuse(endpoint.AbsoluteUri, allowPrivateAddresses: true) is { } wrong
            ? $"the endpoint of the subscription: {wrong}"
            : null;

    /// <inheritdoc />
    /// <remarks>A browser names its subscription by the endpoint; what else stands in it comes and goes.</remarks>
    public string Canonical(string address) =>
        PushAddress.Of(address) switch
        {
            { Vendor: PushVendorKind.WebPush } => WebPushSubscription.Read(address) is { } subscription
                ? CanonicalUrl.Of(subscription.Endpoint.AbsoluteUri)
                : address,
            { Vendor: PushVendorKind.Apns, Token: var token } => token.ToLowerInvariant(),
            { Token: var token } => token,
        };

    /// <inheritdoc />
    public Content Fill(IReadOnlyDictionary<string, string> parts) =>
        new PushContent(parts["title"].Trim(), parts["body"].Trim())
        {
            DeepLink = parts.GetValueOrDefault(PushContent.DeepLinkPart),
            Image = parts.GetValueOrDefault(PushContent.ImagePart),
            Data = PushContent.ReadData(parts.GetValueOrDefault(PushContent.DataPart)),
        };

    /// <inheritdoc />
    public IEnumerable<Breach> CheckExtras(MessageExtras extras, Contact recipient) =>
        extras.Push is { } push ? PushExtrasRules.Check(push) : [];

    /// <inheritdoc />
    public IReadOnlyList<ContentPart> ExtrasOf(MessageExtras extras) =>
        extras.Push is { } push ? PushContent.WriteExtras(push.DeepLink, push.Image, push.Data) : [];
}
