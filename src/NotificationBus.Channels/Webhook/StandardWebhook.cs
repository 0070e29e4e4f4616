using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NotificationBus.Channels.Http;

namespace NotificationBus.Channels.Webhook;

/// <summary>
/// The signatures of Standard Webhooks 1.0.0, with shared secrets. Source: github.com/standard-webhooks/standard-webhooks,
/// spec/standard-webhooks.md.
/// </summary>
static class StandardWebhook
{
    const int ShortestKey = 24;
    const int LongestKey = 64;

    /// <summary>The key in a secret, <c>whsec_</c> and the base64 of 24 to 64 bytes; null when it is none.</summary>
    public static byte[]? KeyOf(string secret) =>
        secret.StartsWith(SvixSignature.Prefix, StringComparison.Ordinal)
        && SvixSignature.KeyOf(secret) is { Length: >= ShortestKey and <= LongestKey } key
            ? key
            : null;

    /// <summary>Adds the three headers to a request.</summary>
    /// <param name="request">The request; its body is signed as it is.</param>
    /// <param name="id">The same on every try. Without a full stop.</param>
    /// <param name="now">The time of this try.</param>
    /// <param name="keys">All keys that a receiver may still have.</param>
    public static void Sign(HttpRequestMessage request, string id, DateTimeOffset now, IEnumerable<byte[]> keys)
    {
        using var body = new MemoryStream();
        request.Content!.CopyTo(body, context: null, CancellationToken.None);
        var timestamp = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. body.ToArray()];

        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", timestamp);
        request.Headers.TryAddWithoutValidation(
            "webhook-signature",
            string.Join(' ', keys.Select(key => $"v1,{Convert.ToBase64String(HMACSHA256.HashData(key, signed))}"))
        );
    }
}
