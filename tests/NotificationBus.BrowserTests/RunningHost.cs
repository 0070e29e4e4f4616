using System.Net;
using System.Net.Http.Json;

using Microsoft.AspNetCore.Builder;

using NotificationBus.Host;

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

    /// <summary>Tells the host over HTTP that something happened.</summary>
    public async Task Tell(string happened, object about)
    {
        using var answer = await _client.PostAsJsonAsync($"/v1/events/{happened}", about);
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
