using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NotificationBus.Channels.Sandbox;
using NotificationBus.Host;
using NotificationBus.Host.Http;
using NotificationBus.Tests.Described;

namespace NotificationBus.Tests.Host;

/// <summary>The whole host, embedded, on a free loopback port, and a client that talks to it over HTTP.</summary>
public sealed class RunningHost : IAsyncLifetime
{
    /// <summary>How long a condition may take before the test counts as failed. Nothing passes by its running out.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    readonly KeptLog _log = new();
    WebApplication? _app;

    /// <summary>Whether what it logs is kept. Whoever keeps it listens, and ASP.NET Core then traces.</summary>
    public bool KeepsLog { get; init; } = true;

    /// <summary>As on the command line.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>Adds what is not shipped.</summary>
    public Action<IServiceCollection>? Configure { get; init; }

    /// <summary>A client that takes no answer that is not as the API describes it.</summary>
    public HttpClient Client { get; } = new(new AsDescribed(new HttpClientHandler())) { Timeout = Patience };

    /// <summary>A part of the host.</summary>
    internal T Of<T>()
        where T : notnull => _app!.Services.GetRequiredService<T>();

    public IBus Bus => _app!.Services.GetRequiredService<IBus>();

    public IServiceProvider Services => _app!.Services;

    public SandboxInbox Inbox => _app!.Services.GetRequiredService<SandboxInbox>();

    public async ValueTask InitializeAsync()
    {
        _app = NotificationHost.Build(
            ["--Urls=http://127.0.0.1:0", .. Settings],
            services =>
            {
                if (KeepsLog)
                    services.AddLogging(logging => logging.AddProvider(_log));
                Configure?.Invoke(services);
            }
        );
        await _app.StartAsync();
        Client.BaseAddress = new Uri(_app.Urls.First());
    }

    /// <summary>The port for the world, where there is one.</summary>
    public Uri Public => new(_app!.Urls.Last());

    /// <summary>The paths of all addresses there are.</summary>
    public IReadOnlyList<string> Routes => [.. Endpoints.Select(endpoint => $"/{endpoint.RoutePattern.RawText!.TrimStart('/')}")];

    /// <summary>The paths of those that are for the world.</summary>
    public IReadOnlyList<string> RoutesForTheWorld =>
        [.. Endpoints.Where(endpoint => endpoint.IsForTheWorld()).Select(endpoint => endpoint.RoutePattern.RawText!)];

    IEnumerable<RouteEndpoint> Endpoints => _app!.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    /// <summary>What was logged.</summary>
    public IReadOnlyList<string> Logged => _log.Lines;

    public Task<Answer> Get(string path) => Send(HttpMethod.Get, path);

    public Task<Answer> Post(string path, string json, params (string Name, string Value)[] headers) =>
        Post(path, Json(Encoding.UTF8.GetBytes(json)), headers);

    public Task<Answer> Post(string path, HttpContent body, params (string Name, string Value)[] headers) =>
        Send(HttpMethod.Post, path, body, headers);

    public Task<Answer> Put(string path, string json) => Send(HttpMethod.Put, path, Json(Encoding.UTF8.GetBytes(json)));

    public Task<Answer> Delete(string path) => Send(HttpMethod.Delete, path);

    public async Task<Answer> Send(HttpMethod method, string path, HttpContent? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = body };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();

        using var response = await Client.SendAsync(request);
        return new Answer(response.StatusCode, response.Headers, response.Content.Headers, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Asks for a notification until it has an outcome. It is there from the moment it was accepted.</summary>
    public Task<JsonElement> Outcome(string self) =>
        Until(self, notification => notification.GetProperty("status").GetString() is not ("accepted" or "sending"));

    /// <summary>Asks until the answer is as the test wants it.</summary>
    public async Task<JsonElement> Until(string path, Func<JsonElement, bool> condition)
    {
        var waiting = Stopwatch.StartNew();
        while (true)
        {
            var answer = await Get(path);
            answer.Status.ShouldBe(HttpStatusCode.OK);
            if (condition(answer.Json))
                return answer.Json;
            if (waiting.Elapsed > Patience)
                throw new TimeoutException($"{path} still answers after {Patience}: {answer.Body}");

            await Task.Delay(5);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_app is not null)
            await _app.DisposeAsync();
    }

    public static HttpContent Json(byte[] body) =>
        new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
}

/// <summary>An answer, read to its end.</summary>
public sealed record Answer(HttpStatusCode Status, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders, string Body)
{
    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Body);

    /// <summary>The address of the only notification of an accepted event.</summary>
    public string Self =>
        Json.GetProperty("notifications").EnumerateArray().ShouldHaveSingleItem().GetProperty("links").GetProperty("self").GetString()!;

    /// <summary>A problem as every problem must be, and says which places it names.</summary>
    public IReadOnlyDictionary<string, string> ShouldBeProblem(HttpStatusCode status, string type)
    {
        Status.ShouldBe(status, Body);
        ContentHeaders.ContentType!.MediaType.ShouldBe("application/problem+json");
        Json.GetProperty("type").GetString().ShouldBe($"urn:notificationbus:problem:{type}");
        Json.GetProperty("status").GetInt32().ShouldBe((int)status);
        Json.GetProperty("title").GetString().ShouldNotBeNullOrEmpty();
        Json.GetProperty("detail").GetString().ShouldNotBeNullOrEmpty();
        Json.GetProperty("traceId").GetString().ShouldNotBeNullOrEmpty();
        foreach (var ours in (string[])["System.", "Microsoft.", "NotificationBus.", "   at ", "Exception"])
            Body.ShouldNotContain(ours);

        return Json.TryGetProperty("errors", out var errors)
            ? errors
                .EnumerateObject()
                .ToDictionary(error => error.Name, error => string.Join("; ", error.Value.EnumerateArray()), StringComparer.Ordinal)
            : new Dictionary<string, string>(StringComparer.Ordinal);
    }
}
