using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace NotificationBus.Channels.Http;

/// <summary>
/// Writes and checks signed tokens (RFC 7515, RFC 7519): three parts in base64url, the last one the signature over the first two.
/// </summary>
static class JsonWebToken
{
    /// <summary>Signs with a key on P-256 (ES256).</summary>
    public static string Sign(ECParameters key, object header, object claims) =>
        Write(
            header,
            claims,
            signed =>
            {
                // One for each signature: an instance is for one thread at a time.
                using var ecdsa = ECDsa.Create(key);
                return ecdsa.SignData(signed, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
            }
        );

    /// <summary>Signs with an RSA key (RS256).</summary>
    public static string Sign(RSAParameters key, object header, object claims) =>
        Write(
            header,
            claims,
            signed =>
            {
                using var rsa = RSA.Create(key);
                return rsa.SignData(signed, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            }
        );

    /// <summary>The claims of a token that one of the secrets has signed (HS256); null when none has.</summary>
    public static JsonElement? Verify(string token, IEnumerable<byte[]> secrets)
    {
        // The header is read to refuse everything else, never to choose: "none" is an algorithm, too.
        if (
            token.Split('.') is not [var header, var claims, var signature]
            || Part(header)?.Find("alg") != "HS256"
            || !Base64Url.IsValid(signature)
        )
        {
            return null;
        }

        var given = Base64Url.DecodeFromChars(signature);
        var signed = Encoding.UTF8.GetBytes($"{header}.{claims}");
        var isSigned = secrets.Aggregate(
            false,
            (found, secret) => found | CryptographicOperations.FixedTimeEquals(given, HMACSHA256.HashData(secret, signed))
        );
        return isSigned ? Part(claims) : null;
    }

    static JsonElement? Part(string text) => Base64Url.IsValid(text) ? JsonPath.Parse(Base64Url.DecodeFromChars(text)) : null;

    static string Write(object header, object claims, Func<byte[], byte[]> sign)
    {
        var signed = $"{Encode(header)}.{Encode(claims)}";
        return $"{signed}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(signed)))}";
    }

    static string Encode(object part) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(part, part.GetType()));
}
