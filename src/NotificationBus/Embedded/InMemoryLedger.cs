using System.Collections.Concurrent;
using NotificationBus.Intake;
using NotificationBus.Notifications;

namespace NotificationBus.Embedded;

/// <summary>The live ledger in memory. It remembers how many there were of what has ended and is kept no more.</summary>
public sealed class InMemoryLedger(InMemoryNotificationStore store, InMemoryFailedMessages failed, TimeProvider clock)
    : IUnrecordedNotifications,
        INotificationLedger
{
    readonly ConcurrentDictionary<Guid, (string? MessageId, DateTimeOffset At)> _unrecorded = new();

    /// <inheritdoc />
    public Task Note(IReadOnlyList<PromisedNotification> accepted, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        foreach (var one in accepted.Where(one => !store.Has(one.Id)))
            _unrecorded.TryAdd(one.Id, (one.MessageId?.ToString(), now - one.Ago));
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<LedgerHour>> Hours(DateTimeOffset? before, int limit, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var counted = store.Ledger();
        var unrecorded = Unrecorded().ToList();
        var found = counted.Select(row => row.Hour).Concat(unrecorded.Select(LedgerRules.HourOf)).Append(LedgerRules.HourOf(now)).ToList();
        var oldest = found.Min();
        var newest = before is { } end ? LedgerRules.HourOf(end) - TimeSpan.FromHours(1) : found.Max();
        return Task.FromResult<IReadOnlyList<LedgerHour>>([
            .. Enumerable
                .Range(0, limit)
                .Select(back => newest - TimeSpan.FromHours(back))
                .TakeWhile(hour => hour >= oldest)
                .Select(hour => Of(hour, [.. counted.Where(row => row.Hour == hour)], [.. unrecorded.Where(IsIn(hour))], now)),
        ]);
    }

    /// <inheritdoc />
    public Task<long> Unreconciled(CancellationToken cancellationToken) =>
        Task.FromResult<long>(Unrecorded().Count(IsMissing(clock.GetUtcNow())));

    /// <summary>
    /// When those were accepted that are not on record. Those that are there by now are forgotten, and those that have failed.
    /// </summary>
    internal IEnumerable<DateTimeOffset> Unrecorded()
    {
        foreach (var (id, (messageId, at)) in _unrecorded)
        {
            if (store.Has(id) || (messageId is not null && failed.Has(messageId)))
                _unrecorded.TryRemove(id, out _);
            else
                yield return at;
        }
    }

    static LedgerHour Of(
        DateTimeOffset hour,
        IReadOnlyList<InMemoryNotificationStore.Counted> rows,
        IReadOnlyList<DateTimeOffset> unrecorded,
        DateTimeOffset now
    )
    {
        var missing = unrecorded.Count(IsMissing(now));
        var open = rows.Where(row => !row.Ended).ToList();
        return new LedgerHour(
            hour,
            rows.Sum(row => row.Count) + unrecorded.Count,
            new EndedCount(In("Delivered"), In("PartlyDelivered"), In("Cancelled"), In("Expired"), In("Failed")),
            open.Sum(row => row.Count) + unrecorded.Count - missing,
            missing,
            open.Select(row => (DateTimeOffset?)row.Oldest).Concat(unrecorded.Select(at => (DateTimeOffset?)at)).Min()
        );

        long In(string state) => rows.Where(row => row.Ended && row.State == state).Sum(row => row.Count);
    }

    static Func<DateTimeOffset, bool> IsMissing(DateTimeOffset now) => at => at < now - LedgerRules.Grace;

    static Func<DateTimeOffset, bool> IsIn(DateTimeOffset hour) => at => LedgerRules.HourOf(at) == hour;
}
