namespace NotificationBus.Tests.TestKit;

/// <summary>
/// A <see cref="FakeTimeProvider"/>, and what that does not do: it says how many timers are set, wakes whoever waits for one to be set, and
/// can be set ahead or back without any time passing.
/// </summary>
sealed class WatchedClock(Pulse? pulse = null) : FakeTimeProvider(A.Time)
{
    readonly Lock _lock = new();
    readonly HashSet<Alarm> _alarms = [];
    TimeSpan _ahead;

    /// <summary>
    /// How many timers ring within <paramref name="time"/>: a test that waits for one to be set knows that somebody waits for time to pass.
    /// </summary>
    public int AlarmsWithin(TimeSpan time)
    {
        lock (_lock)
            return _alarms.Count(alarm => alarm.Due <= base.GetUtcNow() + time);
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
            return base.GetUtcNow() + _ahead;
    }

    // What was measured stays right when the clock is set.
    public override long GetTimestamp() => base.GetUtcNow().UtcTicks;

    /// <summary>Somebody sets the clock ahead by so much, or back. No time passes by that.</summary>
    public void Set(TimeSpan ahead)
    {
        lock (_lock)
            _ahead += ahead;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var alarm = new Alarm(this);
        alarm.Timer = base.CreateTimer(_ => alarm.Ring(callback, state), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        alarm.Change(dueTime, period);
        return alarm;
    }

    /// <summary>A timer, with the time at which it rings.</summary>
    sealed class Alarm(WatchedClock clock) : ITimer
    {
        TimeSpan _period;
        bool _isSet;

        public ITimer Timer { get; set; } = null!;

        public DateTimeOffset Due { get; private set; }

        public void Ring(TimerCallback callback, object? state)
        {
            lock (clock._lock)
            {
                _isSet = _period > TimeSpan.Zero;
                Due += _period;
                if (!_isSet)
                    clock._alarms.Remove(this);
            }

            callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
            {
                clock._alarms.Remove(this);
                _isSet = dueTime != Timeout.InfiniteTimeSpan;
                _period = period;
                Due = clock.After(dueTime);
            }

            // Counted only when time that passes makes it ring; one that is due at once has rung by then.
            var changed = Timer.Change(dueTime, period);
            lock (clock._lock)
            {
                if (_isSet)
                    clock._alarms.Add(this);
            }

            clock.Beat();
            return changed;
        }

        public void Dispose()
        {
            lock (clock._lock)
            {
                _isSet = false;
                clock._alarms.Remove(this);
            }

            Timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }

    DateTimeOffset After(TimeSpan time) => base.GetUtcNow() + time;

    void Beat() => pulse?.Beat();
}
