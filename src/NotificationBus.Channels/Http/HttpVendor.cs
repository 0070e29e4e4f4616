using System.Net;
using System.Net.Http.Headers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Http;

/// <summary>
/// A vendor with an HTTP API. Its file says what is asked and what the answers mean; how a call is made, what can be known when it
/// breaks and what no reason may repeat is the same for all of them and is here.
/// </summary>
public abstract class HttpVendor : IProvider, IAsyncDisposable
{
    // Thai text is not to be three times as long for nothing: vendors count bytes. Names go out as they are written: each vendor has its
    // own way.
    static readonly JsonSerializerOptions Relaxed = new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    readonly Uri? _baseAddress;
    readonly HttpCalls _calls;
    readonly TimeSpan _timeout;

    /// <summary>Opens no connection yet.</summary>
    /// <param name="name">The account's name.</param>
    /// <param name="channel">The channel it carries.</param>
    /// <param name="options">The account; validated by whoever bound it.</param>
    /// <param name="clock">Ends what takes too long, and reads dates in answers.</param>
    /// <param name="guard">Set where the URL that is called is one a user may set.</param>
    protected HttpVendor(string name, string channel, HttpVendorOptions options, TimeProvider clock, AddressGuard? guard = null)
        : this(name, channel, options.BaseAddress, options, clock, guard) { }

    private protected HttpVendor(
        string name,
        string channel,
        Uri? baseAddress,
        HttpCallOptions options,
        TimeProvider clock,
        AddressGuard? guard = null
    )
    {
        Name = name;
        Channel = channel;
        Clock = clock;
        _baseAddress = baseAddress;
        _timeout = options.Timeout;
        _calls = new HttpCalls(options.Timeout, clock, guard, TrustedAuthorities.Read(options.TrustedCertificate))
        {
            StatusSaysItAll = StatusSaysItAll,
            SendsTraceParent = options.SendTraceParent,
        };
    }

    /// <inheritdoc />
    public string Name { get; }

    /// <inheritdoc />
    public string Channel { get; }

    /// <inheritdoc />
    public virtual TimeSpan LongestCall => _timeout + TimeSpan.FromSeconds(1);

    /// <summary>True when what is called may be no machine of a network that is not public.</summary>
    internal bool IsGuarded => _calls.IsGuarded;

    /// <summary>The time.</summary>
    protected TimeProvider Clock { get; }

    /// <summary>
    /// Texts that no reason may repeat. The request's header fields, its path, the address and the recipient's name are hidden anyway.
    /// </summary>
    protected virtual IEnumerable<string> Secrets => [];

    /// <summary>The setting to check when the vendor does not let us in, such as <c>ApiKey</c>.</summary>
    protected virtual string Credentials => "the credentials";

    /// <summary>
    /// True when each recipient has an endpoint of his own that is called. What goes wrong there then concerns only the delivery: it
    /// neither speaks against the account nor is a reason to leave the other endpoints alone.
    /// </summary>
    protected virtual bool EndpointIsRecipients => false;

    /// <inheritdoc />
    public virtual TimeSpan? KnowsRepetitionFor => null;

    /// <summary>
    /// The meaning of a failure of the vendor's servers, by its documentation. Default: <see cref="ServerErrors.Usual"/>.
    /// </summary>
    protected virtual ServerErrors Errors => ServerErrors.Usual;

    /// <inheritdoc />
    /// <remarks>A cancelled send answers too, because it knows whether the request can have left.</remarks>
    public virtual async Task<ProviderResult> Send(Delivery delivery, CancellationToken cancellationToken)
    {
        if (Refuse(delivery) is { } refused)
            return refused;

        var result = await Call(Request(delivery), delivery, cancellationToken);
        return !EndpointIsRecipients
            ? result
            : result switch
            {
                ProviderResult.Unavailable unavailable => unavailable with { OnlyThisDelivery = true },
                ProviderResult.InDoubt inDoubt => inDoubt with { OnlyThisDelivery = true },
                _ => result,
            };
    }

    /// <inheritdoc />
    public virtual Unfit? Foresee(Delivery delivery) =>
        Refuse(delivery) switch
        {
            null => null,
            // An address that is wrong is to be suppressed, which only an attempt does.
            ProviderResult.Rejected { AddressIsWrong: false } rejected => new Unfit(rejected.Reason, IsAddress: EndpointIsRecipients),
            ProviderResult.Declined declined => new Unfit(declined.Reason, IsAddress: false),
            // Of anything else nobody can know how it is later.
            _ => null,
        };

