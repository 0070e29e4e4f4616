using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace NotificationBus.BrowserTests;

/// <summary>A service of somebody else: a vendor or a subscriber, which answers as the test says.</summary>
sealed class OutsideService : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly ConcurrentQueue<string> _ids = new();

    OutsideService(WebApplication app) => _app = app;

    /// <summary>Where it listens.</summary>
    public string Url => $"{_app.Urls.Single()}/take";

    /// <summary>The status it answers; null when it takes a request and breaks the connection.</summary>
    public int? Answer { get; set; } = 200;

    /// <summary>The <c>webhook-id</c> of each request, or nothing, in order.</summary>
    public IReadOnlyList<string> Ids => [.. _ids];

    public static async Task<OutsideService> Start()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var service = new OutsideService(builder.Build());
        service._app.Run(service.Take);
        await service._app.StartAsync();
        return service;
    }

    async Task Take(HttpContext context)
    {
        using var body = new StreamReader(context.Request.Body);
        await body.ReadToEndAsync();
        _ids.Enqueue($"{context.Request.Headers["webhook-id"]}");
        if (Answer is { } status)
            context.Response.StatusCode = status;
        else
            context.Abort();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
