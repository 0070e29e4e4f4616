using System.Net.ServerSentEvents;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NotificationBus.Channels.Sandbox;

namespace NotificationBus.Tests.Channels.Sandbox;

/// <summary>The inbox in a real web server on a free loopback port.</summary>
public sealed class InboxHost : IAsyncLifetime
{
    /// <summary>How long a condition may take before the test counts as failed. Nothing passes by its running out.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    readonly WebApplication _app;
    int _begun;

    public InboxHost(TimeProvider? clock = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseSetting("urls", "http://127.0.0.1:0");
        builder.Services.AddSingleton(clock ?? TimeProvider.System);
        builder.Services.AddSingleton<SandboxInbox>();
        _app = builder.Build();
        _app.Use(
            (context, next) =>
            {
                Interlocked.Increment(ref _begun);
                return next(context);
            }
        );
        _app.MapInbox();
    }

    public HttpClient Client { get; } = new() { Timeout = Patience };

    public SandboxInbox Inbox => _app.Services.GetRequiredService<SandboxInbox>();

    public async ValueTask InitializeAsync()
    {
        await _app.StartAsync();
        Client.BaseAddress = new Uri(_app.Urls.Single());
    }

    /// <summary>Waits until so many requests have begun.</summary>
    public async Task Begun(int requests)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (Volatile.Read(ref _begun) < requests)
            await Task.Delay(1, patience.Token);
    }

    public Task Stop() => _app.StopAsync();

    /// <summary>Opens the stream as a browser does that has seen everything up to <paramref name="lastEventId"/>.</summary>
    public async Task<Watcher> Listen(string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/inbox/stream");
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        var response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return new Watcher(response, await response.Content.ReadAsStreamAsync());
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }

    public sealed class Watcher(HttpResponseMessage response, Stream body) : IAsyncDisposable
    {
        readonly IAsyncEnumerator<SseItem<string>> _events = SseParser.Create(body).EnumerateAsync().GetAsyncEnumerator();

        public string? MediaType => response.Content.Headers.ContentType?.MediaType;

        public async Task<SseItem<string>> Next()
        {
            (await MoveNext()).ShouldBeTrue("the stream ended");
            return _events.Current;
        }

        public async Task ShouldEnd() => (await MoveNext()).ShouldBeFalse("the stream went on");

        public async ValueTask DisposeAsync()
        {
            await _events.DisposeAsync();
            await body.DisposeAsync();
            response.Dispose();
        }

        Task<bool> MoveNext() => _events.MoveNextAsync().AsTask().WaitAsync(Patience);
    }
}
