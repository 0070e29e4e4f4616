using NotificationBus.Notifications;

namespace NotificationBus.Embedded;

/// <summary>The stragglers in memory.</summary>
public sealed class InMemoryUnfinishedNotifications(InMemoryNotificationStore store, InMemoryOutgoingMessages outgoing, TimeProvider clock)
    : IUnfinishedNotifications
{
    readonly Lock _lock = new();
    readonly Dictionary<Guid, Straggler> _stragglers = [];
    (DateTimeOffset CreatedAt, Guid Id) _lookedAt;

    /// <inheritdoc />
    public Task<int> LookAtThoseOf(TimeSpan age, int limit, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            while (store.TryTakeReopened(out var reopened))
                _stragglers.TryAdd(reopened, new Straggler(now + NotificationStep.LookAgainAfter, Looks: 0));

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
                    _stragglers.TryAdd(row.Id, new Straggler(now, Looks: 0));
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
            var due = _stragglers
                .Where(straggler => straggler.Value.LookAgainAt <= now)
                .OrderBy(straggler => straggler.Value.LookAgainAt)
                .Take(limit)
                .ToList();
            var ended = store.Ages().Where(row => row.Ended).Select(row => row.Id).ToHashSet();
            foreach (var (id, straggler) in due)
            {
                if (ended.Contains(id))
                    _stragglers.Remove(id);
                else
                    _stragglers[id] = new Straggler(now + lookAgain * Math.Pow(2, straggler.Looks), Math.Min(straggler.Looks + 1, 10));
            }

            return Task.FromResult(
                new StalledNotifications(
                    due.Count,
                    [.. due.Select(straggler => straggler.Key).Where(id => !ended.Contains(id) && !outgoing.HoldsOrderOf(id))]
                )
            );
        }
    }

    sealed record Straggler(DateTimeOffset LookAgainAt, int Looks);
}
