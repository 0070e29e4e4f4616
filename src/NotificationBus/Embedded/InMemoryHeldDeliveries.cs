using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Embedded;

/// <summary>Held deliveries in memory, and what was decided about them.</summary>
public sealed class InMemoryHeldDeliveries(
    InMemoryNotificationStore store,
    InMemoryOutgoingMessages outgoing,
    InMemoryControls controls,
    TimeProvider clock
) : IHeldDeliveries
{
    // Whoever decides the same once more does so soon.
    static readonly TimeSpan Remembered = TimeSpan.FromDays(1);

    readonly Lock _lock = new();
    readonly Dictionary<string, (HeldDecision Decision, DateTimeOffset At)> _decided = new(StringComparer.Ordinal);
    readonly Queue<string> _inOrder = new();

    /// <inheritdoc />
    public Task<long> Count(CancellationToken cancellationToken) => Task.FromResult(store.CountOf("Held"));

    /// <inheritdoc />
    public Task<HeldCauses> Causes(HeldFilter filter, int limit, CancellationToken cancellationToken)
    {
        var found = Matching(filter).ToList();
        var causes = found
            .GroupBy(held => (held.Delivery.Channel, held.Delivery.Provider, held.Delivery.Reason))
            .Select(group => new HeldCause(group.Key.Channel, group.Key.Provider, group.Key.Reason, group.Count()))
            .OrderByDescending(cause => cause.Count)
            .ThenBy(cause => cause.Channel, StringComparer.Ordinal)
            .ThenBy(cause => cause.Provider, StringComparer.Ordinal)
            .ThenBy(cause => cause.Reason, StringComparer.Ordinal);
        return Task.FromResult(new HeldCauses(found.Count, [.. causes.Take(limit)]));
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<HeldDelivery>> Find(HeldFilter filter, int limit, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<HeldDelivery>>([
            .. Matching(filter)
                .OrderBy(held => held.Notification.CreatedAt)
                .ThenBy(held => held.Notification.CorrelationId)
                .ThenBy(held => held.Delivery.Id)
                .Take(limit)
                .Select(held => new HeldDelivery(
                    held.Notification.CorrelationId,
                    held.Delivery.Id,
                    held.Notification.Category,
                    held.Delivery.Attempts
                )),
        ]);

    /// <inheritdoc />
    public async Task<IReadOnlyDictionary<Guid, RecordedDecision>> Record(
        IReadOnlyList<HeldDeliveryDecision> decisions,
        ChangedBy by,
        CancellationToken cancellationToken
    )
    {
        var recorded = new Dictionary<Guid, RecordedDecision>();
        foreach (var one in decisions)
        {
            var isNew = false;
            HeldDecision known;
            lock (_lock)
            {
                isNew = TryAdd(one.Key, one.Decision);
                known = _decided[one.Key].Decision;
            }

            if (isNew)
                await controls.Note(one.Subject, by, JsonSerializer.SerializeToElement(one.Noted, ControlJson.Options), cancellationToken);
            if (known == one.Decision)
                await outgoing.Schedule([one.Message], cancellationToken);
            recorded[one.Delivery.DeliveryId] = new RecordedDecision(known, isNew);
        }

        return recorded;
    }

    bool TryAdd(string key, HeldDecision decision)
    {
        var now = clock.GetUtcNow();
        while (_inOrder.TryPeek(out var oldest) && _decided[oldest].At < now - Remembered)
            _decided.Remove(_inOrder.Dequeue());
        if (!_decided.TryAdd(key, (decision, now)))
            return false;

        _inOrder.Enqueue(key);
        return true;
    }

    IEnumerable<(NotificationState Notification, DeliveryState Delivery)> Matching(HeldFilter filter) =>
        store
            .In("Held")
            .Where(notification =>
                (filter.Application is null || notification.Application == filter.Application)
                && (filter.Category is null || notification.Category == filter.Category)
                && (filter.Recipient is null || notification.Recipient.Id == filter.Recipient)
                && (filter.From is null || notification.CreatedAt >= filter.From)
                && (filter.To is null || notification.CreatedAt < filter.To)
            )
            .SelectMany(notification => notification.Deliveries, (notification, delivery) => (notification, delivery))
            .Where(held =>
                held.delivery.Status == DeliveryStatus.Held
                && (filter.Channel is null || held.delivery.Channel == filter.Channel)
                && (filter.Provider is null || held.delivery.Provider == filter.Provider)
                && (filter.Reason is null || held.delivery.Reason?.Contains(filter.Reason, StringComparison.Ordinal) == true)
                && !(filter.WithoutCancelled && held.delivery.Cancellation is not null)
                && !IsUnderWay(held.delivery)
            );

    bool IsUnderWay(DeliveryState delivery)
    {
        lock (_lock)
            return _decided.TryGetValue($"{delivery.Id}/{delivery.Attempts}", out var decided)
                && decided.At > clock.GetUtcNow() - HeldFilter.UnderWay;
    }
}
