using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace NotificationBus.Channels.Http;

/// <summary>
/// Tells whether Amazon SNS has signed a message. The certificate comes from SNS itself, over https, and is kept. Source:
/// docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html.
/// </summary>
sealed partial class SnsMessages
{
    const int LongestCertificate = 16 * 1024;

    static readonly TimeSpan LongestFetch = TimeSpan.FromSeconds(5);

    // A receipt that was refused is not repeated, so that asking again matters; nor may a stranger make us ask all the time.
    static readonly TimeSpan BetweenFailures = TimeSpan.FromSeconds(10);

    readonly TimeProvider _clock;
    readonly Func<Uri, byte[]?> _fetch;
    readonly ConcurrentDictionary<Uri, X509Certificate2> _certificates = new();
    readonly Lock _fetching = new();
    long? _failedAt;

    /// <summary>Fetches certificates from SNS.</summary>
    public SnsMessages(TimeProvider clock)
        : this(clock, Fetch)
    {
    }

    internal SnsMessages(TimeProvider clock, Func<Uri, byte[]?> fetch)
    {
        _clock = clock;
        _fetch = fetch;
    }

    /// <summary>True when the URL is one of SNS itself.</summary>
    public static bool IsOfSns(string? url, out Uri parsed) =>
        Uri.TryCreate(url, UriKind.Absolute, out parsed!) && parsed is { Scheme: "https", IsDefaultPort: true, UserInfo: "" } && SnsHost().IsMatch(parsed.Host);

    /// <summary>Why nobody can tell that SNS has signed the message, or null.</summary>
    public string? Refuse(JsonElement message)
    {
        if (!IsOfSns(message.Find("SigningCertURL"), out var url) || !CertificatePath().IsMatch(url.PathAndQuery))
            return "SigningCertURL is not one of SNS";
        if (ReceiptCheck.FromBase64(message.Find("Signature")) is not { } signature || AlgorithmOf(message.Find("SignatureVersion")) is not { } algorithm)
            return "there is no signature of a known version";
        if (Find(url) is not { } certificate)
            return "the certificate of SNS could not be fetched";

        using var key = certificate.GetRSAPublicKey();
        return key?.VerifyData(Encoding.UTF8.GetBytes(Signed(message)), signature, algorithm, RSASignaturePadding.Pkcs1) is true ? null : "the signature is wrong";
    }

    // SHA-1 is what SNS signs with unless the topic says otherwise (SignatureVersion 1).
#pragma warning disable CA5350
    static HashAlgorithmName? AlgorithmOf(string? version) => version switch
    {
        "1" => HashAlgorithmName.SHA1,
        "2" => HashAlgorithmName.SHA256,
        _ => null,
    };
#pragma warning restore CA5350

    static string Signed(JsonElement message)
    {
        string[] fields = message.Find("Type") == "Notification"
            ? ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
            : ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
        return string.Concat(fields.Where(field => message.Find(field) is not null).Select(field => $"{field}\n{message.Find(field)}\n"));
    }

    X509Certificate2? Find(Uri url)
    {
        if (_certificates.TryGetValue(url, out var known))
            return IsValid(known) ? known : null;

        lock (_fetching)
        {
            if (_certificates.TryGetValue(url, out known))
                return IsValid(known) ? known : null;
            if (_failedAt is { } failedAt && _clock.GetElapsedTime(failedAt) < BetweenFailures)
                return null;

            if (_fetch(url) is { } fetched && Load(fetched) is { } certificate && IsValid(certificate))
                return _certificates[url] = certificate;

            _failedAt = _clock.GetTimestamp();
            return null;
        }
    }

    bool IsValid(X509Certificate2 certificate) =>
        _clock.GetUtcNow().UtcDateTime is var now && certificate.NotBefore.ToUniversalTime() <= now && now <= certificate.NotAfter.ToUniversalTime();

    static X509Certificate2? Load(byte[] pem)
    {
        try
        {
            return X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(pem));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Once in a certificate's life, and short: it holds up the one receipt that came with it.</summary>
    static byte[]? Fetch(Uri url)
    {
        try
        {
            using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false, ConnectTimeout = LongestFetch };
            using var client = new HttpClient(handler) { Timeout = LongestFetch, MaxResponseContentBufferSize = LongestCertificate };
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            using var response = client.Send(request);
            if (!response.IsSuccessStatusCode)
                return null;

            using var stream = response.Content.ReadAsStream();
            using var certificate = new MemoryStream();
            stream.CopyTo(certificate);
            return certificate.ToArray();
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException or OperationCanceledException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"\Asns\.[a-z0-9-]{3,40}\.amazonaws\.com(\.cn)?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex SnsHost();

    [GeneratedRegex(@"\A/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex CertificatePath();
}
