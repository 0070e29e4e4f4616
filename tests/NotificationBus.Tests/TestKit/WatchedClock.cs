namespace NotificationBus.Tests.TestKit;

/// <summary>
/// A <see cref="FakeTimeProvider"/>, and what that does not do: it says how many timers are set, wakes whoever waits for one to be set, and
/// can be set ahead or back without any time passing. Who reads it never runs what waits for it: the one of the library does so when it is
/// read, on the reader's thread and within whatever locks he holds, when another thread has moved it and has not come to that yet.
/// </summary>
sealed class WatchedClock(Pulse? pulse = null) : FakeTimeProvider(A.Time)
{
    readonly Lock _lock = new();
    readonly HashSet<Alarm> _alarms = [];
    TimeSpan _passed;
    TimeSpan _ahead;

    /// <summary>Lets time pass, and rings on this thread whatever is due then.</summary>
    public new void Advance(TimeSpan time)
    {
        lock (_lock)
            _passed += time;
        base.Advance(time);
    }

    /// <summary>
    /// How many timers ring within <paramref name="time"/>: a test that waits for one to be set knows that somebody waits for time to pass.
    /// </summary>
    public int AlarmsWithin(TimeSpan time)
    {
        lock (_lock)
            return _alarms.Count(alarm => alarm.Due <= After(time));
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
            return After(_ahead);
    }

    // What was measured stays right when the clock is set.
    public override long GetTimestamp()
    {
        lock (_lock)
            return After(TimeSpan.Zero).UtcTicks;
    }

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

    DateTimeOffset After(TimeSpan time) => Start + _passed + time;

    void Beat() => pulse?.Beat();
}
