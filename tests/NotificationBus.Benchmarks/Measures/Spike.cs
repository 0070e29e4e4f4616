using NotificationBus.Benchmarks.Contenders;
using NotificationBus.Benchmarks.Load;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.Benchmarks.Measures;

/// <summary>What a spike of announcements did.</summary>
/// <param name="Announcements">How many there were, all at once, in the lane for bulk.</param>
/// <param name="PublishSeconds">How long the broker took to take them.</param>
/// <param name="DrainSeconds">From the first publish to the last announcement completed.</param>
/// <param name="MegabytesBefore">The host's memory before it, warm.</param>
/// <param name="PeakMegabytes">The most it used.</param>
/// <param name="MegabytesByTenth">The memory when a tenth was through, two tenths, and so on.</param>
/// <param name="Idle">Transactional notifications before the spike.</param>
/// <param name="Meanwhile">Transactional notifications while it was worked on.</param>
sealed record SpikeFigures(
    int Announcements,
    double PublishSeconds,
    double DrainSeconds,
    double MegabytesBefore,
    double PeakMegabytes,
    IReadOnlyList<double> MegabytesByTenth,
    LatencyFigures Idle,
    LatencyFigures Meanwhile
);

/// <summary>A flood of announcements while orders go on being placed.</summary>
static class Spike
{
    const double TransactionalPerSecond = 10;
    const int IdleEvents = 200;

    static readonly Dictionary<string, string> Settings = new(StringComparer.Ordinal) { ["EventTypes:announcement:Lane"] = "Bulk" };

    public static async Task<SpikeFigures> Run(OwnServers servers, int count, Func<string, Task> say)
    {
        await using var stand = await Stand.Open(servers, new NotificationBusContender(), Settings);
        await stand.WarmUp(TimeSpan.FromSeconds(10));
        var idle = await Latency.Run(stand, TransactionalPerSecond, IdleEvents);
        var before = stand.Running.Megabytes();

        var events = Events.Announced(count);
        var started = Clock.Now;
        using var drained = new CancellationTokenSource();
        var transactional = Transactional(stand, drained.Token);
        await stand.Publisher.Publish(events);
        var published = Clock.Now - started;

        var byTenth = new List<double>();
        await stand.Record.UntilAnnounced(
            count,
            started,
            async completed =>
            {
                if (completed < (byTenth.Count + 1) * (long)count / 10)
                    return;
                byTenth.Add(Math.Round(stand.Running.Megabytes()));
                await say($"   {completed} of {count} announcements after {(Clock.Now - started).TotalSeconds:0} s, {byTenth[^1]} MB");
            }
        );
        var drain = Clock.Now - started;
        await drained.CancelAsync();
        var due = await transactional;
        await stand.Record.UntilCompleted(count + due.Count, started);

        return new SpikeFigures(
            count,
            published.TotalSeconds,
            drain.TotalSeconds,
            before,
            stand.Running.PeakMegabytes(),
            byTenth,
            idle,
            LatencyFigures.Of(due, await stand.Record.FirstCalls(started), TransactionalPerSecond)
        );
    }

    static async Task<Dictionary<string, DateTimeOffset>> Transactional(Stand stand, CancellationToken drained)
    {
        var due = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        // A line of its own: the one of the flood has thousands of messages to confirm first.
        await using var publisher = await stand.Connect();
        while (!drained.IsCancellationRequested)
        {
            foreach (var (eventId, at) in await publisher.Publish(Events.Placed((int)TransactionalPerSecond), TransactionalPerSecond))
                due[eventId] = at;
        }

        return due;
    }
}
