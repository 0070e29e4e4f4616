using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace NotificationBus.Emulators;

/// <summary>How vendors prove that a report is theirs.</summary>
static class Signatures
{
    /// <summary>SendGrid's: ECDSA over time and body.</summary>
    public static IReadOnlyList<(string Name, string Value)> SendGrid(string body, DateTimeOffset at, ECDsa key)
    {
        var timestamp = $"{at.ToUnixTimeSeconds()}";
        var signature = key.SignData(
            Encoding.UTF8.GetBytes(timestamp + body),
            HashAlgorithmName.SHA256,
            DSASignatureFormat.Rfc3279DerSequence
        );
        return
        [
            ("X-Twilio-Email-Event-Webhook-Signature", Convert.ToBase64String(signature)),
            ("X-Twilio-Email-Event-Webhook-Timestamp", timestamp),
        ];
    }

    /// <summary>Svix's, which Resend uses: HMAC over id, time and body.</summary>
    public static IReadOnlyList<(string Name, string Value)> Svix(string id, string body, DateTimeOffset at, string secret)
    {
        var timestamp = $"{at.ToUnixTimeSeconds()}";
        var signature = HMACSHA256.HashData(
            Convert.FromBase64String(secret["whsec_".Length..]),
            Encoding.UTF8.GetBytes($"{id}.{timestamp}.{body}")
        );
        return [("svix-id", id), ("svix-timestamp", timestamp), ("svix-signature", $"v1,AAAA v1,{Convert.ToBase64String(signature)}")];
    }

    /// <summary>A user and a password, as Postmark and Brevo repeat them.</summary>
    public static (string Name, string Value) Basic(string pair) =>
        ("Authorization", $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(pair))}");

    /// <summary>
    /// The message of Amazon SNS, signed: the fields in the order of their names, each name and value on a line of its own.
    /// </summary>
    public static string Sns(IReadOnlyDictionary<string, string> message, RSA key, string version = "2")
    {
        var signed = new StringBuilder();
        foreach (
            var (name, value) in message.Where(field => field.Key != "SigningCertURL").OrderBy(field => field.Key, StringComparer.Ordinal)
        )
            signed.Append(name).Append('\n').Append(value).Append('\n');
#pragma warning disable CA5350 // What SNS does unless it is told otherwise.
        var algorithm = version == "1" ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256;
#pragma warning restore CA5350
        return JsonSerializer.Serialize(
            new Dictionary<string, string>(message, StringComparer.Ordinal)
            {
                ["SignatureVersion"] = version,
                ["Signature"] = Convert.ToBase64String(
                    key.SignData(Encoding.UTF8.GetBytes($"{signed}"), algorithm, RSASignaturePadding.Pkcs1)
                ),
            }
        );
    }

    /// <summary>Twilio's: HMAC over the address and the sorted fields of the form.</summary>
    public static string Twilio(string url, string form, string token)
    {
        var fields = form.Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(field => field.Split('='))
            .Select(field => Uri.UnescapeDataString(field[0]) + Uri.UnescapeDataString(field[1].Replace('+', ' ')))
            .Order(StringComparer.Ordinal);
#pragma warning disable CA5350 // Twilio signs with nothing newer.
        return Convert.ToBase64String(
            HMACSHA1.HashData(Encoding.UTF8.GetBytes(token), Encoding.UTF8.GetBytes(url + string.Concat(fields)))
        );
#pragma warning restore CA5350
    }

    /// <summary>A token with claims that a shared secret signs, as Vonage sends it (RFC 7519, HS256).</summary>
    public static string JsonWebToken(string header, object claims, string secret)
    {
        var signed =
            $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header))}."
            + $"{Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(claims))}";
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(signed)))}";
    }
}
