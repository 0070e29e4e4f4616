namespace NotificationBus.Providers.Accounts;

/// <summary>Counts calls over the last ten seconds, or since the first of them: what has only just begun is not slow.</summary>
sealed class CallMeter(TimeProvider clock)
{
    const int Seconds = 10;

    readonly Lock _lock = new();
    readonly int[] _calls = new int[Seconds];
    long _second;

    /// <summary>The number of calls.</summary>
    public int Calls
    {
        get
        {
            lock (_lock)
            {
                Forget();
                return _calls.Sum();
            }
        }
    }

    /// <summary>Calls per second.</summary>
    public double PerSecond
    {
        get
        {
            lock (_lock)
            {
                Forget();
                var since = Seconds;
                while (since > 1 && _calls[(_second - since + 1) % Seconds] == 0)
                    since--;

                return _calls.Sum() / (double)since;
            }
        }
    }

    /// <summary>Counts one call.</summary>
    public void Count()
    {
        lock (_lock)
        {
            Forget();
            _calls[_second % Seconds]++;
        }
    }

    void Forget()
    {
        var now = (long)clock.Steady().TotalSeconds;
        for (var passed = Math.Min(now - _second, Seconds); passed > 0; passed--)
            _calls[(now - passed + 1) % Seconds] = 0;
        _second = now;
    }
}
