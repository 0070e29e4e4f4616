using System.Security.Cryptography;

using NotificationBus.Channels.Http;

namespace NotificationBus.Channels.Push;

/// <summary>
/// The token a provider proves itself to APNs with. One is refused after an hour, and so is whoever signs another more often than every 20
/// minutes. Source: developer.apple.com/documentation/usernotifications/establishing-a-token-based-connection-to-apns.
/// </summary>
sealed class ApnsToken(ECParameters key, string keyId, string teamId, TimeProvider clock)
{
    static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(50);

    readonly Lock _lock = new();
    string? _text;
    DateTimeOffset _end;

    /// <summary>The token in use, or a new one when its time is over or APNs has refused it.</summary>
    public string Get(string? refused)
    {
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            if (_text is null || _text == refused || now >= _end)
                (_text, _end) = (JsonWebToken.Sign(key, new { alg = "ES256", kid = keyId }, new { iss = teamId, iat = now.ToUnixTimeSeconds() }), now + Lifetime);

            return _text;
        }
    }

    /// <summary>The private key in a .p8 file; null when it is none on P-256.</summary>
    public static ECParameters? Read(string? pem)
    {
        try
        {
            using var ecdsa = ECDsa.Create();
            ecdsa.ImportFromPem(pem);
            return ecdsa.KeySize == 256 ? ecdsa.ExportParameters(includePrivateParameters: true) : null;
        }
        catch (Exception exception) when (exception is ArgumentException or CryptographicException)
        {
            return null;
        }
    }
}
