using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Host;
using NotificationBus.Intake;

namespace NotificationBus.BrowserTests;

/// <summary>The host as a newcomer starts it, in this process and on a port of its own.</summary>
public sealed class RunningHost : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly HttpClient _client;

    RunningHost(WebApplication app)
    {
        _app = app;
        _client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()), Timeout = Chromium.Patience };
    }

    /// <summary>Scheme, host and port, without a slash at the end.</summary>
    public string Origin => _client.BaseAddress!.GetLeftPart(UriPartial.Authority);

    /// <summary>Starts a host; port 0 is any that is free.</summary>
    public static async Task<RunningHost> Start(int port = 0, params string[] settings)
    {
        var app = NotificationHost.Build([$"--Urls=http://127.0.0.1:{port}", "--Serilog:MinimumLevel:Default=Warning", .. settings]);
        await app.StartAsync();
        return new RunningHost(app);
    }

    /// <summary>Starts a host with something of the test's own in it.</summary>
    public static async Task<RunningHost> Start(Action<IServiceCollection> configure, params string[] settings)
    {
        var app = NotificationHost.Build(["--Serilog:MinimumLevel:Default=Warning", .. settings], configure);
        await app.StartAsync();
        return new RunningHost(app);
    }

    /// <summary>Starts a host on real servers, where nobody is asked for a key.</summary>
    public static async Task<RunningHost> Start(Uri broker, string database, params string[] settings)
    {
        var app = NotificationHost.Build([
            "--Urls=http://127.0.0.1:0",
            "--Serilog:MinimumLevel:Default=Warning",
            "--Transport=RabbitMq",
            $"--ConnectionStrings:RabbitMq={broker}",
            $"--ConnectionStrings:Postgres={database}",
            "--Auth:Mode=None",
            "--Inbox=true",
            .. settings,
        ]);
        await app.PrepareServers();
        await app.StartAsync();
        return new RunningHost(app);
    }

    /// <summary>Tells the host over HTTP that something happened.</summary>
    public async Task Tell(string happened, object about)
    {
        using var answer = await _client.PostAsJsonAsync($"/v1/events/{happened}", about);
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Reads what the API says.</summary>
    public async Task<JsonElement> Get(string path) => await _client.GetFromJsonAsync<JsonElement>(new Uri(path, UriKind.Relative));

    /// <summary>Has the API change something, as somebody with a key or as nobody.</summary>
    public async Task<(HttpStatusCode Status, JsonElement Answer)> Send(HttpMethod method, string path, object? body, string? key = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (body is not null)
            request.Content = JsonContent.Create(body);
        if (key is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await _client.SendAsync(request);
        var said = await answer.Content.ReadAsByteArrayAsync();
        return (answer.StatusCode, said.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(said));
    }

    /// <summary>The names of the events it takes.</summary>
    public IReadOnlyList<string> Events => [.. _app.Services.GetServices<IEventMap>().Select(map => map.Name)];

    /// <summary>Waits until a delivery of a category was caught.</summary>
    public async Task UntilCaught(string category) =>
        (await _client.GetFromJsonAsync<object[]>(new Uri($"/inbox/deliveries?category={category}&wait=30", UriKind.Relative)))
            .ShouldNotBeNull()
            .ShouldNotBeEmpty(category);

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
