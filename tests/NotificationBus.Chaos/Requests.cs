using System.Collections.Concurrent;

namespace NotificationBus.Chaos;

/// <summary>What was asked for, as the producers know it.</summary>
sealed class Requests
{
    readonly ConcurrentDictionary<Guid, Occurrence> _asked = new();
    readonly ConcurrentDictionary<Guid, DateTimeOffset> _accepted = new();
    readonly ConcurrentDictionary<Guid, bool> _unknown = new();

    /// <summary>Everything that was ever handed over, with or without an answer.</summary>
    public IReadOnlyDictionary<Guid, Occurrence> Asked => _asked;

    /// <summary>What was confirmed or answered with 202, and when.</summary>
    public IReadOnlyDictionary<Guid, DateTimeOffset> Accepted => _accepted;

    /// <summary>What was at least once without an answer.</summary>
    public int Unanswered => _unknown.Count;

    /// <summary>What never got an answer in the end.</summary>
    public IEnumerable<Guid> Unknown => _unknown.Keys.Where(id => !_accepted.ContainsKey(id));

    public void Asking(Occurrence occurrence) => _asked[occurrence.Notification] = occurrence;

    public void Taken(Occurrence occurrence) => _accepted.TryAdd(occurrence.Notification, Clock.Now);

    public void NoAnswer(Occurrence occurrence) => _unknown.TryAdd(occurrence.Notification, value: true);
}
