using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

using HandlebarsDotNet;

using NotificationBus.Sending;

namespace NotificationBus.Channels.Http;

/// <summary>A service that takes deliveries as HTTP POSTs: <c>Providers:{account}</c>.</summary>
public sealed class HttpProviderOptions : IValidatableObject
{
    /// <summary>Where deliveries are posted, http or https. Required. No redirect is followed, and no proxy is used. Never logged: it may hold a token.</summary>
    [Required(ErrorMessage = "must be set, for instance https://push.example.com/v1/send")]
    public string Url { get; set; } = "";

    /// <summary>Headers of every request, such as <c>Authorization</c>; their values are never logged. Default: none.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; set; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// The request's body as a Handlebars template, with <c>{{id}}</c>, <c>{{notificationId}}</c>, <c>{{channel}}</c>, <c>{{address}}</c>,
    /// <c>{{recipientName}}</c>, <c>{{category}}</c> and the parts of the text, such as <c>{{content.subject}}</c>. Values are escaped
    /// for a JSON string, or for a form when the header <c>Content-Type</c> is <c>application/x-www-form-urlencoded</c>. Default: a
    /// JSON object of all these.
    /// </summary>
    public string? Body { get; set; }

    /// <summary>How long a call may take, from connecting to the last byte of the answer. Default 15 s, from 1 s to 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00", ErrorMessage = "must be from {1} to {2}")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>The header that carries the delivery's id, the same on every try. Default <c>Idempotency-Key</c>.</summary>
    [Required(ErrorMessage = "must be the name of a header")]
    public string IdempotencyHeader { get; set; } = "Idempotency-Key";

    /// <summary>Where in the JSON of the answer the service's own id is, such as <c>data.id</c>. When set, an answer without it is in doubt. Default: nowhere.</summary>
    public string? MessageIdPath { get; set; }

    /// <summary>What must hold in the JSON of the answer, as path and value: <c>ok=true</c>. Where it does not, the delivery is in doubt. Default: nothing.</summary>
    public string? Accepted { get; set; }

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!Uri.TryCreate(Url, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            yield return new ValidationResult("must be an absolute URL with http or https", [nameof(Url)]);
        else if (url.UserInfo.Length > 0)
            yield return new ValidationResult("must not contain a user: set Headers:Authorization", [nameof(Url)]);

        using var request = new HttpRequestMessage();
        foreach (var (name, value) in Headers.Append(new(IdempotencyHeader, "id")))
        {
            if (IsContentType(name) ? !MediaTypeHeaderValue.TryParse(value, out _) : !HttpProvider.TryAdd(request, name, value))
                yield return new ValidationResult($"'{name}' is no header of a request, or its value has line breaks", [nameof(Headers)]);
        }

        if (!IsTemplate())
            yield return new ValidationResult("must be a Handlebars template", [nameof(Body)]);

        if (Accepted is { Length: > 0 } && Accepted.IndexOf('=', StringComparison.Ordinal) < 1)
            yield return new ValidationResult("must be path=value, such as ok=true", [nameof(Accepted)]);
    }

    internal static bool IsContentType(string header) => "Content-Type".Equals(header, StringComparison.OrdinalIgnoreCase);

    internal RequestBody CompileBody() => new(Body, Headers.FirstOrDefault(header => IsContentType(header.Key)).Value);

    bool IsTemplate()
    {
        try
        {
            CompileBody();
            return true;
        }
        catch (Exception unusable) when (unusable is HandlebarsException or FormatException)
        {
            return unusable is FormatException; // Of the Content-Type, which is named above.
        }
    }
}

/// <summary>Posts deliveries to a service, one request each.</summary>
public sealed partial class HttpProvider : IProvider, IAsyncDisposable
{
    const int LongestAnswer = 256 * 1024;
    const int LongestExcerpt = 200;

