namespace NotificationBus.Outgoing;

/// <summary>
/// Release of what has waited for the same, spread so that no storm meets whoever is back: at most some 500 a second, and within a minute.
/// </summary>
public static class Releases
{
    /// <summary>The number that come out at once.</summary>
    public const int AtOnce = 500;

    /// <summary>The time that each one more adds.</summary>
    public static readonly TimeSpan ForEachMore = TimeSpan.FromMilliseconds(2);

    /// <summary>The longest time it takes.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    /// <summary>Returns the time over which so many are spread.</summary>
    public static TimeSpan SpreadOf(int count)
    {
        var spread = Math.Max(count - AtOnce, 0) * ForEachMore;
        return spread < Longest ? spread : Longest;
    }
}
