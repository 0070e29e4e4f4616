using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Http;

/// <summary>
/// Makes calls of which one can tell afterwards whether they can have had an effect. Connections are kept for the next call.
/// </summary>
sealed class HttpCalls : IDisposable
{
    const int LongestAnswer = 256 * 1024;
    const string TooLong = "and more than 256 KB";
    const long RefusedStream = 0x7; // RFC 9113, section 8.7: not processed at all.

    static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);
    static readonly TimeSpan LongestConnect = TimeSpan.FromSeconds(5);
    static readonly TimeSpan PingAfter = TimeSpan.FromSeconds(30);
    static readonly TimeSpan LongestPing = TimeSpan.FromSeconds(10);

    readonly TimeSpan _timeout;
    readonly TimeProvider _clock;
    readonly HttpClient _client;

    /// <summary>Opens no connection yet.</summary>
    /// <param name="timeout">How long a call may take, from connecting to the last byte of the answer.</param>
    /// <param name="clock">Ends what takes too long, and reads dates in answers.</param>
    /// <param name="guard">Chooses whom to connect to; null where only an operator sets the address.</param>
    /// <param name="trusted">The only authorities to trust; null for those of the machine.</param>
    public HttpCalls(TimeSpan timeout, TimeProvider clock, AddressGuard? guard, X509Certificate2Collection? trusted = null)
    {
        _timeout = timeout;
        _clock = clock;
        var handler = OutsideHandler.New(ConnectionLifetime);
        handler.ConnectTimeout = timeout < LongestConnect ? timeout : LongestConnect;
        handler.EnableMultipleHttp2Connections = true;
        // Over HTTP/2 all calls go through one connection: one that is dead without a word is to be noticed before its lifetime is over.
        handler.KeepAlivePingDelay = PingAfter;
        handler.KeepAlivePingTimeout = LongestPing;
        handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests;
        handler.SslOptions.CertificateChainPolicy = TrustedAuthorities.Only(trusted);
        handler.PlaintextStreamFilter = (context, _) => ValueTask.FromResult(RequestTrace.Watch(context.PlaintextStream));
        if (guard is not null)
            handler.ConnectCallback = guard.Connect;
        IsGuarded = handler.ConnectCallback is not null;

        _client = new HttpClient(handler)
        {
            Timeout = Timeout.InfiniteTimeSpan, // Ours is below.
            // Some services turn away who has no name. Nothing is asked for compressed: answers are short, and a yes in another dress is
            // still read below.
            DefaultRequestHeaders = { { "User-Agent", "NotificationBus" }, { "Accept-Encoding", "identity" } },
        };
    }

    /// <summary>True when a guard chooses whom to connect to.</summary>
    public bool IsGuarded { get; }

    /// <summary>True for a 2xx that needs no body to be a yes. None does by default.</summary>
    public Func<int, bool> StatusSaysItAll { get; init; } = _ => false;

    /// <summary>True when the service is told to which trace a call belongs.</summary>
    public bool SendsTraceParent { get; init; }

    /// <summary>Makes the call, and disposes of the request.</summary>
    /// <param name="request">The request; HTTP/1.1 unless it says otherwise.</param>
    /// <param name="delivery">What it is made for.</param>
    /// <param name="secrets">What no reason may repeat, besides the request's headers and address.</param>
    /// <param name="translate">
    /// What the answer means. A 2xx that is too long, or broke off, is in doubt without asking, unless its status says it all.
    /// </param>
    /// <param name="cancellationToken">Gives up. A cancelled call answers too, because it knows whether the request can have left.</param>
    public async Task<ProviderResult> Make(
        HttpRequestMessage request,
        Delivery delivery,
        IEnumerable<string> secrets,
        Func<HttpAnswer, ProviderResult> translate,
        CancellationToken cancellationToken
    )
    {
        using var made = request;
        if (SendsTraceParent && Activity.Current is { IdFormat: ActivityIdFormat.W3C } here)
            request.Headers.Add("traceparent", here.Id);
        using var limit = new CancellationTokenSource(_timeout, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var masking = Masking.Of(request, delivery, secrets);
        var trace = RequestTrace.Begin(request);
        ProviderResult result;
        try
        {
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            result = await Translate(response, masking, translate, either.Token);
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException or OperationCanceledException)
        {
            result = Translate(broken, trace);
        }

        // The host and the port: path and query may hold a token.
        var url = request.RequestUri!;
        return Reword(result, reason => masking.Clean($"{url.Host}:{url.Port} {reason}"));
    }

    public void Dispose() => _client.Dispose();

    async Task<ProviderResult> Translate(
        HttpResponseMessage response,
        Masking masking,
        Func<HttpAnswer, ProviderResult> translate,
        CancellationToken cancellationToken
    )
    {
        var (body, problem) = await Read(response, cancellationToken);
        var answer = new HttpAnswer(response, body, problem is null, masking, _clock.GetUtcNow());
        return problem is not null && response.IsSuccessStatusCode && !StatusSaysItAll(answer.Status)
            ? new ProviderResult.InDoubt($"answered {answer.Status} {problem}")
            : translate(answer);
    }

    static ProviderResult Translate(Exception broken, RequestTrace trace) =>
        Causes(broken).OfType<AddressRefusedException>().FirstOrDefault() is { } refused ? new ProviderResult.Rejected(refused.Message)
        : trace.Written && !Causes(broken).Any(cause => cause is HttpProtocolException { ErrorCode: RefusedStream })
            ? new ProviderResult.InDoubt(Describe(broken))
        : new ProviderResult.Unavailable(Describe(broken));

    /// <summary>As much of the body as will be read. What is wrong with it does not undo the status that came before.</summary>
    static async Task<(byte[] Body, string? Problem)> Read(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using var text = new MemoryStream();
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            return await ReadTo(text, stream, cancellationToken) ? Unpacked(text.ToArray(), response) : (text.ToArray(), TooLong);
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException or OperationCanceledException)
        {
            return (text.ToArray(), $"and {Describe(broken)}");
        }
    }

    // Some services compress whoever asks for what; LongestAnswer is of what comes out, too.
    static (byte[] Body, string? Problem) Unpacked(byte[] body, HttpResponseMessage response)
    {
        var unpacked = Compression.Unpack(body, response.Content.Headers.ContentEncoding, LongestAnswer, out var isComplete);
        return (unpacked, isComplete ? null : TooLong);
    }

    static async Task<bool> ReadTo(MemoryStream text, Stream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[8 * 1024];
        int read;
        while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (text.Length + read > LongestAnswer)
                return false;
            text.Write(buffer, 0, read);
        }

        return true;
    }

    static string Describe(Exception broken) =>
        broken switch
        {
            OperationCanceledException => "did not answer in time",
            HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } failed => $"failed: {failed.HttpRequestError}",
            _ => $"failed: {(broken.InnerException ?? broken).GetType().Name}",
        };

    static IEnumerable<Exception> Causes(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
            yield return cause;
    }

    static ProviderResult Reword(ProviderResult result, Func<string, string> word) =>
        result switch
        {
            ProviderResult.Rejected rejected => rejected with { Reason = word(rejected.Reason) },
            ProviderResult.Declined declined => declined with { Reason = word(declined.Reason) },
            ProviderResult.Unavailable unavailable => unavailable with { Reason = word(unavailable.Reason) },
            ProviderResult.Throttled throttled => throttled with { Reason = word(throttled.Reason) },
            ProviderResult.Misconfigured misconfigured => misconfigured with { Reason = word(misconfigured.Reason) },
            ProviderResult.InDoubt inDoubt => inDoubt with { Reason = word(inDoubt.Reason) },
            _ => result,
        };
}
