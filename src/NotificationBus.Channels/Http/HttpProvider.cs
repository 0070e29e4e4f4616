using System.ComponentModel.DataAnnotations;
using System.Net.Http.Headers;
using Fluid;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Http;

/// <summary>A service that takes deliveries as HTTP POSTs: <c>Providers:{account}</c>.</summary>
public sealed class HttpProviderOptions : HttpCallOptions
{
    // Less would never be used: see IProvider.KnowsRepetitionFor.
    static readonly TimeSpan ShortestKnowledge = TimeSpan.FromMinutes(2);

    /// <summary>
    /// The URL to which deliveries are posted, http or https. Required. No redirect is followed, and no proxy is used. Never logged: it may
    /// hold a token.
    /// </summary>
    [Required(ErrorMessage = "must be set, for instance https://push.example.com/v1/send")]
    public string Url { get; set; } = "";

    /// <summary>Headers of every request, such as <c>Authorization</c>; their values are never logged. Default: none.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; set; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// The request's body as a Liquid template, with <c>{{id}}</c>, <c>{{notificationId}}</c>, <c>{{channel}}</c>, <c>{{address}}</c>,
    /// <c>{{recipientName}}</c>, <c>{{category}}</c> and the parts of the text, such as <c>{{content.subject}}</c>, and where an
    /// application has a sender of its own <c>{{sender.address}}</c> and <c>{{sender.name}}</c>. Values are escaped
    /// for a JSON string, or for what the header <c>Content-Type</c> names: XML, <c>application/x-www-form-urlencoded</c>, or
    /// <c>text/plain</c>, in which nothing needs it. No other type is taken, and no filter but <c>default</c>: it could write what is not
    /// escaped. Default: a JSON object of all these.
    /// </summary>
    public string? Body { get; set; }

    /// <summary>The header that carries the delivery's id, the same on every try. Default <c>Idempotency-Key</c>.</summary>
    [Required(ErrorMessage = "must be the name of a header")]
    public string IdempotencyHeader { get; set; } = "Idempotency-Key";

    /// <summary>
    /// The path of the service's own id in the JSON of the answer, such as <c>data.id</c>. When set, an answer without it is in doubt.
    /// Default: none.
    /// </summary>
    public string? MessageIdPath { get; set; }

    /// <summary>
    /// The condition that the JSON of the answer must meet, as path and value: <c>ok=true</c>. Where it does not, the delivery is in doubt.
    /// Default: none.
    /// </summary>
    public string? Accepted { get; set; }

    /// <summary>
    /// Answers that refuse the delivery for good, whoever is asked: statuses, and paths of the JSON with a value, separated by commas, such
    /// as <c>409,error.code=blocked</c>. One is enough, whatever the status is. Default: none; 400, 404, 410, 413 and 422 refuse it here,
    /// and the next provider is asked.
    /// </summary>
    public string? Rejected { get; set; }

    /// <summary>Answers that say that the address will never work, in the same form; it is not used again. Default: none.</summary>
    public string? AddressIsWrong { get; set; }

    /// <summary>
    /// Answers that say that the service is called too often and has taken nothing, in the same form, besides 429. Default: no others.
    /// </summary>
    public string? Throttled { get; set; }

    /// <summary>
    /// Answers that say that the service has taken nothing and may be asked later, in the same form, such as <c>500,503,error=busy</c>; the
    /// next provider is asked at once. Any other 5xx is in doubt. Default <c>503</c>.
    /// </summary>
    public string? Unavailable { get; set; } = "503";

    /// <summary>
    /// The time in which the service does nothing twice under <see cref="IdempotencyHeader"/>, so that what is in doubt is asked of it
    /// again, and of nobody else. Default 0: it knows no repetition. At most 30 days, and at least two minutes more than
    /// <see cref="HttpCallOptions.Timeout"/>: that is left for the call and for clocks.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00", ErrorMessage = "must be from {1} to {2}")]
    public TimeSpan KnowsRepetitionFor { get; set; }

