using System.ComponentModel.DataAnnotations;

namespace NotificationBus.Providers;

/// <summary>Settings of <c>Redelivery</c>: when a delivery comes again that no provider of its channel could take.</summary>
public sealed class RedeliveryOptions
{
    /// <summary>
    /// The most the first redelivery is put off, 100 ms to 1 h, default 5 s. Each further one is put off up to twice as long.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan FirstDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The most any redelivery is put off, 1 s to 1 day, default 10 min. A provider that asks for longer gets it, up to an hour; while it
    /// is providers that do not work, and not one delivery that they do not take, it is a minute (or <see cref="FirstDelay"/>, when that is
    /// more), whatever they ask for, and as much again to keep those apart that were turned away together.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan LongestDelay { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// The most a delivery in doubt is put off before it is sent again, 1 s to 1 day, default 1 h. The pauses begin at
    /// <see cref="FirstDelay"/>, and each is up to three times as long as the one before. After ten, one that a provider knows for a
    /// repetition is put off for at least a minute.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan LongestDelayInDoubt { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// The number of answers that may leave a delivery in doubt before it is held for an operator, 1 to 1000, default 10, which takes two
    /// to four hours: that often the recipient may have it. Calls that ended with their worker do not count, nor those that the provider
    /// knew for repetitions.
    /// </summary>
    [Range(1, 1000)]
    public int MostInDoubt { get; set; } = 10;
}
