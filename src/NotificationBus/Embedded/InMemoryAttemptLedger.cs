using NotificationBus.Sending;

namespace NotificationBus.Embedded;

/// <summary>The ledger in memory, lost when the process ends.</summary>
public sealed class InMemoryAttemptLedger(TimeProvider clock) : IAttemptLedger
{
    readonly Lock _lock = new();
    readonly Dictionary<Guid, List<DeliveryAttempt>> _attempts = [];
    readonly Dictionary<Guid, HashSet<Guid>> _deliveries = [];

    /// <inheritdoc />
    public Task<AttemptClaim> Claim(DeliveryAttempt attempt, TimeSpan lease, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        lock (_lock)
        {
            if (!_attempts.TryGetValue(attempt.DeliveryId, out var attempts))
                _attempts.Add(attempt.DeliveryId, attempts = []);

            if (attempts.Count >= attempt.Number)
                return Task.FromResult(new AttemptClaim([.. attempts], now));

            attempts.Add(attempt with { StartedAt = now, LeaseUntil = now + lease });
            if (!_deliveries.TryGetValue(attempt.NotificationId, out var deliveries))
                _deliveries.Add(attempt.NotificationId, deliveries = []);

            deliveries.Add(attempt.DeliveryId);
            return Task.FromResult(new AttemptClaim([], now));
        }
    }

    /// <inheritdoc />
    public Task Record(DeliveryAttempt outcome, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var attempts = _attempts[outcome.DeliveryId];
            var claimed = attempts[outcome.Number - 1];
            if (claimed.Status == AttemptStatus.Started)
                attempts[outcome.Number - 1] = outcome with { StartedAt = claimed.StartedAt, LeaseUntil = claimed.LeaseUntil, FinishedAt = clock.GetUtcNow() };
        }

        return Task.CompletedTask;
    }

    /// <summary>All attempts of a notification.</summary>
    public IReadOnlyList<DeliveryAttempt> AttemptsOf(Guid notificationId)
    {
        lock (_lock)
            return _deliveries.TryGetValue(notificationId, out var deliveries) ? [.. deliveries.SelectMany(delivery => _attempts[delivery])] : [];
    }
}
