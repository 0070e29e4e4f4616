using NotificationBus.Benchmarks.Contenders;
using NotificationBus.Benchmarks.Load;

namespace NotificationBus.Benchmarks.Measures;

/// <summary>One round of one contender at saturation; everything but the rates, the seconds and the peak is for each notification.</summary>
/// <param name="Contender">Who.</param>
/// <param name="Notifications">How many.</param>
/// <param name="Seconds">From the first publish to the last notification completed.</param>
/// <param name="PerSecond">How many of them a second.</param>
/// <param name="FirstPerSecond">The same, of the first 80 %: without those that had to wait for another try.</param>
/// <param name="ProgramCpuMs">Processor time of the contender's process.</param>
/// <param name="BrokerCpuMs">Processor time of RabbitMQ.</param>
/// <param name="DatabaseCpuMs">Processor time of PostgreSQL.</param>
/// <param name="Messages">Messages the broker took from publishers, the event among them.</param>
/// <param name="Transactions">Transactions PostgreSQL committed, warming up included. Where each statement is its own transaction, these are the round trips.</param>
/// <param name="AllocatedKilobytes">What the contender allocated; null when it does not say.</param>
/// <param name="PeakMegabytes">The most memory the contender used.</param>
sealed record SaturationRound(
    string Contender,
    int Notifications,
    double Seconds,
    double PerSecond,
    double FirstPerSecond,
    double ProgramCpuMs,
    double BrokerCpuMs,
    double DatabaseCpuMs,
    double Messages,
    double Transactions,
    double? AllocatedKilobytes,
    double PeakMegabytes);

/// <summary>How long to warm up, and about how long a round is.</summary>
sealed record SaturationLength(TimeSpan WarmUp, TimeSpan Round)
{
    public static readonly SaturationLength Short = new(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(5));
    public static readonly SaturationLength Long = new(TimeSpan.FromSeconds(12), TimeSpan.FromSeconds(12));
}

/// <summary>As many events as the broker takes, all at once: from the first publish to the last notification completed.</summary>
static class Saturation
{
    const double MostOfThem = 0.8;

    public static async Task<SaturationRound> Run(Servers servers, Contender contender, SaturationLength length, IReadOnlyDictionary<string, string>? settings = null, Func<Stand, Task>? prepare = null)
    {
        await using var stand = await Stand.Open(servers, contender, settings);
        try
        {
            if (prepare is not null)
                await prepare(stand);
            var transactions = await stand.Record.Transactions();
            var (warmUp, perSecond) = await stand.WarmUp(length.WarmUp);

            var count = (int)Math.Max(1, perSecond * length.Round.TotalSeconds);
            var events = Events.Placed(count);
            var before = await Usage.Of(stand.Running, servers);
            var started = Clock.Now;
            await stand.Publisher.Publish(events);
            await stand.Record.UntilCompleted(count, started);
            var elapsed = (await stand.Record.Completion(share: 1, started) - started).TotalSeconds;
            var first = (await stand.Record.Completion(MostOfThem, started) - started).TotalSeconds;
            var after = await Usage.Of(stand.Running, servers);
            var peak = stand.Running.PeakMegabytes();

            if (await stand.Record.Sent(started) is var sent && sent != 2L * count)
                throw new IncompleteException($"{sent} deliveries of {2 * count} were sent");

            // PostgreSQL counts a connection's transactions at the latest when it is closed.
            await stand.Running.Terminate();
            transactions = await stand.Record.Transactions() - transactions;
            return new SaturationRound(
                contender.Name,
                count,
                elapsed,
                count / elapsed,
                MostOfThem * count / first,
                (after.Program - before.Program).TotalMilliseconds / count,
                (after.Broker - before.Broker).TotalMilliseconds / count,
                (after.Database - before.Database).TotalMilliseconds / count,
                (double)(after.Messages - before.Messages) / count,
                (double)transactions / (warmUp + count),
                (after.Allocated - before.Allocated) / 1024.0 / count,
                peak);
        }
        catch (Exception failed) when (failed is IncompleteException or TimeoutException)
        {
            throw new IncompleteException($"{contender.Name}: {failed.Message}\n{stand.Running.LastWords}");
        }
    }
}
