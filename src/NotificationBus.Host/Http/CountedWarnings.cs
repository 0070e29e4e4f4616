using System.Collections.Concurrent;

namespace NotificationBus.Host.Http;

/// <summary>
/// Says when a warning is worth a line: the first time, and then once a minute with how often it came meanwhile. Whoever is refused may
/// come again ten thousand times, and a log that says so ten thousand times hides everything else.
/// </summary>
sealed class CountedWarnings(TimeProvider clock)
{
    static readonly TimeSpan Between = TimeSpan.FromMinutes(1);

    // Reasons are ours and few; a bound all the same.
    const int MostKept = 1_000;

    readonly ConcurrentDictionary<string, Counted> _counted = new(StringComparer.Ordinal);

    /// <summary>
    /// Counts a warning: how often it came since it was said last, this time included; null when it is not to be said now.
    /// </summary>
    /// <param name="warning">The warning, with whom it is about.</param>
    public int? Count(string warning)
    {
        if (_counted.Count >= MostKept && !_counted.ContainsKey(warning))
            _counted.Clear();
        return _counted.GetOrAdd(warning, static _ => new Counted()).Add(clock);
    }

    sealed class Counted
    {
        readonly Lock _lock = new();
        long? _saidAt;
        int _count;

        public int? Add(TimeProvider clock)
        {
            lock (_lock)
            {
                _count++;
                if (_saidAt is { } saidAt && clock.GetElapsedTime(saidAt) < Between)
                    return null;

                (var count, _count, _saidAt) = (_count, 0, clock.GetTimestamp());
                return count;
            }
        }
    }
}
