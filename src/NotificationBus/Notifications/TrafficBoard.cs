using System.Diagnostics;

namespace NotificationBus.Notifications;

/// <summary>
/// The traffic of the last hour and of the last day, counted hour by hour and shared by all who look: what was counted a moment ago is not
/// counted again, and counting takes a small share of the time.
/// </summary>
public sealed class TrafficBoard(ITraffic traffic, TimeProvider clock) : IDisposable
{
    const int Hours = 24;

    // Counting may take so much less than it rests.
    const int ShareOfTheTime = 20;

    static readonly TimeSpan Fresh = TimeSpan.FromSeconds(10);

    // What began hours ago changes little.
    static readonly TimeSpan FreshOfEarlier = TimeSpan.FromMinutes(5);

    // What is not counted by then is counted for the next who look.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    readonly SemaphoreSlim _turn = new(1);
    readonly Dictionary<DateTimeOffset, Counted> _hours = [];
    Counted? _lastHour;

    /// <inheritdoc />
    public void Dispose() => _turn.Dispose();

    /// <summary>Returns what is counted, and counts what is due before.</summary>
    public async Task<TrafficView> Look(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var began = Stopwatch.GetTimestamp();
            var now = clock.GetUtcNow();
            if (!IsFresh(_lastHour, Fresh))
                _lastHour = await Count(now.AddHours(-1), now, _lastHour, cancellationToken);

            var current = LedgerRules.HourOf(now);
            foreach (var gone in _hours.Keys.Where(hour => hour <= current.AddHours(-Hours)).ToList())
                _hours.Remove(gone);
            for (
                var hour = current;
                hour > current.AddHours(-Hours) && Stopwatch.GetElapsedTime(began) < Patience;
                hour = hour.AddHours(-1)
            )
            {
                var known = _hours.GetValueOrDefault(hour);
                if (!IsFresh(known, hour >= current.AddHours(-1) ? Fresh : FreshOfEarlier))
                    _hours[hour] = await Count(hour, hour.AddHours(1), known, cancellationToken);
            }

            return View(now, current);
        }
        finally
        {
            _turn.Release();
        }
    }

    TrafficView View(DateTimeOffset now, DateTimeOffset current)
    {
        var since = current;
        while (since > current.AddHours(1 - Hours) && _hours.GetValueOrDefault(since.AddHours(-1))?.Counts is not null)
            since = since.AddHours(-1);
        var day = _hours.GetValueOrDefault(current)?.Counts is null
            ? null
            : TrafficCount.Sum(_hours.Where(hour => hour.Key >= since).SelectMany(hour => hour.Value.Counts ?? []));
        return new TrafficView(now, _lastHour?.Counts, day, day is null ? null : since);
    }

    async Task<Counted> Count(DateTimeOffset from, DateTimeOffset to, Counted? before, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        var counts = await traffic.Count(from, to, cancellationToken);
        // What could not be counted now is better than nothing, and is tried again as late as what took long.
        return new Counted(counts ?? before?.Counts, clock.GetTimestamp(), clock.GetElapsedTime(began) * ShareOfTheTime);
    }

    bool IsFresh(Counted? counted, TimeSpan fresh) =>
        counted is not null && clock.GetElapsedTime(counted.At) < (counted.Rest > fresh ? counted.Rest : fresh);

    sealed record Counted(IReadOnlyList<TrafficCount>? Counts, long At, TimeSpan Rest);
}

/// <summary>How it goes, by channel and account.</summary>
/// <param name="At">When it was looked at.</param>
/// <param name="Hour">The deliveries of what was accepted within the last hour; null when they could not be counted in time.</param>
/// <param name="Day">The same for the last day, in whole hours; null when they could not be counted in time.</param>
/// <param name="DaySince">
/// From when on the day is counted: the beginning of the hour 23 hours ago, or later while it is still counted.
/// </param>
public sealed record TrafficView(
    DateTimeOffset At,
    IReadOnlyList<TrafficCount>? Hour,
    IReadOnlyList<TrafficCount>? Day,
    DateTimeOffset? DaySince
);
