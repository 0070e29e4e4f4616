namespace NotificationBus.Notifications;

/// <summary>The live ledger: what was accepted, and what became of it, by hour.</summary>
public interface INotificationLedger
{
    /// <summary>
    /// Hours in a row, the newest first, those without anything as well: from the hour before <paramref name="before"/>, or from now, to
    /// the oldest on record.
    /// </summary>
    Task<IReadOnlyList<LedgerHour>> Hours(DateTimeOffset? before, int limit, CancellationToken cancellationToken);

    /// <summary>The number of notifications that were accepted and are not on record, though they should be.</summary>
    Task<long> Unreconciled(CancellationToken cancellationToken);
}

/// <summary>The rules of the ledger.</summary>
public static class LedgerRules
{
    /// <summary>
    /// The time in which an accepted notification comes on record, as a rule. One that is not there by then is unreconciled.
    /// </summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    /// <summary>The hour of a time (UTC).</summary>
    public static DateTimeOffset HourOf(DateTimeOffset at) => new(at.UtcTicks - (at.UtcTicks % TimeSpan.TicksPerHour), TimeSpan.Zero);
}

/// <summary>What was accepted within an hour.</summary>
/// <param name="Hour">Its beginning (UTC).</param>
/// <param name="Accepted">How many notifications: all below.</param>
/// <param name="Ended">How many have ended, and how.</param>
/// <param name="InFlight">How many have not, those that have just been accepted included.</param>
/// <param name="Difference">How many are not on record, though they should be.</param>
/// <param name="OldestOpen">When the oldest was accepted that is in flight or not on record; null when there is none.</param>
public sealed record LedgerHour(
    DateTimeOffset Hour,
    long Accepted,
    EndedCount Ended,
    long InFlight,
    long Difference,
    DateTimeOffset? OldestOpen
);

/// <summary>Notifications that have ended, by outcome.</summary>
public sealed record EndedCount(long Delivered, long PartlyDelivered, long Cancelled, long Expired, long Failed);
