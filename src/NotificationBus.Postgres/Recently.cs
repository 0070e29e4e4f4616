namespace NotificationBus.Postgres;

/// <summary>
/// The time in which notifications at work most likely began. A statement looks there first, and into all partitions only for what it did
/// not find: to prepare to look into one costs the server about as much as to find the row.
/// </summary>
static class Recently
{
    /// <summary>The condition on the time at which a notification began. Most live no longer than a day.</summary>
    public const string Begun = "BETWEEN now() - interval '2 days' AND now() + interval '1 day'";
}
