using System.Net;
using System.Text.Json;

namespace NotificationBus.Tests.Described;

/// <summary>
/// Holds every answer of a host that a test sees against the description of the API (docs/openapi.json), and fails the call when it is not
/// as described. So each answer that any test asks for is a test of the description.
/// </summary>
/// <param name="inner">The handler that asks.</param>
public sealed class AsDescribed(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <inheritdoc />
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var answer = await base.SendAsync(request, cancellationToken);
        // What is streamed is not kept, and what is no JSON has no schema.
        if (
            request.Method == HttpMethod.Head
            || answer.Content.Headers.ContentType?.MediaType is not { } type
            || type is not ("application/json" or "application/problem+json")
        )
            return answer;

        var path = request.RequestUri!.AbsolutePath;
        await answer.Content.LoadIntoBufferAsync(cancellationToken);
        var body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        if (DescribedApi.Current.Refuse(request.Method, path, answer.StatusCode, type, body) is { } wrong)
            throw new InvalidOperationException($"{request.Method} {path} is not answered as docs/openapi.json has it: {wrong}");

        return answer;
    }
}

/// <summary>The description of the API, as answers are held against it.</summary>
/// <param name="document">The document.</param>
public sealed class DescribedApi(JsonElement document)
{
    const string Problem = "ProblemDetails";

    static readonly Lazy<DescribedApi> CheckedIn = new(() =>
        new DescribedApi(JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(PathOf("docs", "openapi.json"))))
    );

    readonly JsonSchema _schemas = new(document.GetProperty("components").GetProperty("schemas"));

    readonly IReadOnlyList<(string[] Segments, JsonElement Operations)> _paths =
    [
        .. document.GetProperty("paths").EnumerateObject().Select(path => (path.Name.Split('/'), path.Value)),
    ];

    /// <summary>docs/openapi.json.</summary>
    public static DescribedApi Current => CheckedIn.Value;

    /// <summary>What of an answer is not as described; null when all of it is, or nothing is described there.</summary>
    /// <param name="method">The method of the call.</param>
    /// <param name="path">Its path.</param>
    /// <param name="status">The status of the answer.</param>
    /// <param name="contentType">The content type of the answer.</param>
    /// <param name="body">The body of the answer.</param>
    public string? Refuse(HttpMethod method, string path, HttpStatusCode status, string contentType, ReadOnlyMemory<byte> body)
    {
        if (body.IsEmpty || Find(method, path) is not { } operation)
            return null;

        using var json = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 256 });
        var said = $"{(int)status} with {contentType} {Shortened(json.RootElement.GetRawText())}";
        if (!operation.GetProperty("responses").TryGetProperty($"{(int)status}", out var answer))
            // What any call may meet, such as a path that leads nowhere, is not said of each.
            return (int)status < 400 ? $"{said}: the status is not described"
                : _schemas.Refuse(json.RootElement, Problem) is { } other ? $"{said}: {other}"
                : null;

        if (!answer.TryGetProperty("content", out var content) || !content.TryGetProperty(contentType, out var media))
            return $"{said}: no body of that type is described";

        return _schemas.Refuse(json.RootElement, media.GetProperty("schema")) is { } wrong ? $"{said}: {wrong}" : null;
    }

    /// <summary>The operation that a call is; a path that is written out comes before one that has a place for an id.</summary>
    JsonElement? Find(HttpMethod method, string path)
    {
        var segments = path.TrimEnd('/').Split('/');
        var fitting = _paths
            .Where(known =>
                known.Segments.Length == segments.Length
                && known.Segments.Zip(segments).All(pair => IsId(pair.First) || pair.First == pair.Second)
            )
            .OrderBy(known => known.Segments.Count(IsId))
            .Select(known => known.Operations)
            .FirstOrDefault();
        return fitting.ValueKind == JsonValueKind.Object && fitting.TryGetProperty(method.Method.ToLowerInvariant(), out var operation)
            ? operation
            : null;
    }

    static string PathOf(params ReadOnlySpan<string> names)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "NotificationBus.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("These tests run inside the repository.");
        return Path.Combine([folder.FullName, .. names]);
    }

    static bool IsId(string segment) => segment.StartsWith('{');

    static string Shortened(string json) => json.Length <= 2000 ? json : $"{json[..2000]}…";
}
