using NotificationBus.Benchmarks.Contenders;
using NotificationBus.Benchmarks.Load;

namespace NotificationBus.Benchmarks.Measures;

/// <summary>One round of one contender at saturation; everything but the rate, the seconds and the peak is for each notification.</summary>
sealed record SaturationRound(
    string Contender,
    int Notifications,
    double Seconds,
    double PerSecond,
    double ProgramCpuMs,
    double BrokerCpuMs,
    double DatabaseCpuMs,
    double Messages,
    double Transactions,
    double? AllocatedKilobytes,
    double PeakMegabytes);

/// <summary>As many events as the broker takes, all at once: from the first publish to the last notification completed.</summary>
static class Saturation
{
    public static async Task<SaturationRound> Run(Servers servers, Contender contender, double seconds, IReadOnlyDictionary<string, string>? settings = null, Func<Stand, Task>? prepare = null)
    {
        await using var stand = await Stand.Open(servers, contender, settings);
        try
        {
            if (prepare is not null)
                await prepare(stand);
            var transactions = await stand.Record.Transactions();
            var (warmUp, perSecond) = await stand.WarmUp();

            var count = (int)Math.Max(1, perSecond * seconds);
            var events = Events.Placed(count);
            var before = await Usage.Of(stand.Running, servers);
            var started = Clock.Now;
            await stand.Publisher.Publish(events);
            await stand.Record.UntilCompleted(count, started);
            var elapsed = (await stand.Record.LastCompletion(started) - started).TotalSeconds;
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
