using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using NotificationBus.Receipts;

namespace NotificationBus.Channels.Http;

/// <summary>
/// Tells whether Amazon SNS has signed a message. The certificate comes from SNS itself, over https, and is kept. Source:
/// docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html.
/// </summary>
sealed partial class SnsMessages
{
    const int LongestCertificate = 16 * 1024;

    static readonly TimeSpan LongestFetch = TimeSpan.FromSeconds(5);

    // Nor may a stranger make us ask all the time.
    static readonly TimeSpan BetweenFailures = TimeSpan.FromSeconds(10);

    // Of the region the topic is in, whose certificate is there unless somebody invented its name.
    const int FetchesFromOwnRegion = 4;

    const int FetchesFromElsewhere = 1;

    // There are few certificates, and any number of addresses that a stranger could think of.
    const int MostRemembered = 100;
    const int MostWanted = 1_000;

    static readonly HttpClient Sns = new(OutsideHandler.New(TimeSpan.FromMinutes(5)))
    {
        MaxResponseContentBufferSize = LongestCertificate,
        Timeout = Timeout.InfiniteTimeSpan, // Ours is LongestFetch.
    };

    readonly TimeProvider _clock;
    readonly Func<Uri, CancellationToken, Task<byte[]>> _fetch;
    readonly Lock _lock = new();
    readonly Dictionary<Uri, Task<X509Certificate2?>> _certificates = [];
    readonly Dictionary<Uri, long> _failedAt = [];
    readonly Dictionary<Uri, bool> _fetching = [];
    readonly Dictionary<Uri, Wanted> _wanted = [];

    /// <summary>Fetches certificates from SNS.</summary>
    public SnsMessages(TimeProvider clock)
        : this(clock, Download) { }

    internal SnsMessages(TimeProvider clock, Func<Uri, CancellationToken, Task<byte[]>> fetch)
    {
        _clock = clock;
        _fetch = fetch;
    }

    /// <summary>Fetches what is there and short; nobody leads elsewhere.</summary>
    internal static Task<byte[]> Download(Uri url, CancellationToken cancellationToken) => Sns.GetByteArrayAsync(url, cancellationToken);

    /// <summary>True when the URL is one of SNS itself.</summary>
    public static bool IsOfSns(string? url, out Uri parsed) =>
        Uri.TryCreate(url, UriKind.Absolute, out parsed!)
        && parsed is { Scheme: "https", IsDefaultPort: true, UserInfo: "" }
        && SnsHost().IsMatch(parsed.Host);

    /// <summary>Checks that SNS has signed the message: null when it has, else why nobody can tell, or cannot tell now.</summary>
    public async Task<ReceiptReading?> WhyNot(JsonElement message)
    {
        if (!IsOfSns(message.Find("SigningCertURL"), out var url) || !CertificatePath().IsMatch(url.PathAndQuery))
            return new ReceiptReading.Refused("SigningCertURL is not one of SNS");
        if (
            ReceiptCheck.FromBase64(message.Find("Signature")) is not { } signature
            || AlgorithmOf(message.Find("SignatureVersion")) is not { } algorithm
        )
            return new ReceiptReading.Refused("there is no signature of a known version");
        if (await Find(url, isOwn: url.Host == HostOf(message.Find("TopicArn"))) is not { } certificate)
            return new ReceiptReading.NotNow("the certificate of SNS could not be fetched");
        if (!IsValid(certificate))
            return new ReceiptReading.Refused("the certificate of SNS is over, or the clock of this machine is wrong");

        using var key = certificate.GetRSAPublicKey();
        return key?.VerifyData(Encoding.UTF8.GetBytes(Signed(message)), signature, algorithm, RSASignaturePadding.Pkcs1) is true
            ? null
            : new ReceiptReading.Refused("the signature is wrong");
    }

    // SHA-1 is what SNS signs with unless the topic says otherwise (SignatureVersion 1).
#pragma warning disable CA5350
    static HashAlgorithmName? AlgorithmOf(string? version) =>
        version switch
        {
            "1" => HashAlgorithmName.SHA1,
            "2" => HashAlgorithmName.SHA256,
            _ => null,
        };
#pragma warning restore CA5350

    static string Signed(JsonElement message)
    {
        string[] fields =
            message.Find("Type") == "Notification"
                ? ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
                : ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
        return string.Concat(fields.Where(field => message.Find(field) is not null).Select(field => $"{field}\n{message.Find(field)}\n"));
    }

