using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;

namespace NotificationBus.IntegrationTests.Servers;

/// <summary>A subscriber on the loopback interface that takes what it is told, as fast as it may come, or does not.</summary>
sealed class Subscriber : IAsyncDisposable
{
    readonly HttpListener _listener = new();
    readonly CancellationTokenSource _ended = new();
    readonly ConcurrentQueue<ToldEvent> _told = new();
    readonly Task _listening;

    Subscriber(int port)
    {
        Url = new Uri($"http://127.0.0.1:{port}/hook");
        _listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        _listener.Start();
        _listening = Task.Run(Listen);
    }

    /// <summary>Where it is told.</summary>
    public Uri Url { get; }

    /// <summary>The status it answers with, the answer's Retry-After, and how long it takes.</summary>
    public Func<ToldEvent, (int Status, string? RetryAfter, TimeSpan After)> Answer { get; set; } = _ => (204, null, TimeSpan.Zero);

    /// <summary>Everything it was posted, whatever it answered, in order.</summary>
    public IReadOnlyList<ToldEvent> Told => [.. _told];

    /// <summary>Starts one on a free port, or where another one was.</summary>
    public static Subscriber Start(Uri? where = null) => new(where?.Port ?? FreePort.Take());

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _listener.Close();
        await _listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ended.Dispose();
    }

    async Task Listen()
    {
        while (!_ended.IsCancellationRequested)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            _ = Take(context);
        }
    }

    async Task Take(HttpListenerContext context)
    {
        try
        {
            using var body = new StreamReader(context.Request.InputStream);
            var text = await body.ReadToEndAsync();
            var told = new ToldEvent(
                // A vendor's call that ends here has none.
                Guid.TryParse(context.Request.Headers["webhook-id"], out var id)
                    ? id
                    : Guid.Empty,
                context.Request.Headers["webhook-signature"] ?? "",
                JsonElement.Parse(text),
                TimeProvider.System.GetUtcNow()
            );
            _told.Enqueue(told);
            var (status, retryAfter, after) = Answer(told);
            if (after > TimeSpan.Zero)
                await Task.Delay(after, _ended.Token);
            context.Response.StatusCode = status;
            if (retryAfter is not null)
                context.Response.Headers["Retry-After"] = retryAfter;
            context.Response.Close();
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException or OperationCanceledException)
        {
            // Whoever called has gone, or the test is over.
        }
    }
}

/// <summary>An event as a subscriber was told it.</summary>
sealed record ToldEvent(Guid Id, string Signature, JsonElement Body, DateTimeOffset At)
{
    public string Type => Body.GetProperty("type").GetString()!;

    public Guid NotificationId => Body.GetProperty("data").GetProperty("notificationId").GetGuid();

    public int Sequence => Body.GetProperty("data").GetProperty("sequence").GetInt32();
}