    /// <inheritdoc />
    public virtual ValueTask DisposeAsync()
    {
        _calls.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Refuses a delivery that this vendor cannot send at all; null when it can.</summary>
    protected virtual ProviderResult? Refuse(Delivery delivery) => null;

    /// <summary>The request for a delivery; see <see cref="Post(string, HttpContent)"/>.</summary>
    protected abstract HttpRequestMessage Request(Delivery delivery);

    /// <summary>Translates an answer. Most vendors name what is special of them and leave the rest to <see cref="ByStatus"/>.</summary>
    protected abstract ProviderResult Translate(HttpAnswer answer, Delivery delivery);

    /// <summary>
    /// True for a 2xx that is a yes whatever becomes of its body. Any other one whose body is too long, or breaks off, is in doubt.
    /// </summary>
    protected virtual bool StatusSaysItAll(int status) => false;

    /// <summary>Reads what the answer says of the vendor's rate limit; null when it says nothing.</summary>
    protected virtual RateLimit? RateLimitOf(HttpAnswer answer) => null;

    /// <summary>Makes one call.</summary>
    protected Task<ProviderResult> Call(HttpRequestMessage request, Delivery delivery, CancellationToken cancellationToken) =>
        Call(request, delivery, answer => Translate(answer, delivery), cancellationToken);

    /// <summary>Makes one call whose answer the caller wants to see.</summary>
    protected Task<ProviderResult> Call(
        HttpRequestMessage request,
        Delivery delivery,
        Func<HttpAnswer, ProviderResult> translate,
        CancellationToken cancellationToken
    ) =>
        _calls.Make(
            request,
            delivery,
            Secrets,
            answer => translate(answer) is var result && RateLimitOf(answer) is { } limit ? result with { RateLimit = limit } : result,
            cancellationToken
        );

    /// <summary>A POST to the vendor's API.</summary>
    /// <param name="path">Begins with a slash.</param>
    /// <param name="content">The body.</param>
    // HTTP/1.1: whether a request has left can be told best of a connection that carries one at a time.
    protected HttpRequestMessage Post(string path, HttpContent content) =>
        Post(
            new Uri(
                (
                    _baseAddress ?? throw new InvalidOperationException($"{Name} has no Url: each delivery says where it is sent")
                ).AbsoluteUri.TrimEnd('/') + path
            ),
            content
        );

    /// <summary>A POST to a URL of the delivery's.</summary>
    protected static HttpRequestMessage Post(Uri url, HttpContent content) =>
        new(HttpMethod.Post, url)
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };

    /// <summary>JSON as <see cref="Json"/> sends it.</summary>
    protected static byte[] JsonBytes<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, Relaxed);

    /// <summary>A body of JSON; names are as they are written, and properties without a value are left out.</summary>
    protected static HttpContent Json<T>(T value) =>
        new ByteArrayContent(JsonBytes(value)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    /// <summary>
    /// Translates an answer by its status, where the vendor says nothing else: a refusal is of the delivery in this form and here,
    /// <see cref="Errors"/> says what a 5xx means, and a 2xx that was not understood is in doubt.
    /// </summary>
    protected ProviderResult ByStatus(HttpAnswer answer) =>
        answer.Status switch
        {
            400 or 404 or 410 or 413 or 422 => new ProviderResult.Declined($"{answer}"),
            // Another request with the same key may be under way.
            409 => new ProviderResult.InDoubt($"{answer}"),
            408 or 425 => new ProviderResult.Unavailable($"{answer}"),
            >= 300 and < 500 when EndpointIsRecipients => new ProviderResult.Unavailable($"{answer}", answer.RetryAfter),
            // For legal reasons (RFC 7725): of this content or recipient, and nobody's account.
            451 => new ProviderResult.Declined($"{answer}"),
            401 or 403 => new ProviderResult.Misconfigured($"{answer}: check {Credentials}"),
            429 => new ProviderResult.Throttled($"{answer}", answer.RetryAfter),
            // Not what a service says to a delivery, but what it, or something before it, says to a wrong method, path or form.
            >= 300 and < 500 => new ProviderResult.Misconfigured($"{answer}"),
            >= 500 => Errors.Of(answer),
            _ => new ProviderResult.InDoubt($"{answer}"),
        };
}
