using System.Collections.Concurrent;
using NotificationBus.Outgoing;

namespace NotificationBus.Sending;

/// <summary>
/// Spacing of what waits for a provider of the same channel: it comes again by itself no faster than it is released when the provider is
/// back (<see cref="Releases"/>). What a circuit turns away would else be due within a few seconds of the end of its break, all of it, and
/// meet who has just come back.
/// </summary>
sealed class RedeliverySpacing
{
    readonly ConcurrentDictionary<string, DateTimeOffset> _free = new(StringComparer.Ordinal);

    /// <summary>
    /// Takes the next free place at or after a time, and returns how far behind it that is, at most <see cref="Releases.Longest"/>.
    /// </summary>
    public TimeSpan Take(string channel, DateTimeOffset from)
    {
        var free = _free.AddOrUpdate(
            channel,
            static (_, from) => from + Releases.ForEachMore,
            static (_, free, from) => (free > from ? Earlier(free, from + Releases.Longest) : from) + Releases.ForEachMore,
            from
        );
        return free - Releases.ForEachMore - from;
    }

    static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;
}
