using System.Collections.Concurrent;
using System.Text.Json;

using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Notifications;

namespace NotificationBus.Embedded;

/// <summary>
/// The record in memory, lost when the process ends. It keeps copies as JSON, as the database does, so that a step that fails
/// leaves nothing behind, and it loses races in the same way.
/// </summary>
public sealed class InMemoryNotificationStore(InMemoryAttemptLedger ledger, InMemoryOutgoingMessages outgoing)
    : INotificationStore, INotificationQueries, IEarlierNotifications
{
    readonly ConcurrentDictionary<Guid, Row> _rows = new();
    readonly ConcurrentQueue<Guid> _reopened = new();

    /// <inheritdoc />
    public Task<NotificationState?> Load(Guid notificationId, CancellationToken cancellationToken) =>
        Task.FromResult(_rows.TryGetValue(notificationId, out var row) ? row.ToState() : null);

    /// <inheritdoc />
    public Task<bool> Insert(NotificationStep step, CancellationToken cancellationToken)
    {
        var stored = _rows.TryAdd(step.Notification.CorrelationId, Row.Of(step.After()));
        if (stored)
            outgoing.Keep(step);

        return Task.FromResult(stored);
    }

    /// <inheritdoc />
    public Task<bool> Update(NotificationStep step, CancellationToken cancellationToken)
    {
        var id = step.Notification.CorrelationId;
        var stored = _rows.TryGetValue(id, out var row)
            && row.Version == step.Notification.Version
            && _rows.TryUpdate(id, Row.Of(step.After()), row);
        if (stored)
            outgoing.Keep(step);
        if (stored && step.Reopens)
            _reopened.Enqueue(id);

        return Task.FromResult(stored);
    }

    /// <inheritdoc />
    public Task Confirm(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public async Task<NotificationView?> Find(Guid id, CancellationToken cancellationToken) =>
        await Load(id, cancellationToken) is { } notification ? NotificationView.Of(notification, ledger.AttemptsOf(id), outgoing.WaitingOf(id)) : null;

    /// <inheritdoc />
    public async Task<EarlierNotification?> FindEarlier(Guid notificationId, CancellationToken cancellationToken) =>
        await Load(notificationId, cancellationToken) is { } notification
            ? new EarlierNotification(notification.CurrentState, notification.CompletedAt is not null, notification.Fingerprint)
            : null;

    /// <inheritdoc />
    public Task<IReadOnlySet<Guid>> Concluded(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlySet<Guid>>(ids.Where(id => _rows.TryGetValue(id, out var row) && row.ToState().CompletedAt is not null).ToHashSet());

    /// <inheritdoc />
    public Task<IReadOnlyList<NotificationSummary>> Search(NotificationFilter filter, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<NotificationSummary>>([.. _rows.Values
            .Select(row => row.ToState())
            .Select(notification => new NotificationSummary
            {
                Id = notification.CorrelationId,
                Status = NotificationView.StatusOf(notification.CurrentState),
                Event = notification.EventName,
                Category = notification.Category,
                Recipient = notification.Recipient.Id,
                CreatedAt = notification.CreatedAt,
                CompletedAt = notification.CompletedAt,
            })
            .Where(summary => filter.Status is null || summary.Status == filter.Status)
            .Where(summary => filter.Recipient is null || summary.Recipient == filter.Recipient)
            .Where(summary => filter.Category is null || summary.Category == filter.Category)
            .Where(summary => filter.After is null || (summary.CreatedAt, summary.Id).CompareTo((filter.After.CreatedAt, filter.After.Id)) < 0)
            .OrderByDescending(summary => summary.CreatedAt).ThenByDescending(summary => summary.Id)
            .Take(filter.Limit)]);

    /// <summary>All there is.</summary>
    internal IEnumerable<NotificationState> All() => _rows.Values.Select(row => row.ToState());

    /// <summary>How old each notification is, and whether it has ended.</summary>
    internal IEnumerable<(Guid Id, DateTimeOffset CreatedAt, bool Ended)> Ages() => _rows.Select(row => (row.Key, row.Value.CreatedAt, row.Value.Ended));

    /// <summary>Hands out, once, a notification that had ended and goes on.</summary>
    internal bool TryTakeReopened(out Guid notificationId) => _reopened.TryDequeue(out notificationId);

    sealed record Row(int Version, DateTimeOffset CreatedAt, bool Ended, byte[] Json)
    {
        public static Row Of(NotificationState notification) =>
            new(notification.Version, notification.CreatedAt, notification.CompletedAt is not null, JsonSerializer.SerializeToUtf8Bytes(notification, NotificationJson.Default.NotificationState));

        public NotificationState ToState() => JsonSerializer.Deserialize(Json, NotificationJson.Default.NotificationState)!;
    }
}
