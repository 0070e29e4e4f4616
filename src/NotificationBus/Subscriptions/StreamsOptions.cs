using System.ComponentModel.DataAnnotations;

namespace NotificationBus.Subscriptions;

/// <summary>Settings of <c>Streams</c>: who reads along over HTTP what becomes of notifications.</summary>
public sealed class StreamsOptions
{
    /// <summary>
    /// The most streams that a host holds open, 1 to 100,000, default 1,000. Each takes one of <c>Intake:Connections</c>. One more is
    /// answered 503.
    /// </summary>
    [Range(1, 100_000)]
    public int MostPerHost { get; set; } = 1_000;

    /// <summary>
    /// The most streams that a host holds open for one key or person, 1 to 100,000, default 250. One more is answered 429.
    /// </summary>
    [Range(1, 100_000)]
    public int MostPerKey { get; set; } = 250;

    /// <summary>The longest a stream lasts, 10 s to 1 day, default 1 h. A reader then comes again, and goes on where it was.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "1.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan Longest { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// The time that a stream by filter can be taken up again after nobody has read it, and that what it told is kept, 1 min to 1 day,
    /// default 10 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan KeptFor { get; set; } = TimeSpan.FromMinutes(10);
}
