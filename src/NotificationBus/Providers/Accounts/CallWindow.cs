using System.Runtime.InteropServices;

namespace NotificationBus.Providers.Accounts;

/// <summary>
/// Counts the calls of the last while by the second in which they ended. It knows nothing of the figures that they are held against, so
/// that these may change without anything being forgotten.
/// </summary>
sealed class CallWindow(TimeSpan longest, TimeProvider clock)
{
    readonly Lock _lock = new();
    readonly long _began = clock.GetTimestamp();
    readonly Second[] _seconds = new Second[(int)longest.TotalSeconds];

    /// <summary>Counts a call that says nothing against the provider.</summary>
    public void Worked()
    {
        lock (_lock)
            ThisSecond(Now()).Calls++;
    }

    /// <summary>Counts a call that failed.</summary>
    /// <param name="while">A shorter while.</param>
    /// <returns>The calls within that, and within the longest there is, this one among them.</returns>
    public (CallCount Within, CallCount Longest) Failed(TimeSpan @while)
    {
        lock (_lock)
        {
            var now = Now();
            ref var second = ref ThisSecond(now);
            second.Calls++;
            second.Failures++;
            return (Count(now - (long)@while.TotalSeconds), Count(now - _seconds.Length));
        }
    }

    /// <summary>Forgets all of them.</summary>
    public void Forget()
    {
        lock (_lock)
            Array.Clear(_seconds);
    }

    // From 1 on: 0 is a second in which nothing was counted yet.
    long Now() => 1 + (long)clock.GetElapsedTime(_began).TotalSeconds;

    ref Second ThisSecond(long now)
    {
        ref var second = ref _seconds[now % _seconds.Length];
        if (second.Number != now)
            second = new Second { Number = now };
        return ref second;
    }

    CallCount Count(long after)
    {
        var count = default(CallCount);
        foreach (var second in _seconds)
        {
            if (second.Number > Math.Max(after, 0))
                count = new CallCount(count.Calls + second.Calls, count.Failures + second.Failures);
        }

        return count;
    }

    [StructLayout(LayoutKind.Auto)]
    struct Second
    {
        public long Number;
        public int Calls;
        public int Failures;
    }
}

/// <summary>The calls of a while, and those of them that failed.</summary>
[StructLayout(LayoutKind.Auto)]
readonly record struct CallCount(int Calls, int Failures)
{
    /// <summary>True when they are enough to say something, and too many of them have failed.</summary>
    public bool Are(int atLeast, double share) => Calls >= atLeast && (double)Failures / Calls >= share;
}
