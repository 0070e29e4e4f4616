using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace NotificationBus.Channels.Http;

/// <summary>
/// Signature Version 4 of AWS: proves who sends a request, and that nobody has changed it. Source: docs.aws.amazon.com, "Create a signed
/// AWS API request", whose test suite the tests repeat.
/// </summary>
static class AwsSignature
{
    const string Algorithm = "AWS4-HMAC-SHA256";

    /// <summary>Signs what the request has now: method, path, query, headers and body. AWS takes it for 5 minutes.</summary>
    /// <param name="request">The request; gets the headers X-Amz-Date and Authorization. Its path must need no escaping.</param>
    /// <param name="body">The body of the request.</param>
    /// <param name="credentials">Who sends it.</param>
    /// <param name="region">Such as <c>eu-central-1</c>.</param>
    /// <param name="service">Such as <c>ses</c>.</param>
    /// <param name="now">The time.</param>
    public static void Sign(
        HttpRequestMessage request,
        ReadOnlySpan<byte> body,
        AwsCredentials credentials,
        string region,
        string service,
        DateTimeOffset now
    )
    {
        var url = request.RequestUri!;
        var time = now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var date = time[..8];
        request.Headers.TryAddWithoutValidation("X-Amz-Date", time);
        if (credentials.SessionToken is { Length: > 0 } token)
            request.Headers.TryAddWithoutValidation("X-Amz-Security-Token", token);

        var headers = request
            .Headers.Concat(
                request.Content?.Headers.Where(header => header.Key.Equals("Content-Type", StringComparison.OrdinalIgnoreCase)) ?? []
            )
            .Select(header => (Name: header.Key.ToLowerInvariant(), Value: string.Join(',', header.Value.Select(value => value.Trim()))))
            .Where(header => header.Name != "host")
            .Append((Name: "host", Value: url.IsDefaultPort ? url.Host : $"{url.Host}:{url.Port}"))
            .OrderBy(header => header.Name, StringComparer.Ordinal)
            .ToList();
        var names = string.Join(';', headers.Select(header => header.Name));
        var canonical = string.Join(
            '\n',
            [
                request.Method.Method,
                url.AbsolutePath,
                Query(url),
                .. headers.Select(header => $"{header.Name}:{header.Value}"),
                "",
                names,
                Hex(SHA256.HashData(body)),
            ]
        );

        var scope = $"{date}/{region}/{service}/aws4_request";
        var toSign = $"{Algorithm}\n{time}\n{scope}\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        var key = Hmac(
            Hmac(Hmac(Hmac(Encoding.UTF8.GetBytes($"AWS4{credentials.SecretAccessKey}"), date), region), service),
            "aws4_request"
        );
        request.Headers.TryAddWithoutValidation(
            "Authorization",
            $"{Algorithm} Credential={credentials.AccessKeyId}/{scope}, SignedHeaders={names}, Signature={Hex(Hmac(key, toSign))}"
        );
    }

    // Sorted by octets; what the URL has escaped stays so.
    static string Query(Uri url) =>
        string.Join(
            '&',
            url.Query.TrimStart('?')
                .Split('&', StringSplitOptions.RemoveEmptyEntries)
                .Select(pair => pair.Contains('=', StringComparison.Ordinal) ? pair : $"{pair}=")
                .Order(StringComparer.Ordinal)
        );

    static byte[] Hmac(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));

    static string Hex(byte[] octets) => Convert.ToHexStringLower(octets);
}

/// <summary>The credentials with which requests to AWS are signed.</summary>
sealed record AwsCredentials(string AccessKeyId, string SecretAccessKey, string? SessionToken = null);
