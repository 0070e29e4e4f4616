using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using NotificationBus.Channels.Http;

namespace NotificationBus.Channels.Push;

/// <summary>Where a browser is reached, and the keys to write to it (RFC 8030, RFC 8291).</summary>
/// <param name="Endpoint">The browser's push service. Anybody may have written it: https, and nothing else is known of it.</param>
/// <param name="PublicKey">An uncompressed point on P-256, 65 octets.</param>
/// <param name="Secret">The authentication secret, 16 octets.</param>
sealed record WebPushSubscription(Uri Endpoint, byte[] PublicKey, byte[] Secret)
{
    // Which of two endpoints is meant, each reader would say otherwise.
    static readonly JsonDocumentOptions EachNameOnce = new() { AllowDuplicateProperties = false };

    const int SubscriptionsKept = 256;
    const int LongestKept = 4_096;

    static readonly RecentAnswers<WebPushSubscription?> Known = new(Parse, SubscriptionsKept, LongestKept);

    /// <summary>Reads what <c>JSON.stringify(subscription)</c> writes; null when it is something else.</summary>
    public static WebPushSubscription? Read(string text) => Known.Of(text);

    static WebPushSubscription? Parse(string text)
    {
        if (JsonPath.Parse(Encoding.UTF8.GetBytes(text), EachNameOnce) is not { ValueKind: JsonValueKind.Object } json)
            return null;

        return
            Uri.TryCreate(json.Find("endpoint"), UriKind.Absolute, out var endpoint)
            && endpoint.Scheme == Uri.UriSchemeHttps
            && Octets(json.Find("keys.p256dh")) is { Length: 65 } key
            && IsPoint(key)
            && Octets(json.Find("keys.auth")) is { Length: 16 } secret
            ? new WebPushSubscription(endpoint, key, secret)
            : null;
    }

    /// <summary>The public key as the framework takes it.</summary>
    public static ECParameters Point(byte[] key) => new() { Curve = ECCurve.NamedCurves.nistP256, Q = { X = key[1..33], Y = key[33..] } };

    /// <summary>The octets of base64, in its URL form or with the standard alphabet (RFC 4648, sections 5 and 4), or null.</summary>
    public static byte[]? Octets(string? text) =>
        text?.Replace('+', '-').Replace('/', '_') is { } inUrl && Base64Url.IsValid(inUrl) ? Base64Url.DecodeFromChars(inUrl) : null;

    // A key off the curve would give a secret that everybody can guess.
    static bool IsPoint(byte[] key)
    {
        if (key[0] != 4)
            return false;

        try
        {
            using var point = ECDiffieHellman.Create(Point(key));
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
