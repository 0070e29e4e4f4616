using System.Text.Json;
using NotificationBus.Notifications;
using NotificationBus.Providers.Controls;
using NotificationBus.Subscriptions;

namespace NotificationBus.Embedded;

/// <summary>
/// The subscriptions and what subscribers are told, in memory and lost when the process ends. Of what is settled only the newest is kept,
/// and of what waits only so much.
/// </summary>
public sealed class InMemorySubscriptions(InMemoryControls controls, TimeProvider clock) : ISubscriptions, IWebhookDeliveries
{
    const int MostSettled = 10_000;
    const int MostWaiting = 100_000;

    readonly Lock _lock = new();
    readonly List<Subscription> _subscriptions = [];
    readonly Dictionary<Guid, Entry> _entries = [];
    readonly Dictionary<(Guid Subscription, Guid Notification), int> _sequences = [];
    readonly Queue<Guid> _settled = new();

    /// <inheritdoc />
    public Task<IReadOnlyList<Subscription>> Load(CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult<IReadOnlyList<Subscription>>([.. _subscriptions]);
    }

    /// <inheritdoc />
    public async Task<bool> Add(Subscription subscription, ChangedBy by, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (
                _subscriptions.Count >= Subscription.MostInAll
                || _subscriptions.Count(one => one.Application == subscription.Application) >= Subscription.Most
            )
                return false;
            _subscriptions.Add(subscription);
        }

