using System.ComponentModel.DataAnnotations;

namespace NotificationBus;

/// <summary>Settings of <c>Retention</c>: how far the record goes back, and how large it may become.</summary>
public sealed class RetentionOptions
{
    /// <summary>
    /// The time that notifications and their attempts stay on record, 1 day or longer, such as <c>90.00:00:00</c>. Without it (default)
    /// they stay for ever. They go by months: a month goes when its newest notification is older than this and all have ended. The same
    /// event published once more after that begins a new notification.
    /// </summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "36500.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan? Notifications { get; set; }

    /// <summary>
    /// The time that the texts of notifications stay on record, 1 day or longer, default 30 days. They go by months: a month goes when all
    /// of it is older than this, and no notification that began in it is still under way. Afterwards the record says what became of a
    /// notification, and no longer what was in it.
    /// </summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "36500.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan Contents { get; set; } = TimeSpan.FromDays(30);

    /// <summary>
    /// The time that failed messages stay on record that were replayed or archived, 1 day or longer, default 90 days. Those that wait for a
    /// decision stay.
    /// </summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "36500.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan FailedMessages { get; set; } = TimeSpan.FromDays(90);

    /// <summary>
    /// The most failed messages on record, 1 to 100,000,000, default 100,000. When they are so many, those decided longest ago go first;
    /// when all of them wait for a decision, further ones wait in the queue <c>notifications-failed</c>, and nothing is dropped.
    /// </summary>
    [Range(1, 100_000_000)]
    public int FailedMessagesCount { get; set; } = 100_000;

    /// <summary>
    /// The most bytes of bodies of failed messages on record, 1 MiB to 1 TiB, default 1 GiB. The same holds as for
    /// <see cref="FailedMessagesCount"/>.
    /// </summary>
    [Range(1L << 20, 1L << 40)]
    public long FailedMessagesBytes { get; set; } = 1L << 30;

    /// <summary>
    /// The time that changes stay on record, those of operators and those of automation, 1 day or longer, default 730 days.
    /// </summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "36500.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan Changes { get; set; } = TimeSpan.FromDays(730);

    /// <summary>
    /// The most changes of operators on record, and as many of automation, 1,000 to 100,000,000, default 1,000,000. When they are more, the
    /// oldest go.
    /// </summary>
    [Range(1_000, 100_000_000)]
    public int ChangesCount { get; set; } = 1_000_000;
}
