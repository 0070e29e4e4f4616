using NotificationBus.Model;
using NotificationBus.Notifications;

namespace NotificationBus.Embedded;

/// <summary>The business keys that were withdrawn, in memory.</summary>
public sealed class InMemoryWithdrawals(InMemoryNotificationStore store, TimeProvider clock) : IWithdrawals
{
    /// <inheritdoc />
    public Task Remember(Withdrawal withdrawal, CancellationToken cancellationToken)
    {
        store.Withdrawn.Add(withdrawal, clock.GetUtcNow());
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<NotificationWithKey>> Find(
        Withdrawal withdrawal,
        NotificationCursor? after,
        int limit,
        CancellationToken cancellationToken
    ) =>
        Task.FromResult<IReadOnlyList<NotificationWithKey>>([
            .. store
                .With(withdrawal)
                .Where(notification =>
                    after is null || (notification.CreatedAt, notification.CorrelationId).CompareTo((after.CreatedAt, after.Id)) > 0
                )
                .OrderBy(notification => (notification.CreatedAt, notification.CorrelationId))
                .Take(limit)
                .Select(notification => new NotificationWithKey(
                    notification.CorrelationId,
                    notification.CreatedAt,
                    notification.CurrentState,
                    notification.CompletedAt is not null,
                    [.. notification.Deliveries.Select(delivery => new DeliveryStanding(delivery.Status, delivery.Code))]
                )),
        ]);

    /// <inheritdoc />
    public Task<IReadOnlySet<Guid>> WouldBeWithdrawn(IReadOnlyList<NotificationState> notifications, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return Task.FromResult<IReadOnlySet<Guid>>(
            notifications
                .Where(notification => store.Withdrawn.ReasonFor(notification, now) is not null)
                .Select(notification => notification.CorrelationId)
                .ToHashSet()
        );
    }
}

/// <summary>
/// The withdrawals that are remembered. A notification begins under the same lock, so that it is either on record when a withdrawal looks,
/// or sees the withdrawal.
/// </summary>
sealed class RememberedWithdrawals
{
    readonly Lock _lock = new();
    readonly Dictionary<(string Key, string Category), Withdrawal> _kept = [];
    readonly PriorityQueue<(string Key, string Category), DateTimeOffset> _ends = new();

    /// <summary>Remembers one, and forgets those that are about nothing that is yet to come.</summary>
    public void Add(Withdrawal withdrawal, DateTimeOffset now)
    {
        lock (_lock)
        {
            while (_ends.TryPeek(out var ended, out var end) && end <= now)
            {
                _ends.Dequeue();
                // One that reaches further has taken its place.
                if (_kept.TryGetValue(ended, out var kept) && kept.Before <= now)
                    _kept.Remove(ended);
            }

            foreach (var category in withdrawal.Categories)
            {
                var place = (withdrawal.RememberedKey, category);
                if (_kept.TryGetValue(place, out var earlier) && earlier.Before >= withdrawal.Before)
                    continue;

                _kept[place] = withdrawal;
                _ends.Enqueue(place, withdrawal.Before);
            }
        }
    }

    /// <summary>Begins a notification, unless it is withdrawn.</summary>
    /// <returns>Why it is; null when it has begun.</returns>
    public string? Begin(NotificationState notification, Action begin)
    {
        lock (_lock)
        {
            var reason = ReasonFor(notification, notification.CreatedAt);
            if (reason is null)
                begin();
            return reason;
        }
    }

    /// <summary>The reason why a notification is withdrawn that begins then; null when it is not.</summary>
    public string? ReasonFor(NotificationState notification, DateTimeOffset begins)
    {
        lock (_lock)
        {
            foreach (var (name, value) in notification.Keys)
            {
                if (
                    _kept.TryGetValue(
                        (Withdrawal.RememberedKeyOf(notification.Application, name, value), notification.Category),
                        out var withdrawal
                    )
                    && begins < withdrawal.Before
                )
                    return withdrawal.Reason;
            }

            return null;
        }
    }
}
