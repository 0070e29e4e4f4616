namespace NotificationBus.Outgoing;

/// <summary>How what has waited for the same comes out, so that no storm meets whoever is back: at most some 500 a second, and within a minute.</summary>
public static class Releases
{
    /// <summary>How many come out at once.</summary>
    public const int AtOnce = 500;

    /// <summary>How much longer it takes for each one more.</summary>
    public static readonly TimeSpan ForEachMore = TimeSpan.FromMilliseconds(2);

    /// <summary>How long it takes at most.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    /// <summary>Over how long so many are spread.</summary>
    public static TimeSpan SpreadOf(int count)
    {
        var spread = Math.Max(count - AtOnce, 0) * ForEachMore;
        return spread < Longest ? spread : Longest;
    }
}
