namespace NotificationBus.Saga;

/// <summary>
/// The cancellations that wait for their events, as far as this process has put them off. Anybody may ask to cancel what never was; here
/// is the end of it.
/// </summary>
public sealed class WaitingCancellations(TimeProvider clock)
{
    /// <summary>How many wait at the same time.</summary>
    public const int Most = 10_000;

    // By then another host has looked, or will not any more.
    static readonly TimeSpan Overdue = TimeSpan.FromMinutes(5);

    readonly Lock _lock = new();
    readonly Dictionary<Guid, DateTimeOffset> _due = [];

    /// <summary>False when there is no room for one more.</summary>
    public bool HasRoomFor(Guid notificationId)
    {
        lock (_lock)
        {
            if (_due.Count >= Most)
            {
                var overdue = clock.GetUtcNow() - Overdue;
                foreach (var (id, _) in _due.Where(waiting => waiting.Value < overdue).ToList())
                    _due.Remove(id);
            }

            return _due.Count < Most || _due.ContainsKey(notificationId);
        }
    }

    /// <summary>True when one for the same notification waits already: it does not come sooner for being asked twice.</summary>
    public bool Waits(Guid notificationId)
    {
        lock (_lock)
            return _due.TryGetValue(notificationId, out var due) && due >= clock.GetUtcNow();
    }

    /// <summary>Remembers until when one waits.</summary>
    public void Remember(Guid notificationId, DateTimeOffset due)
    {
        lock (_lock)
            _due[notificationId] = due;
    }

    /// <summary>Forgets one that waits no more.</summary>
    public void Forget(Guid notificationId)
    {
        lock (_lock)
            _due.Remove(notificationId);
    }
}
