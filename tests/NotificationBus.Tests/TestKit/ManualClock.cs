namespace NotificationBus.Tests.TestKit;

/// <summary>Time that passes when the test says so, for timers that ring once and for those that ring again.</summary>
sealed class ManualClock(Pulse? pulse = null) : TimeProvider
{
    readonly Lock _lock = new();
    readonly List<Alarm> _alarms = [];
    DateTimeOffset _now = new(2026, 3, 14, 9, 26, 53, TimeSpan.Zero);
    TimeSpan _ahead;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>How many timers ring within <paramref name="time"/>: a test that waits for one to be set knows that somebody waits for time to pass.</summary>
    public int AlarmsWithin(TimeSpan time)
    {
        lock (_lock)
            return _alarms.Count(alarm => alarm.Due <= _now + time);
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
            return _now + _ahead;
    }

    public override long GetTimestamp()
    {
        lock (_lock)
            return _now.UtcTicks;
    }

    /// <summary>Somebody sets the clock ahead by so much, or back. No time passes by that.</summary>
    public void Set(TimeSpan ahead)
    {
        lock (_lock)
            _ahead += ahead;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var alarm = new Alarm(this, () => callback(state));
        alarm.Change(dueTime, period);
        return alarm;
    }

    public void Advance(TimeSpan time)
    {
        List<Alarm> due;
        lock (_lock)
        {
            _now += time;
            due = _alarms.FindAll(alarm => alarm.Due <= _now);
            due.ForEach(alarm => alarm.Rewind());
        }

        due.ForEach(alarm => alarm.Ring());
    }

    void Beat() => pulse?.Beat();

    sealed class Alarm(ManualClock clock, Action ring) : ITimer
    {
        TimeSpan _period;

        public DateTimeOffset Due { get; private set; }

        public void Ring() => ring();

        public void Rewind()
        {
            if (_period > TimeSpan.Zero)
                Due = clock._now + _period;
            else
                clock._alarms.Remove(this);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
            {
                clock._alarms.Remove(this);
                _period = period;
                if (dueTime == Timeout.InfiniteTimeSpan)
                    return true;

                Due = clock._now + dueTime;
                clock._alarms.Add(this);
            }

            clock.Beat();
            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
