using System.Text.Json;
using NotificationBus.Notifications;
using NotificationBus.Outgoing;
using NotificationBus.Providers.Controls;
using NotificationBus.Repairs;

namespace NotificationBus.Embedded;

/// <summary>Repairs in memory. The newest are kept.</summary>
public sealed class InMemoryRepairs(InMemoryOutgoingMessages outgoing, InMemoryControls controls, TimeProvider clock) : IRepairs
{
    const int MostRepairs = 100;

    readonly Lock _lock = new();
    readonly Dictionary<Guid, Kept> _repairs = [];
    readonly HashSet<Guid> _repaired = [];

    /// <inheritdoc />
    public async Task Add(Repair repair, IReadOnlyList<RepairItem> items, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _repairs.Add(
                repair.Id,
                new Kept(repair with { CreatedAt = clock.GetUtcNow() }, items.ToDictionary(item => item.NotificationId))
            );
            if (_repairs.Count > MostRepairs)
                Forget(_repairs.Values.MinBy(kept => (kept.Repair.CreatedAt, kept.Repair.Id))!);
        }

        await Note(repair.Id, repair.By, RepairChange.NotePlan(items), cancellationToken);
    }

    /// <summary>Writes another recipient into the filters of an application, where one of these stands.</summary>
    /// <returns>How many.</returns>
    internal int RewriteRecipients(string application, IReadOnlyDictionary<string, string> names, bool apply)
    {
        lock (_lock)
        {
            var found = _repairs
                .Values.Where(kept => (kept.Repair.Application ?? application) == application)
                .Where(kept => kept.Repair.Filter.TryGetValue("recipient", out var recipient) && names.ContainsKey(recipient))
                .ToList();
            foreach (var kept in apply ? found : [])
                kept.Repair = kept.Repair with
                {
                    Filter = new Dictionary<string, string>(kept.Repair.Filter, StringComparer.Ordinal)
                    {
                        ["recipient"] = names[kept.Repair.Filter["recipient"]],
                    },
                };
            return found.Count;
        }
    }

    /// <inheritdoc />
    public Task<Repair?> Find(Guid id, CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult(_repairs.TryGetValue(id, out var kept) ? kept.Repair with { Groups = GroupsOf(kept) } : null);
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<Repair>> List(
        string? application,
        (DateTimeOffset At, Guid Id)? after,
        int limit,
        CancellationToken cancellationToken
    )
    {
        lock (_lock)
            return Task.FromResult<IReadOnlyList<Repair>>([
                .. _repairs
                    .Values.Select(kept => kept.Repair)
                    .Where(repair => application is null || repair.Application == application)
                    .Where(repair => after is null || (repair.CreatedAt, repair.Id).CompareTo(after.Value) < 0)
                    .OrderByDescending(repair => (repair.CreatedAt, repair.Id))
                    .Take(limit),
            ]);
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<RepairItem>> Items(
        Guid id,
        RepairItemStatus? status,
        NotificationCursor? after,
        int limit,
        CancellationToken cancellationToken
    )
    {
        lock (_lock)
            return Task.FromResult<IReadOnlyList<RepairItem>>([
                .. ItemsOf(id)
                    .Where(item =>
                        (status is null || item.Status == status)
                        && (after is null || (item.BeganAt, item.NotificationId).CompareTo((after.CreatedAt, after.Id)) < 0)
                    )
                    .OrderByDescending(item => (item.BeganAt, item.NotificationId))
                    .Take(limit),
            ]);
    }

    /// <inheritdoc />
    public async Task<bool> Change(Guid id, RepairChange change, ChangedBy by, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!_repairs.TryGetValue(id, out var kept) || !change.From.Contains(kept.Repair.Status))
                return false;

            var (now, runs) = (clock.GetUtcNow(), change.To == RepairStatus.Running);
            kept.Repair = kept.Repair with
            {
                Status = change.To,
                Note = null,
                PerSecond = runs ? change.PerSecond : kept.Repair.PerSecond,
                StartedAt = runs ? kept.Repair.StartedAt ?? now : kept.Repair.StartedAt,
                EndedAt = change.To == RepairStatus.Stopped ? now : null,
            };
            (kept.MayBegin, kept.Owner, kept.LeaseUntil) = (runs ? change.Limit : 0, null, null);
        }

        await Note(id, by, change.Noted, cancellationToken);
        return true;
    }

    /// <inheritdoc />
    public Task<IReadOnlySet<Guid>> RepairedAmong(IReadOnlyCollection<Guid> notificationIds, CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult<IReadOnlySet<Guid>>(notificationIds.Where(_repaired.Contains).ToHashSet());
    }

    /// <inheritdoc />
    public Task<RepairTurn?> Take(Guid owner, TimeSpan lease, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            var taken = _repairs
                .Values.Where(kept =>
                    kept.Repair.Status == RepairStatus.Running && (kept.Owner == owner || kept.LeaseUntil is null || kept.LeaseUntil < now)
                )
                .MinBy(kept => kept.Repair.StartedAt);
            if (taken is null)
                return Task.FromResult<RepairTurn?>(null);

            (taken.Owner, taken.LeaseUntil) = (owner, now + lease);
            return Task.FromResult<RepairTurn?>(new RepairTurn(taken.Repair.Id, owner, taken.Repair.PerSecond, taken.MayBegin));
        }
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<RepairItem>> Next(Guid id, int limit, CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult<IReadOnlyList<RepairItem>>([
                .. ItemsOf(id)
                    .Where(item => item.Status == RepairItemStatus.Planned)
                    .OrderBy(item => (item.BeganAt, item.NotificationId))
                    .Take(limit),
            ]);
    }

    /// <inheritdoc />
    public async Task<RepairTurn?> Record(
        RepairTurn turn,
        RepairItem item,
        OutgoingMessage? message,
        TimeSpan lease,
        CancellationToken cancellationToken
    )
    {
        lock (_lock)
        {
            if (Mine(turn) is not { } kept)
                return null;

            var planned = kept.Items.GetValueOrDefault(item.NotificationId) is { Status: RepairItemStatus.Planned } one ? one : null;
            if (planned is not null && item.Status == RepairItemStatus.Repaired && !_repaired.Add(item.NotificationId))
                throw new RepairedBeforeException();

            var now = clock.GetUtcNow();
            kept.LeaseUntil = now + lease;
            if (message is not null)
                kept.MayBegin--;
            turn = turn with { PerSecond = kept.Repair.PerSecond, Left = kept.MayBegin };
            if (planned is null)
                return turn;

            kept.Items[item.NotificationId] = planned with
            {
                Status = item.Status,
                LeftOut = item.LeftOut,
                Detail = item.Detail,
                RepairedBy = item.RepairedBy,
                At = now,
            };
        }

        if (message is not null)
            await outgoing.Schedule([message], cancellationToken);
        return turn;
    }

    /// <inheritdoc />
    public Task End(RepairTurn turn, RepairStatus status, string? note, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (Mine(turn) is { } kept)
            {
                kept.Repair = kept.Repair with
                {
                    Status = status,
                    Note = note,
                    EndedAt = status == RepairStatus.Done ? clock.GetUtcNow() : null,
                };
                (kept.Owner, kept.LeaseUntil) = (null, null);
            }
        }

        return Task.CompletedTask;
    }

    ICollection<RepairItem> ItemsOf(Guid id) => _repairs.TryGetValue(id, out var kept) ? kept.Items.Values : Array.Empty<RepairItem>();

    Kept? Mine(RepairTurn turn) =>
        _repairs.TryGetValue(turn.Id, out var kept) && kept.Owner == turn.Owner && kept.Repair.Status == RepairStatus.Running ? kept : null;

    /// <summary>Should it be repaired once more, its id is the same, and the saga takes it for a repetition.</summary>
    void Forget(Kept oldest)
    {
        _repairs.Remove(oldest.Repair.Id);
        foreach (var item in oldest.Items.Values.Where(item => item.Status == RepairItemStatus.Repaired))
            _repaired.Remove(item.NotificationId);
    }

    Task Note(Guid id, ChangedBy by, object what, CancellationToken cancellationToken) =>
        controls.Note(RepairChange.SubjectOf(id), by, JsonSerializer.SerializeToElement(what, ControlJson.Options), cancellationToken);

    static IReadOnlyList<RepairGroup> GroupsOf(Kept kept) =>
        [
            .. kept
                .Items.Values.GroupBy(item =>
                    (
                        item.Status,
                        item.LeftOut,
                        item.Cause,
                        Channel: item.Status != RepairItemStatus.LeftOut && item.Channels.Count > 0 ? item.Channels[0] : null,
                        SincePlanned: item.Status == RepairItemStatus.LeftOut && item.At is not null
                    )
                )
                .Select(group => new RepairGroup(
                    group.Key.Status,
                    group.Key.LeftOut,
                    group.Key.Cause,
                    group.Key.Channel,
                    group.Key.SincePlanned,
                    group.LongCount(),
                    group.Key.Status != RepairItemStatus.LeftOut && group.Any(item => item.Cost is not null)
                        ? group.Sum(item => item.Cost)
                        : null
                ))
                .OrderByDescending(group => group.Count)
                .ThenBy(group => group.Cause.Code, StringComparer.Ordinal)
                .ThenBy(group => group.Cause.Channel, StringComparer.Ordinal)
                .ThenBy(group => group.Cause.Provider, StringComparer.Ordinal),
        ];

    sealed class Kept(Repair repair, Dictionary<Guid, RepairItem> items)
    {
        public Repair Repair { get; set; } = repair;

        public Dictionary<Guid, RepairItem> Items { get; } = items;

        public int MayBegin { get; set; }

        public Guid? Owner { get; set; }

        public DateTimeOffset? LeaseUntil { get; set; }
    }
}
