namespace NotificationBus.Saga;

/// <summary>
/// The cancellations that wait for their events, as far as this process has put them off. Anybody may ask to cancel what never was; here
/// is the end of it.
/// </summary>
public sealed class WaitingCancellations(TimeProvider clock)
{
    /// <summary>The most that wait at the same time.</summary>
    public const int Most = 10_000;

    /// <summary>The most that wait at the same time of one who wants them: a service that runs wild leaves room for others.</summary>
    public const int MostOfOne = 1_000;

    // By then another host has looked, or will not any more.
    static readonly TimeSpan Overdue = TimeSpan.FromMinutes(5);

    // Between the clock that wakes it and ours.
    static readonly TimeSpan Early = TimeSpan.FromSeconds(5);

    static readonly TimeSpan BetweenWarnings = TimeSpan.FromMinutes(1);

    readonly Lock _lock = new();
    readonly Dictionary<Guid, Waiting> _waiting = [];
    readonly Dictionary<string, int> _ofOne = new(StringComparer.Ordinal);
    long? _warnedAt;
    int _refused;

    /// <summary>False when there is no room for one more, in all or of the one who wants it.</summary>
    public bool HasRoomFor(Guid notificationId, string by)
    {
        lock (_lock)
        {
            if (_waiting.ContainsKey(notificationId))
                return true;
            if (IsFull(by))
                ForgetOverdue();

            return !IsFull(by);
        }
    }

    /// <summary>
    /// True when one for the same notification waits already: it does not come sooner for being asked twice. One that says it has waited
    /// may be the one that waits here, a little early.
    /// </summary>
    public bool Waits(Guid notificationId, bool hasWaited)
    {
        lock (_lock)
            return _waiting.TryGetValue(notificationId, out var waiting)
                && waiting.For - clock.GetElapsedTime(waiting.Since) is var left
                && left >= (hasWaited ? Early : TimeSpan.Zero);
    }

    /// <summary>Remembers for how long one waits from now on.</summary>
    public void Remember(Guid notificationId, string by, TimeSpan wait)
    {
        lock (_lock)
        {
            Remove(notificationId);
            _waiting[notificationId] = new Waiting(by, clock.GetTimestamp(), wait);
            _ofOne[by] = _ofOne.GetValueOrDefault(by) + 1;
        }
    }

    /// <summary>Forgets one that waits no more.</summary>
    public void Forget(Guid notificationId)
    {
        lock (_lock)
            Remove(notificationId);
    }

    /// <summary>
    /// Counts one that there was no room for; how many there were since this was said last, or null when it was said a moment ago.
    /// </summary>
    public int? CountRefused()
    {
        lock (_lock)
        {
            _refused++;
            if (_warnedAt is { } at && clock.GetElapsedTime(at) < BetweenWarnings)
                return null;

            (_warnedAt, var refused, _refused) = (clock.GetTimestamp(), _refused, 0);
            return refused;
        }
    }

    bool IsFull(string by) => _waiting.Count >= Most || _ofOne.GetValueOrDefault(by) >= MostOfOne;

    void ForgetOverdue()
    {
        foreach (var (id, _) in _waiting.Where(one => clock.GetElapsedTime(one.Value.Since) > one.Value.For + Overdue).ToList())
            Remove(id);
    }

    void Remove(Guid notificationId)
    {
        if (!_waiting.Remove(notificationId, out var waiting))
            return;

        if (--_ofOne[waiting.By] == 0)
            _ofOne.Remove(waiting.By);
    }

    readonly record struct Waiting(string By, long Since, TimeSpan For);
}