    static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);
    static readonly TimeSpan LongestConnect = TimeSpan.FromSeconds(5);
    static readonly TimeSpan DefaultPause = TimeSpan.FromSeconds(60);
    static readonly TimeSpan LongestPause = TimeSpan.FromDays(1);

    readonly HttpProviderOptions _options;
    readonly TimeProvider _clock;
    readonly RequestBody _body;
    readonly Uri _url;
    readonly HttpClient _client;

    /// <summary>Opens no connection yet.</summary>
    /// <param name="name">The account's name.</param>
    /// <param name="channel">The channel it carries.</param>
    /// <param name="options">The service; validated by whoever bound it.</param>
    /// <param name="clock">Ends what takes too long, and reads dates in answers.</param>
    public HttpProvider(string name, string channel, HttpProviderOptions options, TimeProvider clock)
    {
        Name = name;
        Channel = channel;
        _options = options;
        _clock = clock;
        _url = new Uri(options.Url);
        _body = options.CompileBody();
        _client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false, // It would answer in the service's place, and hide whether the request had left.
            ConnectTimeout = options.Timeout < LongestConnect ? options.Timeout : LongestConnect,
            PooledConnectionLifetime = ConnectionLifetime, // After which a name is looked up again.
            PlaintextStreamFilter = (context, _) => ValueTask.FromResult(RequestTrace.Watch(context.PlaintextStream)),
        })
        {
            Timeout = System.Threading.Timeout.InfiniteTimeSpan, // Ours is below.
        };
    }

    /// <inheritdoc />
    public string Name { get; }

    /// <inheritdoc />
    public string Channel { get; }

    /// <inheritdoc />
    public TimeSpan LongestCall => _options.Timeout + TimeSpan.FromSeconds(1);

    /// <inheritdoc />
    /// <remarks>A cancelled send answers too, because it knows whether the request can have left.</remarks>
    public async Task<ProviderResult> Send(Delivery delivery, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_options.Timeout, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using var request = Request(delivery);
        var trace = RequestTrace.Begin();
        try
        {
            using var answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return await Translate(answer, delivery, either.Token);
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException or OperationCanceledException)
        {
            var reason = Reason(Describe(broken));
            return trace.Written ? new ProviderResult.InDoubt(reason) : new ProviderResult.Unavailable(reason);
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    internal static bool TryAdd(HttpRequestMessage request, string name, string value)
    {
        try
        {
            return value.AsSpan().IndexOfAny('\r', '\n', '\0') < 0 && request.Headers.TryAddWithoutValidation(name, value);
        }
        catch (Exception unusable) when (unusable is FormatException or ArgumentException)
        {
            return false;
        }
    }

    HttpRequestMessage Request(Delivery delivery)
    {
        // HTTP/1.1: whether a request has left can be told of a connection that carries one at a time.
        var request = new HttpRequestMessage(HttpMethod.Post, _url) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = _body.Of(delivery) };
        foreach (var (name, value) in _options.Headers.Where(header => !HttpProviderOptions.IsContentType(header.Key)))
            TryAdd(request, name, value);
        TryAdd(request, _options.IdempotencyHeader, $"{delivery.Id}");
        return request;
    }

    async Task<ProviderResult> Translate(HttpResponseMessage answer, Delivery delivery, CancellationToken cancellationToken)
    {
        var status = (int)answer.StatusCode;
        if (status is 401 or 403)
            return new ProviderResult.Misconfigured(Reason($"answered {status}: check the credentials in Headers and Url"));
        if (status is 429)
            return new ProviderResult.Throttled(Reason($"answered {status}"), RetryAfter(answer));

        var (text, isComplete) = await Read(answer, cancellationToken);
        var reason = Reason($"answered {status}{Excerpt(text, delivery)}");
        return status switch
        {
            >= 200 and < 300 when !isComplete => new ProviderResult.InDoubt(Reason($"answered {status} and more than {LongestAnswer / 1024} KB")),
            >= 200 and < 300 => TranslateAccepted(text, status),
            400 or 404 or 410 or 413 or 422 when text.Length > 0 => new ProviderResult.Rejected(reason),
            // Another request with the same key may be under way.
            409 => new ProviderResult.InDoubt(reason),
            408 or 425 => new ProviderResult.Unavailable(reason),
            // Not what a service says to a delivery, but what it, or something before it, says to a wrong method, path or form.
            >= 300 and < 500 => new ProviderResult.Misconfigured(reason),
            _ => new ProviderResult.InDoubt(reason),
        };
    }

    ProviderResult TranslateAccepted(string text, int status)
    {
        var wanted = _options.Accepted?.Split('=', 2);
        if (string.IsNullOrEmpty(_options.MessageIdPath) && wanted is not { Length: 2 })
            return new ProviderResult.Accepted(null);

        try
        {
            using var json = JsonDocument.Parse(text);
            if (wanted is { Length: 2 } && Find(json.RootElement, wanted[0]) != wanted[1])
                return new ProviderResult.InDoubt(Reason($"answered {status}, but not {_options.Accepted}"));
            if (string.IsNullOrEmpty(_options.MessageIdPath))
                return new ProviderResult.Accepted(null);

            return Find(json.RootElement, _options.MessageIdPath) is { Length: > 0 } id
                ? new ProviderResult.Accepted(id)
                : new ProviderResult.InDoubt(Reason($"answered {status} without {_options.MessageIdPath}"));
        }
        catch (JsonException)
        {
            return new ProviderResult.InDoubt(Reason($"answered {status} with something that is no JSON"));
        }
    }

    /// <summary>The value at a path of names and, in lists, numbers; null when there is none.</summary>
    static string? Find(JsonElement element, string path)
    {
        foreach (var name in path.Split('.'))
        {
            if (element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var property))
                element = property;
            else if (element.ValueKind == JsonValueKind.Array && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < element.GetArrayLength())
                element = element[index];
            else
                return null;
        }

        return element.ValueKind switch
        {
            JsonValueKind.String => element.GetString(),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => element.GetRawText(),
            _ => null,
        };
    }

    /// <summary>How long the service asks to be left alone: seconds or a date (RFC 9110, section 10.2.3); a minute when it does not say.</summary>
    TimeSpan RetryAfter(HttpResponseMessage answer)
    {
        var value = answer.Headers.TryGetValues("Retry-After", out var values) ? values.First().Trim() : "";
        var pause = double.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? Seconds(seconds)
            : DateTimeOffset.TryParseExact(value, "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) ? date - _clock.GetUtcNow()
            : DefaultPause;
        return pause < TimeSpan.Zero ? DefaultPause : pause > LongestPause ? LongestPause : pause;

        static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(Math.Min(seconds, LongestPause.TotalSeconds));
    }

    static async Task<(string Text, bool IsComplete)> Read(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        using var text = new MemoryStream();
        var buffer = new byte[8 * 1024];
        int read;
        while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (text.Length + read > LongestAnswer)
                return (Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length), false);
            text.Write(buffer, 0, read);
        }

        return (Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length), true);
    }

    // The host and the port: path and query may hold a token.
    string Reason(string what) => $"{_url.Host}:{_url.Port} {what}";

    static string Describe(Exception broken) => broken switch
    {
        OperationCanceledException => "did not answer in time",
        HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } failed => $"failed: {failed.HttpRequestError}",
        _ => $"failed: {(broken.InnerException ?? broken).GetType().Name}",
    };

    /// <summary>What the service says, on one line, without what it was told.</summary>
    string Excerpt(string text, Delivery delivery)
    {
        foreach (var secret in _options.Headers.Values.Append(delivery.Address).Append(delivery.RecipientName).Append(_url.PathAndQuery).OfType<string>().Where(secret => secret.Length > 3))
            text = text.Replace(secret, "[…]", StringComparison.OrdinalIgnoreCase);

        // A scheme stands before the secret of many an Authorization.
        foreach (var secret in _options.Headers.Values.SelectMany(value => value.Split(' ')).Where(word => word.Length > 7))
            text = text.Replace(secret, "[…]", StringComparison.Ordinal);

        text = Blanks().Replace(MailboxLike().Replace(text, "[mailbox]"), " ").Trim();
        return text.Length == 0 ? "" : $": {(text.Length > LongestExcerpt ? $"{text.AsSpan(0, LongestExcerpt)}…" : text)}";
    }

    [GeneratedRegex(@"[\s\p{C}]+", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Blanks();

    [GeneratedRegex(@"[^\s""']*(?:@|\uFF20|%40|=40)[^\s""']*", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex MailboxLike();
}
