using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;

namespace NotificationBus.Emulators;

/// <summary>Posts what vendors report, and goes on until it is taken, as vendors do.</summary>
sealed class Reporter(TimeProvider clock) : IAsyncDisposable
{
    const int MostTries = 20;
    const int MostRemembered = 10_000;

    static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(1);

    readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(15) };
    readonly CancellationTokenSource _end = new();
    readonly ConcurrentDictionary<Task, bool> _running = new();
    readonly ConcurrentQueue<PostedReport> _posted = new();

    /// <summary>What a vendor has posted, in the order in which it began to.</summary>
    public IReadOnlyCollection<PostedReport> Of(string vendor) => [.. _posted.Where(report => report.Vendor == vendor)];

    /// <summary>Begins to report of a delivery.</summary>
    public void Begin(Vendor vendor, Taken taken, ReceiptPlan plan)
    {
        var reporting = Task.Run(() => Post(vendor, taken, plan));
        _running[reporting] = true;
        _ = reporting.ContinueWith(ended => _running.TryRemove(ended, out _), TaskScheduler.Default);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_running.Keys).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _client.Dispose();
        _end.Dispose();
    }

    async Task Post(Vendor vendor, Taken taken, ReceiptPlan plan)
    {
        await Task.Delay(TimeSpan.FromSeconds(plan.After), clock, _end.Token);
        var happened = plan
            .Kinds.Select((kind, index) => (Kind: kind, At: clock.GetUtcNow().AddSeconds(index - plan.Kinds.Count)))
            .ToList();
        if (plan.Reordered)
            happened.Reverse();

        foreach (var (kind, at) in happened)
        {
            for (var copy = 0; copy < plan.Copies; copy++)
                await Post(vendor, taken, kind, plan.Url, at);
        }
    }

    async Task Post(Vendor vendor, Taken taken, ReportKind kind, Uri url, DateTimeOffset happened)
    {
        var posted = new PostedReport(vendor.Name, taken.Id, kind);
        for (var tries = 1; tries <= MostTries; tries++)
        {
            // Signed anew: a proof is good for minutes only.
            if (vendor.Tell(taken, kind, url, happened, clock.GetUtcNow()) is not { } callback)
                return;

            if (tries == 1)
                Remember(posted);
            posted.Outcome = await Post(callback);
            posted.Tries = tries;
            if (posted.Outcome.StartsWith('2'))
                return;

            await Task.Delay(BetweenTries, clock, _end.Token);
        }
    }

    async Task<string> Post(Callback callback)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, callback.Url)
            {
                Content = new ByteArrayContent(Encoding.UTF8.GetBytes(callback.Body))
                {
                    Headers = { ContentType = new MediaTypeHeaderValue(callback.ContentType) },
                },
            };
            foreach (var (name, value) in callback.Headers)
                request.Headers.TryAddWithoutValidation(name, value);
            using var response = await _client.SendAsync(request, _end.Token);
            return $"{(int)response.StatusCode}";
        }
        catch (HttpRequestException failed)
        {
            return $"{failed.HttpRequestError}";
        }
        catch (OperationCanceledException) when (!_end.IsCancellationRequested)
        {
            return "no answer in time";
        }
    }

    void Remember(PostedReport posted)
    {
        _posted.Enqueue(posted);
        while (_posted.Count > MostRemembered)
            _posted.TryDequeue(out _);
    }
}

/// <summary>A report, and what came of it.</summary>
/// <param name="Vendor">Whose it is.</param>
/// <param name="Id">The vendor's id of the delivery.</param>
/// <param name="Kind">What is reported.</param>
sealed record PostedReport(string Vendor, string Id, ReportKind Kind)
{
    /// <summary>The status of the last answer, or why there was none.</summary>
    public string Outcome { get; set; } = "being posted";

    /// <summary>How often it was posted.</summary>
    public int Tries { get; set; }
}