    /// <summary>
    /// The certificate, fetched once for all who wait for it; null when it cannot be had now. What could not be had is not asked for again
    /// at once, and that is remembered of each address: what a stranger names keeps nobody from fetching another. The region of the topic
    /// has places of its own, and all others together have one.
    /// </summary>
    Task<X509Certificate2?> Find(Uri url, bool isOwn)
    {
        lock (_lock)
        {
            if (_certificates.TryGetValue(url, out var known))
                return known;
            if (_failedAt.TryGetValue(url, out var failedAt) && _clock.GetElapsedTime(failedAt) < BetweenFailures)
                return Task.FromResult<X509Certificate2?>(null);
            if (HasPlace(isOwn))
                return Begin(url, isOwn);

            Want(url, isOwn);
            return Task.FromResult<X509Certificate2?>(null);
        }
    }

    bool HasPlace(bool isOwn) => _fetching.Values.Count(own => own == isOwn) < (isOwn ? FetchesFromOwnRegion : FetchesFromElsewhere);

    Task<X509Certificate2?> Begin(Uri url, bool isOwn)
    {
        if (_certificates.Count >= MostRemembered)
            _certificates.Clear();
        _wanted.Remove(url);
        _fetching[url] = isOwn;
        return _certificates[url] = Fetch(url);
    }

    /// <summary>
    /// Nobody waits in line: SNS comes again. What is asked for most comes next, and SNS asks for the same again with every message, while
    /// a stranger who invents addresses asks once for each.
    /// </summary>
    void Want(Uri url, bool isOwn)
    {
        if (_wanted.TryGetValue(url, out var before))
        {
            _wanted[url] = new Wanted(before.Times + 1, before.IsOwn || isOwn);
            return;
        }

        if (_wanted.Count >= MostWanted)
        {
            // By chance, so that no order in which to come keeps another out.
            var least = _wanted.Values.Min(wanted => wanted.Times);
            Uri[] leastWanted = [.. _wanted.Where(wanted => wanted.Value.Times == least).Select(wanted => wanted.Key)];
            _wanted.Remove(leastWanted[RandomNumberGenerator.GetInt32(leastWanted.Length)]);
        }

        _wanted[url] = new Wanted(1, isOwn);
    }

    void End(Uri url)
    {
        _fetching.Remove(url, out var isOwn);
        if (
            HasPlace(isOwn)
            && _wanted.Where(wanted => wanted.Value.IsOwn == isOwn).Select(wanted => wanted.Key).MaxBy(next => _wanted[next].Times)
                is { } next
        )
            _ = Begin(next, isOwn);
    }

    // arn:{partition}:sns:{region}:{account}:{topic}, docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html. The partition of China
    // has a domain of its own, docs.amazonaws.cn/en_us/aws/latest/userguide/endpoints-arns.html.
    static string? HostOf(string? topic) =>
        topic?.Split(':') is [_, var partition, "sns", { Length: > 0 } region, ..]
            ? $"sns.{region}.amazonaws.com{(partition == "aws-cn" ? ".cn" : "")}"
            : null;

    async Task<X509Certificate2?> Fetch(Uri url)
    {
        // So that what is taken out below is in by then.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        using var limit = new CancellationTokenSource(LongestFetch, _clock);
        try
        {
            return X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(await _fetch(url, limit.Token)));
        }
        catch (Exception broken)
            when (broken is HttpRequestException or IOException or OperationCanceledException or CryptographicException)
        {
            lock (_lock)
            {
                if (_failedAt.Count >= MostRemembered)
                    _failedAt.Clear();
                _failedAt[url] = _clock.GetTimestamp();
                _certificates.Remove(url);
            }

            return null;
        }
        finally
        {
            lock (_lock)
                End(url);
        }
    }

    bool IsValid(X509Certificate2 certificate) =>
        _clock.GetUtcNow().UtcDateTime is var now
        && certificate.NotBefore.ToUniversalTime() <= now
        && now <= certificate.NotAfter.ToUniversalTime();

    [GeneratedRegex(
        @"\Asns\.[a-z0-9-]{3,40}\.amazonaws\.com(\.cn)?\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex SnsHost();

    [GeneratedRegex(
        @"\A/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex CertificatePath();

    /// <summary>A certificate that there was no place to fetch.</summary>
    readonly record struct Wanted(int Times, bool IsOwn);
}
