namespace NotificationBus;

/// <summary>
/// An allowance of so many in a window: as many at once, and then one more each time that a part of the window has passed (the generic
/// cell rate algorithm, ITU-T I.371). One number says how much of it is used up, so that to take one costs a comparison and a swap.
/// </summary>
/// <param name="most">How many there are in a window, at least 1.</param>
/// <param name="window">How long a window is.</param>
public sealed class Allowance(int most, TimeSpan window)
{
    readonly long _window = window.Ticks;

    // At least one tick: what is allowed ten million times a second is not limited.
    readonly long _each = Math.Max(1, window.Ticks / most);

    long _fullAt;

    /// <summary>Takes one, if there is one; or so many, if there are as many.</summary>
    /// <param name="now">The time, as <see cref="SteadyTime"/> has it.</param>
    /// <param name="count">How many, at most as many as there are in a window.</param>
    public AllowanceUse Take(TimeSpan now, int count = 1)
    {
        while (true)
        {
            var before = Volatile.Read(ref _fullAt);
            var after = Math.Max(before, now.Ticks) + count * _each;
            if (after - now.Ticks > _window)
                return new AllowanceUse(IsTaken: false, 0, TimeSpan.FromTicks(after - now.Ticks - _window));
            if (Interlocked.CompareExchange(ref _fullAt, after, before) == before)
                return new AllowanceUse(
                    IsTaken: true,
                    (int)((_window - (after - now.Ticks)) / _each),
                    TimeSpan.FromTicks(after - now.Ticks)
                );
        }
    }

    /// <summary>Takes the next one there is, also when that is later: whoever comes after this gets one after it.</summary>
    /// <param name="now">The time, as <see cref="SteadyTime"/> has it.</param>
    /// <param name="longest">The longest that it may be away. What is further away is not taken.</param>
    /// <returns>The time until it is there: zero for at once.</returns>
    public TimeSpan TakeNext(TimeSpan now, TimeSpan longest)
    {
        while (true)
        {
            var before = Volatile.Read(ref _fullAt);
            var after = Math.Max(before, now.Ticks) + _each;
            var wait = TimeSpan.FromTicks(Math.Max(0, after - now.Ticks - _window));
            if (wait > longest || Interlocked.CompareExchange(ref _fullAt, after, before) == before)
                return wait;
        }
    }

    /// <summary>Gives back what was taken.</summary>
    /// <param name="count">How many were taken.</param>
    public void GiveBack(int count = 1) => Interlocked.Add(ref _fullAt, -count * _each);

    /// <summary>True when nothing of it is used up.</summary>
    /// <param name="now">The time, as <see cref="SteadyTime"/> has it.</param>
    public bool IsFull(TimeSpan now) => Volatile.Read(ref _fullAt) <= now.Ticks;
}

/// <summary>What came of taking one of an <see cref="Allowance"/>.</summary>
/// <param name="IsTaken">True when there was one.</param>
/// <param name="Left">How many more could be taken at once.</param>
/// <param name="Until">When it is full again; when none was there, the time until there is one.</param>
public readonly record struct AllowanceUse(bool IsTaken, int Left, TimeSpan Until)
{
    /// <summary>The same in whole seconds, and no less than it is.</summary>
    public long Seconds => Math.Max(1, (long)Math.Ceiling(Until.TotalSeconds));
}
