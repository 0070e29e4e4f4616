using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using NotificationBus.Contents;
using NotificationBus.Erasures;
using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Notifications;

namespace NotificationBus.Embedded;

/// <summary>
/// The record in memory, lost when the process ends. It keeps copies as JSON, as the database does, so that a step that fails
/// leaves nothing behind, and it loses races in the same way. Beside each copy stands what is looked for, so that a search reads none. The
/// process has only so much memory: of what has ended the newest stays, and what ended longest ago goes with its attempts.
/// </summary>
public sealed class InMemoryNotificationStore(
    InMemoryAttemptLedger ledger,
    InMemoryOutgoingMessages outgoing,
    ChannelSet channels,
    InMemorySubscriptions? subscriptions = null,
    InMemoryEventStreams? streams = null
) : INotificationStore, INotificationQueries, IEarlierNotifications, IContentStore
{
    readonly ConcurrentDictionary<Guid, Row> _rows = new();
    readonly ConcurrentDictionary<Guid, ImmutableList<PackedContents>> _contents = new();
    readonly ConcurrentQueue<Guid> _reopened = new();
    readonly Lock _lock = new();
    readonly Queue<(Guid Id, long Number)> _ended = new();
    readonly SortedDictionary<(DateTimeOffset Hour, string State), long> _forgotten = [];
    long _lastNumber;
    long _bytesOfEnded;

    // More than a year has. Of what was before nobody knows any more how many there were.
    const int MostHoursOfForgotten = 50_000;

    /// <summary>How many notifications are kept that have ended.</summary>
    public int MostEnded { get; init; } = 50_000;

    /// <summary>How many bytes they have together, with what they say and without their attempts.</summary>
    public long MostBytesOfEnded { get; init; } = 256 * 1024 * 1024;

    /// <inheritdoc />
    public Task<NotificationState?> Load(Guid notificationId, CancellationToken cancellationToken) =>
        Task.FromResult(_rows.TryGetValue(notificationId, out var row) ? row.ToState() : null);

    /// <inheritdoc />
    public Task<bool> Insert(NotificationStep step, CancellationToken cancellationToken)
    {
        var references = NotificationReferences.Of(step.Notification, channels);
        var row = Row.Of(step.After(), step.Kept, earlier: null, references, step.Contents?.Body.Length ?? 0, ref _lastNumber);
        var stored = false;
        if (step.Withdrawal is null)
            step.Withdrawal = Withdrawn.Begin(step.Notification, Begin);
        else
            Begin();
        if (stored)
        {
            if (step.Contents is { } contents)
                _contents[step.Notification.CorrelationId] = [contents];
            outgoing.Keep(step);
            subscriptions?.Keep(step);
            streams?.Keep(step);
            Forget(step.Notification.CorrelationId, earlier: null, row);
        }

        return Task.FromResult(stored);

        void Begin() => stored = _rows.TryAdd(step.Notification.CorrelationId, row);
    }

    /// <inheritdoc />
    public Task<bool> Update(NotificationStep step, CancellationToken cancellationToken)
    {
        var id = step.Notification.CorrelationId;
        if (!_rows.TryGetValue(id, out var earlier) || earlier.Version != step.Notification.Version)
            return Task.FromResult(false);

        var row = Row.Of(step.After(), step.Kept, earlier, earlier.References, BytesOfContents(id), ref _lastNumber);
        if (!_rows.TryUpdate(id, row, earlier))
            return Task.FromResult(false);

        outgoing.Keep(step);
        subscriptions?.Keep(step);
        streams?.Keep(step);
        if (step.Reopens)
            _reopened.Enqueue(id);
        Forget(id, earlier, row);
        return Task.FromResult(true);
    }

    /// <inheritdoc />
    public Task<PackedContents?> Find(Guid notificationId, Guid hash, CancellationToken cancellationToken) =>
        Task.FromResult(_contents.GetValueOrDefault(notificationId)?.Find(contents => contents.Hash == hash));

    /// <inheritdoc />
    public Task Keep(Guid notificationId, PackedContents contents, CancellationToken cancellationToken)
    {
        // Of what is no longer on record nothing is kept.
        if (_rows.ContainsKey(notificationId))
            _contents.AddOrUpdate(
                notificationId,
                _ => [contents],
                (_, kept) => kept.Exists(one => one.Hash == contents.Hash) ? kept : kept.Add(contents)
            );
        return Task.CompletedTask;
    }

    int BytesOfContents(Guid notificationId) => _contents.GetValueOrDefault(notificationId)?.Sum(contents => contents.Body.Length) ?? 0;

    /// <inheritdoc />
    public Task Confirm(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public async Task<NotificationView?> Find(Guid id, CancellationToken cancellationToken) =>
        await Load(id, cancellationToken) is { } notification
            ? NotificationView.Of(notification, ledger.AttemptsOf(id), outgoing.WaitingOf(id))
            : null;

    /// <inheritdoc />
    public Task<IReadOnlyList<SagaStep>?> StepsOf(Guid id, CancellationToken cancellationToken) =>
        Task.FromResult(_rows.TryGetValue(id, out var row) ? SagaHistory.Of(row.ToState(), row.Steps) : null);

    /// <inheritdoc />
    public async Task<EarlierNotification?> FindEarlier(Guid notificationId, CancellationToken cancellationToken) =>
        await Load(notificationId, cancellationToken) is { } notification
            ? new EarlierNotification(notification.CurrentState, notification.CompletedAt is not null, notification.Fingerprint)
            : null;

    /// <inheritdoc />
    public Task<string?> ApplicationOf(Guid id, CancellationToken cancellationToken) =>
        Task.FromResult(_rows.TryGetValue(id, out var row) ? row.Application : null);

    /// <inheritdoc />
    public Task<IReadOnlySet<Guid>> Concluded(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlySet<Guid>>(ids.Where(id => _rows.TryGetValue(id, out var row) && row.Ended).ToHashSet());

    /// <inheritdoc />
    public Task<IReadOnlyDictionary<Guid, int>> Versions(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        var versions = new Dictionary<Guid, int>();
        foreach (var id in ids)
        {
            if (_rows.TryGetValue(id, out var row))
                versions[id] = row.Version;
        }

        return Task.FromResult<IReadOnlyDictionary<Guid, int>>(versions);
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<RecordedNotification>> Read(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        var found = new List<RecordedNotification>();
        foreach (var id in ids)
        {
            if (_rows.TryGetValue(id, out var row))
                found.Add(new RecordedNotification(row.ToState(), row.Steps));
        }

        return Task.FromResult<IReadOnlyList<RecordedNotification>>(found);
    }

    /// <inheritdoc />
    public Task<FoundNotifications> Search(NotificationFilter filter, CancellationToken cancellationToken)
    {
        var key = filter.Key is { } named ? NotificationReferences.OfKey(named.Key, named.Value) : (long?)null;
        var addresses = filter.Addresses.Select(NotificationReferences.OfAddress).ToList();
        // The newest of them, and one more, which says that there is another page. To sort all that fit would take longer.
        var newest = new PriorityQueue<Row, (DateTimeOffset, Guid)>(filter.Limit + 1);
        foreach (var (id, row) in _rows)
        {
            var place = (row.CreatedAt, id);
            var isFull = newest.Count > filter.Limit;
            if (
                (isFull && newest.TryPeek(out _, out var oldest) && place.CompareTo(oldest) < 0)
                || (filter.After is { } after && place.CompareTo((after.CreatedAt, after.Id)) >= 0)
                || !row.Fits(filter)
                || (key is { } wanted && !row.References.Contains(wanted))
                || (addresses.Count > 0 && !addresses.Exists(row.References.Contains))
                || !WasSent(id, filter)
            )
                continue;

            if (isFull)
                newest.DequeueEnqueue(row, place);
            else
                newest.Enqueue(row, place);
        }

        var found = new NotificationSummary[newest.Count];
        while (newest.TryDequeue(out var next, out _))
            found[newest.Count] = NotificationSummary.Of(next.ToState());
        return Task.FromResult(FoundNotifications.Page(found, filter.Limit));
    }

    /// <summary>True when the ledger has a call of it as the filter wants one.</summary>
    bool WasSent(Guid id, NotificationFilter filter) =>
        filter is { Provider: null, ProviderMessageId: null }
        || ledger.AttemptsOf(id) is var attempts
            && (
                filter.Provider is null
                || attempts.Any(attempt => attempt.Provider == filter.Provider && attempt.Status != AttemptStatus.Started)
            )
            && (filter.ProviderMessageId is null || attempts.Any(attempt => attempt.ProviderMessageId == filter.ProviderMessageId));

    /// <summary>The business keys that were withdrawn.</summary>
    internal RememberedWithdrawals Withdrawn { get; } = new();

    /// <summary>Those that a withdrawal is about, in any order.</summary>
    internal IEnumerable<NotificationState> With(Withdrawal withdrawal)
    {
        foreach (var row in _rows.Values)
        {
            if (
                row.CreatedAt < withdrawal.Before
                && withdrawal.Categories.Contains(row.Category)
                && row.References.Contains(withdrawal.Reference)
                && row.ToState() is var notification
                && notification.Application == withdrawal.Application
                && notification.Keys.GetValueOrDefault(withdrawal.Name) == withdrawal.Value
            )
                yield return notification;
        }
    }

    /// <summary>The notifications of a person, in any order.</summary>
    internal IEnumerable<NotificationState> Of(ErasedPerson person)
    {
        var references = person.Addresses.Select(NotificationReferences.OfAddress).ToList();
        return _rows
            .Values.Where(row =>
                row.Application == person.Application && (row.Recipient == person.Recipient || references.Exists(row.References.Contains))
            )
            .Select(row => row.ToState());
    }

    /// <summary>How many contents are kept of a notification.</summary>
    internal int ContentsOf(Guid notificationId) => _contents.GetValueOrDefault(notificationId)?.Count ?? 0;

    /// <summary>Writes a notification as it is after its recipient was erased. False when somebody else has written it since.</summary>
    internal bool Erase(NotificationState after, DateTimeOffset now)
    {
        var id = after.CorrelationId;
        if (!_rows.TryGetValue(id, out var earlier) || earlier.Version != after.Version - 1)
            return false;

        var row = new Row(after, [.. earlier.Steps.Select(Erased.Of), Erased.StepOf(after, now)], [], 0, earlier.Number);
        if (!_rows.TryUpdate(id, row, earlier))
            return false;

        _contents.TryRemove(id, out _);
        Forget(id, earlier, row);
        return true;
    }

    /// <summary>True when there is one of that id.</summary>
    internal bool Has(Guid notificationId) => _rows.ContainsKey(notificationId);

    /// <summary>Those that have not ended.</summary>
    internal IEnumerable<(Guid Id, DateTimeOffset CreatedAt, string State)> Open() =>
        _rows.Where(row => !row.Value.Ended).Select(row => (row.Key, row.Value.CreatedAt, row.Value.State));

    /// <summary>How many began in each hour, by state, those that are kept no more included.</summary>
    internal IReadOnlyList<Counted> Ledger()
    {
        lock (_lock)
            return
            [
                .. _rows
                    .Values.GroupBy(row => (Hour: LedgerRules.HourOf(row.CreatedAt), row.State, row.Ended))
                    .Select(group => new Counted(
                        group.Key.Hour,
                        group.Key.State,
                        group.Key.Ended,
                        group.LongCount(),
                        group.Min(row => row.CreatedAt)
                    )),
                .. _forgotten.Select(one => new Counted(one.Key.Hour, one.Key.State, Ended: true, one.Value, one.Key.Hour)),
            ];
    }

    /// <summary>How many began in a time with a version of the texts of their category.</summary>
    internal int CountOf(string category, string version, DateTimeOffset from, DateTimeOffset? to) =>
        _rows.Values.Count(row =>
            row.Category == category && row.TemplateVersion == version && row.CreatedAt >= from && !(row.CreatedAt >= to)
        );

    /// <summary>Those that began in a time.</summary>
    internal IEnumerable<NotificationState> Between(DateTimeOffset from, DateTimeOffset to) =>
        _rows.Values.Where(row => row.CreatedAt >= from && row.CreatedAt < to).Select(row => row.ToState());

    /// <summary>How many there are in a state.</summary>
    internal long CountOf(string state) => _rows.LongCount(row => row.Value.State == state);

    /// <summary>Those in a state.</summary>
    internal IEnumerable<NotificationState> In(string state) =>
        _rows.Where(row => row.Value.State == state).Select(row => row.Value.ToState());

    /// <summary>How old each notification is, and whether it has ended.</summary>
    internal IEnumerable<(Guid Id, DateTimeOffset CreatedAt, bool Ended)> Ages() =>
        _rows.Select(row => (row.Key, row.Value.CreatedAt, row.Value.Ended));

    /// <summary>Hands out, once, a notification that had ended and goes on.</summary>
    internal bool TryTakeReopened(out Guid notificationId) => _reopened.TryDequeue(out notificationId);

    /// <summary>Counts what has ended now, and makes room for it.</summary>
    void Forget(Guid id, Row? earlier, Row row)
    {
        if (!row.Ended && earlier?.Ended != true)
            return;

        lock (_lock)
        {
            _bytesOfEnded += row.BytesOfEnded - (earlier?.BytesOfEnded ?? 0);
            if (row.Ended && row.Number != earlier?.Number)
                _ended.Enqueue((id, row.Number));

            // The last to end stays, however large it is: somebody asks what became of it.
            while (_ended.Count > 1 && (_ended.Count > MostEnded || _bytesOfEnded > MostBytesOfEnded))
            {
                var oldest = _ended.Dequeue();
                // One that went on since then has another number.
                if (
                    !_rows.TryGetValue(oldest.Id, out var found)
                    || found.Number != oldest.Number
                    || !_rows.TryRemove(KeyValuePair.Create(oldest.Id, found))
                )
                    continue;

                _bytesOfEnded -= found.BytesOfEnded;
                var counted = (LedgerRules.HourOf(found.CreatedAt), found.State);
                _forgotten[counted] = _forgotten.GetValueOrDefault(counted) + 1;
                if (_forgotten.Count > MostHoursOfForgotten)
                    _forgotten.Remove(_forgotten.Keys.First());
                ledger.Forget(oldest.Id);
                _contents.TryRemove(oldest.Id, out _);
            }
        }
    }

    /// <summary>Notifications that began in the same hour and are in the same state.</summary>
    internal sealed record Counted(DateTimeOffset Hour, string State, bool Ended, long Count, DateTimeOffset Oldest);

    /// <summary>
    /// One notification. Told apart from others by what it is and not by what it holds: a write that finds another one has lost a race.
    /// </summary>
    sealed class Row(
        NotificationState notification,
        ImmutableList<KeptStep> steps,
        IReadOnlyCollection<long> references,
        int bytesOfContents,
        long number
    )
    {
        public int Version { get; } = notification.Version;

        /// <summary>Its number among those that have ended; 0 until it has.</summary>
        public long Number { get; } = number;

        public string State { get; } = notification.CurrentState;

        public string Status { get; } = NotificationView.StatusOf(notification.CurrentState);

        public string Application { get; } = notification.Application;

        public string Category { get; } = notification.Category;

        public string? TemplateVersion { get; } = notification.TemplateVersion;

        public string Recipient { get; } = notification.Recipient.Id;

        public string? EventId { get; } = notification.EventId;

        public IReadOnlyList<string> Channels { get; } = NotificationSummary.ChannelsOf(notification);

        /// <summary>Its event id, business keys and addresses, as the first step had them.</summary>
        public IReadOnlyCollection<long> References { get; } = references;

        public DateTimeOffset CreatedAt { get; } = notification.CreatedAt;

        public DateTimeOffset? CompletedAt { get; } = notification.CompletedAt;

        public bool Ended => CompletedAt is not null;

        /// <summary>The steps that did not go straight.</summary>
        public ImmutableList<KeptStep> Steps { get; } = steps;

        public long BytesOfEnded =>
            Ended ? _json.Length + bytesOfContents + Steps.Sum(step => (long)step.Before.Length + step.Changes.Length) : 0;

        readonly byte[] _json = JsonSerializer.SerializeToUtf8Bytes(notification, NotificationJson.Default.NotificationState);

        public static Row Of(
            NotificationState notification,
            KeptStep? kept,
            Row? earlier,
            IReadOnlyCollection<long> references,
            int bytesOfContents,
            ref long lastNumber
        )
        {
            var steps = earlier?.Steps ?? [];
            return new(
                notification,
                kept is null ? steps : steps.Add(kept),
                references,
                bytesOfContents,
                notification.CompletedAt is null ? 0
                    : earlier?.Ended == true ? earlier.Number
                    : Interlocked.Increment(ref lastNumber)
            );
        }

        /// <summary>True when what stands beside the copy is as the filter wants it.</summary>
        public bool Fits(NotificationFilter filter) =>
            (filter.Application is null || filter.Application == Application)
            && (filter.Status is null || filter.Status == Status)
            && (filter.Recipient is null || filter.Recipient == Recipient)
            && (filter.Category is null || filter.Category == Category)
            && (filter.TemplateVersion is null || filter.TemplateVersion == TemplateVersion)
            && (filter.EventId is null || filter.EventId == EventId)
            && (filter.Channel is null || Channels.Contains(filter.Channel))
            && (filter.From is null || CreatedAt >= filter.From)
            && (filter.To is null || CreatedAt < filter.To);

        public NotificationState ToState() => JsonSerializer.Deserialize(_json, NotificationJson.Default.NotificationState)!;
    }
}
