namespace NotificationBus;

/// <summary>
/// The time that something has lasted, as this process sees it. The time of day says nothing of that: anybody may set a clock, the
/// database's too.
/// </summary>
public static class SteadyTime
{
    /// <summary>The time that has passed since some moment. Only the difference of two of them means anything.</summary>
    public static TimeSpan Steady(this TimeProvider clock) => clock.GetElapsedTime(startingTimestamp: 0);
}