    /// <summary>
    /// The header that says how long to leave the service alone then, in seconds, or as a date when it is <c>Retry-After</c>, which is the
    /// default, and counts where another one is missing.
    /// </summary>
    [Required(ErrorMessage = "must be the name of a header")]
    public string RetryAfterHeader { get; set; } = "Retry-After";

    /// <summary>
    /// The path in the JSON of the answer at which that is said, in seconds, such as <c>error.retry_after</c>; it counts before the header.
    /// Default: none.
    /// </summary>
    public string? RetryAfterPath { get; set; }

    /// <inheritdoc />
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!Uri.TryCreate(Url, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            yield return new ValidationResult("must be an absolute URL with http or https", [nameof(Url)]);
        else if (url.UserInfo.Length > 0)
            yield return new ValidationResult("must not contain a user: set Headers:Authorization", [nameof(Url)]);

        if (KnowsRepetitionFor > TimeSpan.Zero && KnowsRepetitionFor < Timeout + ShortestKnowledge)
            yield return new ValidationResult(
                $"must be 0, or at least {ShortestKnowledge} more than Timeout",
                [nameof(KnowsRepetitionFor)]
            );

        using var request = new HttpRequestMessage();
        foreach (var (name, value) in Headers.Append(new(IdempotencyHeader, "id")))
        {
            if (IsContentType(name) ? !MediaTypeHeaderValue.TryParse(value, out _) : !HttpProvider.TryAdd(request, name, value))
                yield return new ValidationResult($"'{name}' is no header of a request, or its value has line breaks", [nameof(Headers)]);
        }

        if (RequestBody.Refuse(Body, ContentType) is { } raw)
            yield return new ValidationResult(raw, [nameof(Body)]);
        else if (!IsTemplate())
            yield return new ValidationResult("must be a Liquid template", [nameof(Body)]);

        if (Accepted is { Length: > 0 } && Accepted.IndexOf('=', StringComparison.Ordinal) < 1)
            yield return new ValidationResult("must be path=value, such as ok=true", [nameof(Accepted)]);

        foreach (
            var (name, conditions) in ((string, string?)[])
                [
                    (nameof(Rejected), Rejected),
                    (nameof(AddressIsWrong), AddressIsWrong),
                    (nameof(Throttled), Throttled),
                    (nameof(Unavailable), Unavailable),
                ]
        )
        {
            if (AnswerCondition.ReadAll(conditions) is null)
                yield return new ValidationResult(
                    "must be statuses from 200 to 599 and path=value, separated by commas, such as 409,error.code=blocked",
                    [name]
                );
        }
    }

    internal static bool IsContentType(string header) => "Content-Type".Equals(header, StringComparison.OrdinalIgnoreCase);

    internal RequestBody CompileBody() => new(Body, ContentType);

    string? ContentType => Headers.FirstOrDefault(header => IsContentType(header.Key)).Value;

    bool IsTemplate()
    {
        try
        {
            CompileBody();
            return true;
        }
        catch (Exception unusable) when (unusable is FluidException or FormatException)
        {
            return unusable is FormatException; // Of the Content-Type, which is named above.
        }
    }
}

/// <summary>Posts deliveries to a service, one request each.</summary>
public sealed class HttpProvider : HttpVendor
{
    readonly HttpProviderOptions _options;
    readonly RequestBody _body;
    readonly Uri _url;
    readonly IReadOnlyList<AnswerCondition> _rejected;
    readonly IReadOnlyList<AnswerCondition> _addressIsWrong;
    readonly IReadOnlyList<AnswerCondition> _throttled;
    readonly IReadOnlyList<AnswerCondition> _unavailable;

