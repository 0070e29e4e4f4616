namespace NotificationBus.Model;

/// <summary>When a notification is to be sent, and until when it is of use, as its producer says.</summary>
/// <param name="At">The moment; null when it is not said, or a delay is.</param>
/// <param name="Delay">The time to wait from when the event is taken; null for none.</param>
/// <param name="ExpiresAt">The time from which it is of no use; null for what its category says.</param>
/// <param name="AsSaid">All of it as the producer wrote it, by which another event of the same name is told apart.</param>
public sealed record SendSchedule(DateTimeOffset? At, TimeSpan? Delay, DateTimeOffset? ExpiresAt, string AsSaid)
{
    /// <summary>The furthest that a notification may be planned ahead: a leap year.</summary>
    public static TimeSpan Longest => TimeSpan.FromDays(366);

    /// <summary>The moment at which it is sent; null for at once, which is also said of one that is past.</summary>
    /// <param name="now">When its event is taken.</param>
    public DateTimeOffset? SendAt(DateTimeOffset now) => (At ?? now + Delay) is { } at && at > now ? at : null;

    /// <summary>What is told of a moment that is past; null when it is none.</summary>
    public string? Note(DateTimeOffset now) =>
        ExpiresAt is { } until && until <= now ? $"expiresAt is past ({Text(until)}): nothing is sent"
        : At is { } at && at < now ? $"sendAt is past ({Text(at)}): it is sent at once"
        : null;

    static string Text(DateTimeOffset time) => $"{time.ToUniversalTime():yyyy-MM-dd'T'HH:mm:ss'Z'}";
}
