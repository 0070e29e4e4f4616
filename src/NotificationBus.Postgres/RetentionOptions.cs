using System.ComponentModel.DataAnnotations;

namespace NotificationBus.Postgres;

/// <summary>Settings of <c>Retention</c>.</summary>
public sealed class RetentionOptions
{
    /// <summary>
    /// How long notifications and their attempts stay on record, 1 day or longer, such as <c>90.00:00:00</c>. Without it (default) they
    /// stay for ever. They go by months: a month goes when its newest notification is older than this and all have ended.
    /// The same event published once more after that begins a new notification.
    /// </summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "36500.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan? Notifications { get; set; }
}