    /// <summary>Opens no connection yet.</summary>
    /// <param name="name">The account's name.</param>
    /// <param name="channel">The channel it carries.</param>
    /// <param name="options">The service; validated by whoever bound it.</param>
    /// <param name="clock">Ends what takes too long, and reads dates in answers.</param>
    public HttpProvider(string name, string channel, HttpProviderOptions options, TimeProvider clock)
        : base(name, channel, baseAddress: null, options, clock)
    {
        _options = options;
        _url = new Uri(options.Url);
        _body = options.CompileBody();
        _rejected = AnswerCondition.ReadAll(options.Rejected)!;
        _addressIsWrong = AnswerCondition.ReadAll(options.AddressIsWrong)!;
        _throttled = AnswerCondition.ReadAll(options.Throttled)!;
        _unavailable = AnswerCondition.ReadAll(options.Unavailable)!;
    }

    /// <inheritdoc />
    public override TimeSpan? KnowsRepetitionFor => _options.KnowsRepetitionFor > TimeSpan.Zero ? _options.KnowsRepetitionFor : null;

    // Whoever has written the service knows; until he says so, it may have sent what it has failed on.
    /// <inheritdoc />
    protected override ServerErrors Errors => ServerErrors.AllInDoubt;

    /// <inheritdoc />
    protected override string Credentials => "the credentials in Headers and Url";

    // What the account's own body has no place for would be lost without a word.
    /// <inheritdoc />
    protected override ProviderResult? Refuse(Delivery delivery) =>
        _body.LeavesOut(delivery) is { } left ? new ProviderResult.Declined($"Body has no place for {left}") : null;

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

    /// <inheritdoc />
    protected override HttpRequestMessage Request(Delivery delivery)
    {
        var request = Post(_url, _body.Of(delivery));
        foreach (var (name, value) in _options.Headers.Where(header => !HttpProviderOptions.IsContentType(header.Key)))
            TryAdd(request, name, value);
        TryAdd(request, _options.IdempotencyHeader, $"{delivery.Id}");
        return request;
    }

    /// <inheritdoc />
    protected override ProviderResult Translate(HttpAnswer answer, Delivery delivery) =>
        answer.Status switch
        {
            _ when _throttled.Any(condition => condition.Holds(answer)) => new ProviderResult.Throttled($"{answer}", Pause(answer)),
            _ when _addressIsWrong.Any(condition => condition.Holds(answer)) => new ProviderResult.Rejected(
                $"{answer}",
                AddressIsWrong: true
            ),
            _ when _rejected.Any(condition => condition.Holds(answer)) => new ProviderResult.Rejected($"{answer}"),
            _ when _unavailable.Any(condition => condition.Holds(answer)) => new ProviderResult.Unavailable($"{answer}", Pause(answer)),
            429 => new ProviderResult.Throttled($"{answer}", Pause(answer)),
            >= 200 and < 300 => TranslateAccepted(answer),
            // Without a word it is not the service's own answer, but what something before it says to a wrong path.
            400 or 404 or 410 or 413 or 422 when answer.Text.Length == 0 => new ProviderResult.Misconfigured($"{answer}: check Url"),
            _ => ByStatus(answer),
        };

    TimeSpan? Pause(HttpAnswer answer) =>
        (string.IsNullOrEmpty(_options.RetryAfterPath) ? null : answer.SecondsAt(_options.RetryAfterPath))
        ?? answer.Seconds(_options.RetryAfterHeader)
        ?? answer.RetryAfter;

    ProviderResult TranslateAccepted(HttpAnswer answer)
    {
        var wanted = _options.Accepted?.Split('=', 2);
        if (string.IsNullOrEmpty(_options.MessageIdPath) && wanted is not { Length: 2 })
            return new ProviderResult.Accepted(null);
        if (answer.Json is null)
            return new ProviderResult.InDoubt($"answered {answer.Status} with something that is no JSON");
        if (wanted is { Length: 2 } && answer.Find(wanted[0]) != wanted[1])
            return new ProviderResult.InDoubt($"answered {answer.Status}, but not {_options.Accepted}");
        if (string.IsNullOrEmpty(_options.MessageIdPath))
            return new ProviderResult.Accepted(null);

        return answer.Id(_options.MessageIdPath) is { } id
            ? new ProviderResult.Accepted(id)
            : new ProviderResult.InDoubt($"answered {answer.Status} without {_options.MessageIdPath}");
    }
}
