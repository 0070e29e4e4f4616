using System.Diagnostics;
using System.Net;
using System.Net.Mime;
using System.Net.ServerSentEvents;
using System.Text.Json;
using System.Text.Json.Nodes;
using NotificationBus.Client;
using NotificationBus.Host.Http;
using Polly;
using Polly.Retry;

namespace NotificationBus.Host.CommandLine;

/// <summary>The API of a host, as the commands call it: with the key, tried again while the host is busy, refusals as sentences.</summary>
/// <param name="url">The address of the host, which ends with a slash.</param>
/// <param name="key">The key; null when there is none.</param>
sealed class HostApi(Uri url, string? key) : IDisposable
{
    static readonly TimeSpan LongestCall = TimeSpan.FromSeconds(100);

    // As long as somebody at a terminal waits for a host that is busy, and a restart takes.
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);
    static readonly TimeSpan BetweenStreams = TimeSpan.FromSeconds(1);

    readonly HttpClient _http = new(
        new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(2) }
    )
    {
        BaseAddress = url,
        Timeout = LongestCall,
        DefaultRequestHeaders = { Authorization = key is null ? null : new("Bearer", key) },
    };

    /// <summary>How far the clock of the host is ahead of this one, to the second, as of the last answer.</summary>
    public TimeSpan Ahead { get; private set; }

    /// <summary>Asks for an object.</summary>
    /// <exception cref="CommandException">The host does not answer, or refuses.</exception>
    public async Task<JsonObject> Get(string path, CancellationToken cancellationToken) =>
        await Find(path, cancellationToken) ?? throw new CommandException(ExitCode.NotThere, "there is no such thing on record");

    /// <summary>Asks for a list, of which the first page is read.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="property">The property of the answer that is the list.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CommandException">The host does not answer, or refuses, or it is no host of ours.</exception>
    public async Task<(JsonObject Answer, IReadOnlyList<JsonNode> Items)> List(
        string path,
        string property,
        CancellationToken cancellationToken
    )
    {
        var answer = await Get(path, cancellationToken);
        return answer[property] is JsonArray items ? (answer, [.. items.OfType<JsonNode>()]) : throw NoHost();
    }

    /// <summary>Asks for a list, page by page.</summary>
    /// <inheritdoc cref="List" path="/param"/>
    /// <inheritdoc cref="List" path="/exception"/>
    public async IAsyncEnumerable<JsonNode> Pages(
        string path,
        string property,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        for (string? next = path; next is not null; )
        {
            var (answer, items) = await List(next, property, cancellationToken);
            foreach (var item in items)
                yield return item;

            // Relative, as the API says it: the key goes to no other host.
            next = answer.Text("next") is { } after
                ? after.StartsWith('/') && !after.StartsWith("//", StringComparison.Ordinal)
                    ? after[1..]
                    : throw NoHost()
                : null;
        }
    }

    /// <summary>Asks for an object that may not be there, and gives null then.</summary>
    /// <exception cref="CommandException">The host does not answer, or refuses.</exception>
    public async Task<JsonObject?> Find(string path, CancellationToken cancellationToken)
    {
        using var answer = await Call(() => new HttpRequestMessage(HttpMethod.Get, path), isPatient: false, cancellationToken);
        return await IsMissing(answer, cancellationToken) ? null : await Read(answer, cancellationToken);
    }

    /// <summary>Asks for what is written for a terminal, and gives null when it is not there.</summary>
    /// <exception cref="CommandException">The host does not answer, or refuses.</exception>
    public async Task<string?> FindText(string path, CancellationToken cancellationToken)
    {
        using var answer = await Call(
            () => new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Accept = { new(MediaTypeNames.Text.Plain) } } },
            isPatient: false,
            cancellationToken
        );
        if (await IsMissing(answer, cancellationToken))
            return null;
        await Demand(answer, cancellationToken);
        return await answer.Content.ReadAsStringAsync(cancellationToken);
    }

    /// <summary>
    /// Reads a stream of events, and goes on where it was when it breaks off: a host that does not answer is called again for about a
    /// minute.
    /// </summary>
    /// <exception cref="CommandException">The host does not answer or refuses, or what came after is no longer kept.</exception>
    public async IAsyncEnumerable<JsonObject> Events(
        string path,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        for (var place = ""; ; await Task.Delay(BetweenStreams, cancellationToken))
        {
            using var answer = await Call(Ask, isPatient: place.Length > 0, cancellationToken, HttpCompletionOption.ResponseHeadersRead);
            await Demand(answer, cancellationToken);
            await using var body = new HeardStream(await answer.Content.ReadAsStreamAsync(cancellationToken));
            var parser = SseParser.Create(body);
            await using var events = parser.EnumerateAsync(cancellationToken).GetAsyncEnumerator(CancellationToken.None);
            while (await HasNext(events))
            {
                place = parser.LastEventId;
                yield return JsonNode.Parse(events.Current.Data) as JsonObject ?? throw NoHost();
            }

            // An event that was cut off is not had, though its id may be: without any only the stream that was opened is known.
            if (place.Length == 0 && parser.LastEventId.Split('-') is [var stream, _])
                place = $"{stream}-0";

            HttpRequestMessage Ask()
            {
                var request = new HttpRequestMessage(HttpMethod.Get, path);
                if (place.Length > 0)
                    request.Headers.Add(EventStreamsApi.LastEventId, place);
                return request;
            }
        }

        static async Task<bool> HasNext(IAsyncEnumerator<SseItem<string>> events)
        {
            try
            {
                return await events.MoveNextAsync();
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException)
            {
                return false;
            }
        }
    }

    /// <summary>Sends a body, once more only while the host says that it is busy.</summary>
    /// <exception cref="CommandException">The host does not answer, or refuses.</exception>
    public Task<JsonObject> Send(HttpMethod method, string path, JsonObject body, CancellationToken cancellationToken) =>
        Send(method, path, JsonSerializer.SerializeToUtf8Bytes(body), prefer: null, isPatient: false, cancellationToken);

    /// <summary>Posts what may be repeated: a host that does not answer is called again for about a minute.</summary>
    /// <exception cref="CommandException">The host does not answer, or refuses.</exception>
    public Task<JsonObject> PostPatiently(string path, byte[] body, string? prefer, CancellationToken cancellationToken) =>
        Send(HttpMethod.Post, path, body, prefer, isPatient: true, cancellationToken);

    async Task<JsonObject> Send(
        HttpMethod method,
        string path,
        byte[] body,
        string? prefer,
        bool isPatient,
        CancellationToken cancellationToken
    )
    {
        using var answer = await Call(
            () =>
            {
                var request = new HttpRequestMessage(method, path)
                {
                    Content = new ByteArrayContent(body) { Headers = { ContentType = new(MediaTypeNames.Application.Json) } },
                };
                if (prefer is not null)
                    request.Headers.Add("Prefer", prefer);
                return request;
            },
            isPatient,
            cancellationToken
        );
        return await Read(answer, cancellationToken);
    }

    async Task<HttpResponseMessage> Call(
        Func<HttpRequestMessage> ask,
        bool isPatient,
        CancellationToken cancellationToken,
        HttpCompletionOption upTo = HttpCompletionOption.ResponseContentRead
    )
    {
        try
        {
            var answer = await Tries(isPatient)
                .ExecuteAsync(
                    async cancellation =>
                    {
                        using var request = ask();
                        return await _http.SendAsync(request, upTo, cancellation);
                    },
                    cancellationToken
                );
            Ahead = answer.Headers.Date is { } date ? date - TimeProvider.System.GetUtcNow() : TimeSpan.Zero;
            return answer;
        }
        catch (HttpRequestException exception)
        {
            throw new CommandException(
                ExitCode.NoAnswer,
                $"no host answers at {url} ({exception.Message}); start one, or name its address with --url or NOTIFICATIONBUS_URL"
            );
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CommandException(ExitCode.NoAnswer, $"{url} has not answered within {LongestCall.TotalSeconds} s; try it again");
        }
    }

    async Task<JsonObject> Read(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        await Demand(answer, cancellationToken);
        try
        {
            await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
            return await JsonNode.ParseAsync(body, cancellationToken: cancellationToken) as JsonObject ?? throw NoHost();
        }
        catch (JsonException)
        {
            throw NoHost();
        }
    }

    /// <summary>True for a 404 that is about the record. One that is about the address is a mistake of whoever has named it.</summary>
    async Task<bool> IsMissing(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.StatusCode != HttpStatusCode.NotFound)
            return false;

        var problem = ProblemText.Read(await answer.Content.ReadAsStringAsync(cancellationToken));
        var kind = problem?.Text("type")?.Split(':')[^1];
        return kind?.StartsWith("unknown-", StringComparison.Ordinal) == true ? true : throw NoHost();
    }

    async Task Demand(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.IsSuccessStatusCode)
            return;

        var text = ProblemText.Of(await answer.Content.ReadAsStringAsync(cancellationToken));
        throw answer.StatusCode switch
        {
            HttpStatusCode.Unauthorized when key is null => new CommandException(
                ExitCode.Wrong,
                $"{url} asks for a key: put it into NOTIFICATIONBUS_KEY, or a file and --key-file"
            ),
            HttpStatusCode.NotFound when text is not null => new CommandException(ExitCode.NotThere, text),
            _ when text is null && (int)answer.StatusCode < 500 => NoHost(),
            >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests => new CommandException(
                ExitCode.NoAnswer,
                text ?? $"{url} answers {(int)answer.StatusCode}; try it again"
            ),
            _ => new CommandException(ExitCode.Wrong, text!),
        };
    }

    CommandException NoHost() => new(ExitCode.NoAnswer, $"what answers at {url} is no host of NotificationBus, or not its API; see --url");

    static ResiliencePipeline<HttpResponseMessage> Tries(bool isPatient)
    {
        var began = Stopwatch.GetTimestamp();
        return new ResiliencePipelineBuilder<HttpResponseMessage>()
            .AddRetry(
                new RetryStrategyOptions<HttpResponseMessage>
                {
                    MaxRetryAttempts = int.MaxValue,
                    BackoffType = DelayBackoffType.Exponential,
                    Delay = TimeSpan.FromMilliseconds(200),
                    MaxDelay = LongestPause,
                    UseJitter = true,
                    ShouldHandle = failed =>
                        ValueTask.FromResult(
                            Stopwatch.GetElapsedTime(began) < Patience
                                && (
                                    failed.Outcome.Result?.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable
                                    || (isPatient && failed.Outcome.Exception is HttpRequestException)
                                )
                        ),
                    DelayGenerator = static failed =>
                        ValueTask.FromResult(
                            failed.Outcome.Result?.Headers.RetryAfter?.Delta is { } wanted
                                ? (TimeSpan?)(wanted < LongestPause ? wanted : LongestPause)
                                : null
                        ),
                }
            )
            .Build();
    }

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();
}
