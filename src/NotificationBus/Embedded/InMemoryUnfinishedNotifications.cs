using NotificationBus.Notifications;

namespace NotificationBus.Embedded;

/// <summary>Notifications that nobody seems to work on, in memory.</summary>
public sealed class InMemoryUnfinishedNotifications(InMemoryNotificationStore store, InMemoryOutgoingMessages outgoing, TimeProvider clock)
    : IUnfinishedNotifications
{
    readonly Lock _lock = new();
    readonly Dictionary<Guid, Unfinished> _unfinished = [];
    (DateTimeOffset CreatedAt, Guid Id) _lookedAt;

    /// <inheritdoc />
    public Task<int> LookAtThoseOf(TimeSpan age, int limit, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            while (store.TryTakeReopened(out var reopened))
                _unfinished.TryAdd(reopened, new Unfinished(now + NotificationStep.LookAgainAfter, Looks: 0));

            var ripe = store
                .Ages()
                .Where(row => row.CreatedAt <= now - age && (row.CreatedAt, row.Id).CompareTo(_lookedAt) > 0)
                .OrderBy(row => (row.CreatedAt, row.Id))
                .Take(limit)
                .ToList();
            foreach (var row in ripe)
            {
                _lookedAt = (row.CreatedAt, row.Id);
                if (!row.Ended)
                    _unfinished.TryAdd(row.Id, new Unfinished(now, Looks: 0));
            }

            return Task.FromResult(ripe.Count);
        }
    }

    /// <inheritdoc />
    public Task<StalledNotifications> Take(TimeSpan lookAgain, int limit, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            var due = _unfinished.Where(one => one.Value.LookAgainAt <= now).OrderBy(one => one.Value.LookAgainAt).Take(limit).ToList();
            var ended = store.Ages().Where(row => row.Ended).Select(row => row.Id).ToHashSet();
            foreach (var (id, one) in due)
            {
                if (ended.Contains(id))
                    _unfinished.Remove(id);
                else
                    _unfinished[id] = new Unfinished(now + lookAgain * Math.Pow(2, one.Looks), Math.Min(one.Looks + 1, 10));
            }

            return Task.FromResult(
                new StalledNotifications(
                    due.Count,
                    [.. due.Select(one => one.Key).Where(id => !ended.Contains(id) && !outgoing.HoldsOrderOf(id))]
                )
            );
        }
    }

    sealed record Unfinished(DateTimeOffset LookAgainAt, int Looks);
}
