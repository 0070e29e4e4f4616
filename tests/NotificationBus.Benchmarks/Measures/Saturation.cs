using NotificationBus.Benchmarks.Contenders;
using NotificationBus.Benchmarks.Load;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.Benchmarks.Measures;

/// <summary>
/// One round of one contender at saturation; everything but the rates, the seconds and the peak is for each notification.
/// </summary>
/// <param name="Contender">Who.</param>
/// <param name="Notifications">How many.</param>
/// <param name="Seconds">From the first publish to the last notification completed.</param>
/// <param name="PerSecond">How many of them a second.</param>
/// <param name="FirstPerSecond">The same, of the first 80 %: without those that had to wait for another try.</param>
/// <param name="ProgramCpuMs">Processor time of the contender's process.</param>
/// <param name="BrokerCpuMs">Processor time of RabbitMQ.</param>
/// <param name="DatabaseCpuMs">Processor time of PostgreSQL.</param>
/// <param name="Messages">Messages the broker took from publishers, the event among them.</param>
/// <param name="Transactions">
/// Transactions PostgreSQL committed, over all rounds and warming up; null before the last round. Where each statement is its own
/// transaction, these are the round trips.
/// </param>
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
    double? Transactions,
    double? AllocatedKilobytes,
    double PeakMegabytes
);

/// <summary>How long to warm up, and about how long a round is.</summary>
sealed record SaturationLength(TimeSpan WarmUp, TimeSpan Round)
{
    public static readonly SaturationLength Short = new(TimeSpan.FromSeconds(12), TimeSpan.FromSeconds(5));
    public static readonly SaturationLength Long = new(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(12));
}

/// <summary>
/// As many events as the broker takes, all at once: from the first publish to the last notification completed. The contender stays
/// between its rounds, so that what is compiled on the way is compiled once.
/// </summary>
sealed class Saturation : IAsyncDisposable
{
    const double MostOfThem = 0.8;

    readonly string _name;
    readonly Stand _stand;
    readonly long _transactionsBefore;
    long _notifications;
    double _perSecond;

    Saturation(string name, Stand stand, long transactionsBefore, (int Count, double PerSecond) warmUp)
    {
        _name = name;
        _stand = stand;
        _transactionsBefore = transactionsBefore;
        (_notifications, _perSecond) = warmUp;
    }

    /// <summary>Starts a contender and warms it up.</summary>
    public static async Task<Saturation> Open(
        OwnServers servers,
        Contender contender,
        TimeSpan warmUp,
        IReadOnlyDictionary<string, string>? settings = null,
        Func<Stand, Task>? prepare = null
    )
    {
        var stand = await Stand.Open(servers, contender, settings);
        try
        {
            if (prepare is not null)
                await prepare(stand);
            var transactions = await stand.Record.Transactions();
            return new Saturation(contender.Name, stand, transactions, await Named(contender.Name, stand, () => stand.WarmUp(warmUp)));
        }
        catch
        {
            await stand.DisposeAsync();
            throw;
        }
    }

    /// <summary>One round of about this length.</summary>
    public Task<SaturationRound> Run(TimeSpan about) =>
        Named(
            _name,
            _stand,
            async () =>
            {
                var count = (int)Math.Max(1, _perSecond * about.TotalSeconds);
                var events = Events.Placed(count);
                await _stand.Record.Checkpoint();
                var before = await Usage.Of(_stand.Running, _stand.Servers);
                var started = Clock.Now;
                await _stand.Publisher.Publish(events);
                await _stand.Record.UntilCompleted(count, started);
                var elapsed = (await _stand.Record.Completion(share: 1, started) - started).TotalSeconds;
                var first = (await _stand.Record.Completion(MostOfThem, started) - started).TotalSeconds;
                var after = await Usage.Of(_stand.Running, _stand.Servers);

                if (await _stand.Record.Sent(started) is var sent && sent != 2L * count)
                    throw new IncompleteException($"{sent} deliveries of {2 * count} were sent");

                _notifications += count;
                _perSecond = count / elapsed;
                return new SaturationRound(
                    _name,
                    count,
                    elapsed,
                    _perSecond,
                    MostOfThem * count / first,
                    (after.Program - before.Program).TotalMilliseconds / count,
                    (after.Broker - before.Broker).TotalMilliseconds / count,
                    (after.Database - before.Database).TotalMilliseconds / count,
                    (double)(after.Messages - before.Messages) / count,
                    Transactions: null,
                    (after.Allocated - before.Allocated) / 1024.0 / count,
                    _stand.Running.PeakMegabytes()
                );
            }
        );

    /// <summary>Ends the contender, and tells how many transactions there were for each notification.</summary>
    public async Task<double> End()
    {
        // PostgreSQL counts a connection's transactions at the latest when it is closed.
        await _stand.Running.Terminate();
        return (double)(await _stand.Record.Transactions() - _transactionsBefore) / _notifications;
    }

    public ValueTask DisposeAsync() => _stand.DisposeAsync();

    static async Task<T> Named<T>(string name, Stand stand, Func<Task<T>> act)
    {
        try
        {
            return await act();
        }
        catch (Exception failed) when (failed is IncompleteException or TimeoutException)
        {
            throw new IncompleteException($"{name}: {failed.Message}\n{stand.Running.LastWords}");
        }
    }
}
