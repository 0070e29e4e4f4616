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
    static readonly TimeSpan LeastBetween = TimeSpan.FromMinutes(20);

    readonly Lock _lock = new();
    string? _text;
    DateTimeOffset _signedAt;

    /// <summary>
    /// The token in use, or a new one when its time is over or APNs has refused it. Null when it has refused one that is too young for
    /// another: then it is the clock of this machine that is wrong, and a new token would be, too.
    /// </summary>
    public string? Get(string? refused)
    {
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            var isRefused = _text is not null && _text == refused;
            // Both ways: a clock that was wrong is set right.
            var mayFollow = (now - _signedAt).Duration() >= LeastBetween;
            if (isRefused && !mayFollow)
                return null;

            if (_text is null || isRefused || now - _signedAt >= Lifetime)
                (_text, _signedAt) = (
                    JsonWebToken.Sign(key, new { alg = "ES256", kid = keyId }, new { iss = teamId, iat = now.ToUnixTimeSeconds() }),
                    now
                );

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
