using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;

namespace NotificationBus.Chaos;

/// <summary>A service that posts events, and posts them again under the same event id until they are answered with 202.</summary>
sealed class HttpProducer(Func<HttpClient> api, Requests requests)
{
    const int Parallel = 32;

    static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>How long each request took, whatever came of it.</summary>
    public ConcurrentBag<TimeSpan> Durations { get; } = [];

    /// <summary>How often each status came; 0 for no answer at all.</summary>
    public ConcurrentDictionary<int, int> Statuses { get; } = new();

    /// <summary>Posts all at a rate and completes when each was answered with 202, or has not been for minutes.</summary>
    public async Task Post(IEnumerable<Occurrence> occurrences, int perSecond, bool again = true)
    {
        var started = Clock.Now;
        var number = 0;
        using var limit = new SemaphoreSlim(Parallel);
        var posting = new List<Task>();
        foreach (var occurrence in occurrences)
        {
            var due = started + TimeSpan.FromSeconds((double)number++ / perSecond);
            if (due > Clock.Now)
                await Task.Delay(due - Clock.Now);
            await limit.WaitAsync();
            posting.Add(UntilTaken(occurrence, again).ContinueWith(_ => limit.Release(), TaskScheduler.Default));
        }

        await Task.WhenAll(posting);
    }

    async Task UntilTaken(Occurrence occurrence, bool again)
    {
        requests.Asking(occurrence);
        var giveUp = Clock.Now + Patience;
        while (!await Post(occurrence) && again && Clock.Now < giveUp)
            await Task.Delay(Pause);
    }

    async Task<bool> Post(Occurrence occurrence)
    {
        var started = Stopwatch.GetTimestamp();
        var status = 0;
        try
        {
            using var limit = new CancellationTokenSource(Limit);
            using var answer = await api()
                .PostAsJsonAsync(new Uri($"/v1/events/{occurrence.Name}", UriKind.Relative), occurrence.Message, limit.Token);
            status = (int)answer.StatusCode;
        }
        catch (Exception failed)
            when (failed is HttpRequestException or OperationCanceledException or ObjectDisposedException or IOException)
        {
            // Killed, or hanging: nobody knows.
        }

        Durations.Add(Stopwatch.GetElapsedTime(started));
        Statuses.AddOrUpdate(status, 1, (_, count) => count + 1);
        if (status == (int)HttpStatusCode.Accepted)
            requests.Taken(occurrence);
        else
            requests.NoAnswer(occurrence);
        return status == (int)HttpStatusCode.Accepted;
    }
}