        await controls.Note(SubscriptionNotes.Subject(subscription.Id), by, SubscriptionNotes.Made(subscription), cancellationToken);
        return true;
    }

    /// <inheritdoc />
    public Task<Subscription?> Change(Guid id, SubscriptionChange change, ChangedBy by, CancellationToken cancellationToken) =>
        Change(
            id,
            before =>
            {
                var after = before with
                {
                    Url = change.Url ?? before.Url,
                    Events = change.Events ?? before.Events,
                    Categories = change.Categories ?? before.Categories,
                };
                if (change.Enabled == true)
                    HastenAll(id);
                return change.Enabled switch
                {
                    true => after with { DisabledAt = null, DisabledReason = null, FailingSince = null, EnabledAt = clock.GetUtcNow() },
                    false when before.IsEnabled => after with
                    {
                        DisabledAt = clock.GetUtcNow(),
                        DisabledReason = SubscriptionChange.DisabledByHand,
                    },
                    _ => after,
                };
            },
            by,
            SubscriptionNotes.Changed(change),
            cancellationToken
        );

    /// <inheritdoc />
    public Task<Subscription?> Rotate(Guid id, byte[] secret, TimeSpan grace, ChangedBy by, CancellationToken cancellationToken) =>
        Change(
            id,
            before =>
                before with
                {
                    Secret = secret,
                    EarlierSecret = grace > TimeSpan.Zero ? before.Secret : null,
                    EarlierUntil = grace > TimeSpan.Zero ? clock.GetUtcNow() + grace : null,
                },
            by,
            SubscriptionNotes.Rotated(grace),
            cancellationToken
        );

    /// <inheritdoc />
    public async Task<bool> Remove(Guid id, ChangedBy by, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_subscriptions.RemoveAll(one => one.Id == id) == 0)
                return false;
            foreach (var entry in _entries.Values.Where(entry => entry.Delivery.SubscriptionId == id).ToList())
                Drop(entry);
        }

        await controls.Note(SubscriptionNotes.Subject(id), by, SubscriptionNotes.Removed, cancellationToken);
        return true;
    }

    /// <inheritdoc />
    public Task Disable(Guid id, string reason, CancellationToken cancellationToken)
    {
        lock (_lock)
            Replace(id, one => one.IsEnabled ? one with { DisabledAt = clock.GetUtcNow(), DisabledReason = reason } : one);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task NoteHealth(Guid id, bool fails, CancellationToken cancellationToken)
    {
        lock (_lock)
            Replace(id, one => one with { FailingSince = fails ? one.FailingSince ?? clock.GetUtcNow() : null });
        return Task.CompletedTask;
    }

    /// <summary>Keeps what is told of a step that was stored.</summary>
    internal void Keep(NotificationStep step)
    {
        if (step.Heard.Count == 0)
            return;

        lock (_lock)
        {
            foreach (var heard in step.Heard)
            {
                if (_subscriptions.Exists(one => one.Id == heard.ListenerId && one.IsEnabled))
                    Keep(heard);
            }
        }
    }

    /// <inheritdoc />
    public Task<WebhookDelivery> AddTest(HeardEvent heard, CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult(Keep(heard));
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<Guid>> WithDue(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        lock (_lock)
            return Task.FromResult<IReadOnlyList<Guid>>([
                .. _subscriptions
                    .Where(one => one.IsEnabled)
                    .Select(one => one.Id)
                    .Intersect(_entries.Values.Where(entry => entry.Delivery.DueAt <= now).Select(entry => entry.Delivery.SubscriptionId)),
            ]);
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<WebhookDelivery>> Take(Guid subscriptionId, TimeSpan lease, int limit, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        lock (_lock)
        {
            var first = new List<Entry>();
            foreach (
                var waiting in _entries
                    .Values.Where(entry => entry.Delivery.SubscriptionId == subscriptionId && entry.IsWaiting)
                    .GroupBy(entry => entry.Delivery.NotificationId)
                    .Select(told => told.OrderBy(entry => entry.Delivery.Sequence).ToList())
            )
            {
                if (waiting[0].Delivery.DueAt <= now)
                    first.Add(waiting[0]);
                else if (!(waiting[0].LeasedUntil > now))
                    foreach (var behind in waiting.Where(entry => entry.Delivery.DueAt <= now))
                        behind.Delivery = behind.Delivery with { DueAt = waiting[0].Delivery.DueAt };
            }

            var taken = first.OrderBy(entry => entry.Delivery.DueAt).Take(limit).ToList();
            foreach (var entry in taken)
            {
                entry.LeasedUntil = now + lease;
                entry.Delivery = entry.Delivery with { DueAt = entry.LeasedUntil };
            }

            return Task.FromResult<IReadOnlyList<WebhookDelivery>>([.. taken.Select(entry => entry.Delivery)]);
        }
    }

    /// <inheritdoc />
    public Task Settle(WebhookSettlement settlement, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(settlement.Id, out var entry) && Counts(settlement, entry.Delivery))
            {
                var delivery = entry.Delivery;
                entry.Delivery = delivery with
                {
                    Status = settlement.Status,
                    Attempts = delivery.Attempts + 1,
                    DueAt = settlement.Status == WebhookStatus.Waiting ? clock.GetUtcNow() + settlement.Again : null,
                    Tries = [.. delivery.Tries.TakeLast(WebhookDelivery.MostKeptTries - 1), settlement.Try],
                };
                entry.LeasedUntil = null;
                if (settlement.Status != WebhookStatus.Waiting)
                {
                    _settled.Enqueue(settlement.Id);
                    HastenAll(
                        delivery.SubscriptionId,
                        next => next.NotificationId == delivery.NotificationId && next.Sequence > delivery.Sequence
                    );
                }
            }

            while (_settled.Count > MostSettled)
            {
                if (_entries.TryGetValue(_settled.Dequeue(), out var old) && old.Delivery.Status != WebhookStatus.Waiting)
                    Drop(old);
            }
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task Hasten(Guid subscriptionId, CancellationToken cancellationToken)
    {
        lock (_lock)
            HastenAll(subscriptionId);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task<long> CountWaiting(Guid subscriptionId, long most, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var waiting = _entries.Values.LongCount(entry =>
                entry.Delivery.SubscriptionId == subscriptionId && entry.Delivery.Status == WebhookStatus.Waiting
            );
            return Task.FromResult(waiting > MostWaiting ? most : Math.Min(waiting, most));
        }
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<WebhookDelivery>> List(WebhookFilter filter, CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult<IReadOnlyList<WebhookDelivery>>([
                .. _entries
                    .Values.Select(entry => entry.Delivery)
                    .Where(one =>
                        one.SubscriptionId == filter.SubscriptionId
                        && (filter.Status is null || one.Status == filter.Status)
                        && (filter.After is not { } after || (one.CreatedAt, one.Id).CompareTo(after) < 0)
                    )
                    .OrderByDescending(one => (one.CreatedAt, one.Id))
                    .Take(filter.Limit),
            ]);
    }

    /// <inheritdoc />
    public Task<WebhookDelivery?> Resend(Guid subscriptionId, Guid id, CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult(
                _entries.TryGetValue(id, out var entry) && entry.Delivery.SubscriptionId == subscriptionId ? Again(entry) : null
            );
    }

    /// <inheritdoc />
    public Task<int> Recover(Guid subscriptionId, DateTimeOffset since, int limit, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var failed = _entries
                .Values.Where(entry =>
                    entry.Delivery.SubscriptionId == subscriptionId
                    && entry.Delivery.Status == WebhookStatus.Failed
                    && entry.Delivery.CreatedAt >= since
                )
                .OrderBy(entry => (entry.Delivery.CreatedAt, entry.Delivery.Id))
                .Take(limit)
                .ToList();
            foreach (var entry in failed)
                Again(entry);
            return Task.FromResult(failed.Count);
        }
    }

    /// <inheritdoc />
    public Task<int> Forget(TimeSpan age, int limit, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var before = clock.GetUtcNow() - age;
            var old = _entries
                .Values.Where(entry =>
                    entry.Delivery.CreatedAt < before
                    && (
                        entry.Delivery.Status != WebhookStatus.Waiting
                        || !_subscriptions.Exists(one => one.Id == entry.Delivery.SubscriptionId && one.IsEnabled)
                    )
                )
                .Take(limit)
                .ToList();
            foreach (var entry in old)
                Drop(entry);
            return Task.FromResult(old.Count);
        }
    }

    /// <summary>Tells subscribers something else of a notification.</summary>
    /// <param name="notificationId">The notification.</param>
    /// <param name="tell">What is told in the place of what was to be; null to count alone.</param>
    /// <returns>How many times.</returns>
    internal int Rewrite(Guid notificationId, Func<string, string>? tell)
    {
        lock (_lock)
        {
            var found = _entries.Values.Where(entry => entry.Delivery.NotificationId == notificationId).ToList();
            foreach (var entry in tell is null ? [] : found)
                entry.Delivery = entry.Delivery with { Data = tell!(entry.Delivery.Data) };
            return found.Count;
        }
    }

    WebhookDelivery Keep(HeardEvent heard)
    {
        var now = clock.GetUtcNow();
        var told = (heard.ListenerId, heard.NotificationId);
        var sequence = _sequences[told] = _sequences.GetValueOrDefault(told) + 1;
        var delivery = new WebhookDelivery
        {
            Id = heard.Id,
            SubscriptionId = heard.ListenerId,
            NotificationId = heard.NotificationId,
            Sequence = sequence,
            Type = heard.Type,
            At = heard.At,
            Data = heard.Data,
            CreatedAt = now,
            DueAt = now,
        };
        _entries.Add(heard.Id, new Entry { Delivery = delivery });
        return delivery;
    }

    static bool Counts(WebhookSettlement settlement, WebhookDelivery delivery) =>
        settlement.Status == WebhookStatus.Delivered
        || (delivery.Status == WebhookStatus.Waiting && delivery.Attempts == settlement.Attempts);

    WebhookDelivery Again(Entry entry) =>
        entry.Delivery = entry.Delivery with { Status = WebhookStatus.Waiting, Attempts = 0, DueAt = clock.GetUtcNow() };

    void HastenAll(Guid subscriptionId, Func<WebhookDelivery, bool>? which = null)
    {
        var now = clock.GetUtcNow();
        foreach (var entry in _entries.Values)
        {
            var delivery = entry.Delivery;
            if (delivery.SubscriptionId != subscriptionId || !(delivery.DueAt > now) || entry.LeasedUntil > now)
                continue;
            if (which is null || which(delivery))
                entry.Delivery = delivery with { DueAt = now };
        }
    }

    // The last of a notification takes its count along.
    void Drop(Entry entry)
    {
        var delivery = entry.Delivery;
        _entries.Remove(delivery.Id);
        if (_sequences.GetValueOrDefault((delivery.SubscriptionId, delivery.NotificationId)) == delivery.Sequence)
            _sequences.Remove((delivery.SubscriptionId, delivery.NotificationId));
    }

    async Task<Subscription?> Change(
        Guid id,
        Func<Subscription, Subscription> change,
        ChangedBy by,
        JsonElement what,
        CancellationToken cancellationToken
    )
    {
        Subscription? after;
        lock (_lock)
            after = Replace(id, change);
        if (after is not null)
            await controls.Note(SubscriptionNotes.Subject(id), by, what, cancellationToken);
        return after;
    }

    Subscription? Replace(Guid id, Func<Subscription, Subscription> change)
    {
        var place = _subscriptions.FindIndex(one => one.Id == id);
        return place < 0 ? null : _subscriptions[place] = change(_subscriptions[place]);
    }

    sealed class Entry
    {
        public required WebhookDelivery Delivery { get; set; }

        /// <summary>The time until which whoever has taken it has it for itself.</summary>
        public DateTimeOffset? LeasedUntil { get; set; }

        public bool IsWaiting => Delivery.Status == WebhookStatus.Waiting;
    }
}
