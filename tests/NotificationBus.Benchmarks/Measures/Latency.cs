using NotificationBus.Benchmarks.Contenders;
using NotificationBus.Benchmarks.Load;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.Benchmarks.Measures;

/// <summary>
/// How long it takes, in milliseconds, from the moment an event is to be published until a provider is first called for it.
/// </summary>
/// <param name="Events">How many events.</param>
/// <param name="PerSecond">How many of them a second.</param>
/// <param name="P50">Half of them do not take longer.</param>
/// <param name="P95">19 of 20 do not.</param>
/// <param name="P99">99 of 100 do not.</param>
/// <param name="Most">None takes longer.</param>
sealed record LatencyFigures(int Events, double PerSecond, double P50, double P95, double P99, double Most)
{
    public static LatencyFigures Of(
        IReadOnlyDictionary<string, DateTimeOffset> due,
        IReadOnlyDictionary<string, DateTimeOffset> called,
        double perSecond
    )
    {
        var missing = due.Keys.Count(eventId => !called.ContainsKey(eventId));
        if (missing > 0)
            throw new IncompleteException($"for {missing} of {due.Count} events no provider was called");

        var milliseconds = due.Select(published => (called[published.Key] - published.Value).TotalMilliseconds).Order().ToArray();
        return new(
            milliseconds.Length,
            perSecond,
            Quantile.At(milliseconds, 50),
            Quantile.At(milliseconds, 95),
            Quantile.At(milliseconds, 99),
            milliseconds[^1]
        );
    }
}

/// <summary>Events at a steady rate below saturation.</summary>
static class Latency
{
    /// <summary>Publishes at some rates, one after the other, and lets everything come to its end in between.</summary>
    public static async Task<IReadOnlyList<LatencyFigures>> Run(
        OwnServers servers,
        Contender contender,
        IEnumerable<double> rates,
        TimeSpan each
    )
    {
        await using var stand = await Stand.Open(servers, contender);
        await stand.WarmUp(each);
        var all = new List<LatencyFigures>();
        foreach (var perSecond in rates)
            all.Add(await Run(stand, perSecond, (int)Math.Max(1, perSecond * each.TotalSeconds)));
        return all;
    }

    /// <summary>Publishes so many events at one rate and waits for the end of all.</summary>
    public static async Task<LatencyFigures> Run(Stand stand, double perSecond, int count)
    {
        var started = Clock.Now;
        var due = await stand.Publisher.Publish(Events.Placed(count), perSecond);
        await stand.Record.UntilCompleted(count, started);
        return LatencyFigures.Of(due, await stand.Record.FirstCalls(started), perSecond);
    }
}
