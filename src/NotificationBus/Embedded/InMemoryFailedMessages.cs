using Microsoft.Extensions.Options;
using NotificationBus.Erasures;
using NotificationBus.Failures;
using NotificationBus.Outgoing;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Embedded;

/// <summary>Failed messages in memory, lost when the process ends.</summary>
public sealed class InMemoryFailedMessages(
    IOutgoingMessages outgoing,
    IControls controls,
    IOptions<RetentionOptions> retention,
    TimeProvider clock
) : IFailedMessages
{
    readonly Lock _lock = new();
    readonly Dictionary<Guid, Row> _rows = [];

    long _edits;

    /// <inheritdoc />
    public async Task Record(Failure failure, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            var id =
                failure.ReplayOf is { } replayed && _rows.TryGetValue(replayed, out var record) && record.IsOf(failure)
                    ? replayed
                    : failure.Id;
            if (!_rows.ContainsKey(id))
                MakeRoom(now);
            _rows[id] =
                !_rows.TryGetValue(id, out var row) ? new Row(failure with { Id = id }, now, now) { EditOf = EditedFrom(failure) }
                : row.Failure.FailureId == failure.FailureId ? row
                : row with
                {
                    Failure = row.Failure with { FailureId = failure.FailureId, Explanation = failure.Explanation },
                    FailedAt = now,
                    Times = row.Times + 1,
                    State = FailedMessageState.Failed,
                };
        }

        await Task.CompletedTask;
    }

    /// <summary>The message that this was before somebody edited it. Believed only when that was put back with this body.</summary>
    Guid? EditedFrom(Failure failure) =>
        failure.ReplayOf is { } replayed
        && _rows.TryGetValue(replayed, out var original)
        && original.Edits.Any(edit => edit.Body.AsSpan().SequenceEqual(failure.Body))
            ? replayed
            : null;

    /// <summary>True when a message of that id was set aside.</summary>
    internal bool Has(string messageId)
    {
        lock (_lock)
            return _rows.Values.Any(row => row.Failure.MessageId == messageId);
    }

    /// <inheritdoc />
    public Task<FailedMessageRoom> Room(CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult(Room());
    }

    FailedMessageRoom Room() =>
        new(_rows.Count, _rows.Values.Sum(row => row.Failure.Body.Length + row.Edits.Sum(edit => (long)edit.Body.Length)), retention.Value);

    void MakeRoom(DateTimeOffset now)
    {
        foreach (var row in _rows.Values.Where(row => row.State != FailedMessageState.Failed).OrderBy(row => row.DecidedAt).ToList())
        {
            if (Room().IsFull || row.DecidedAt < now - retention.Value.FailedMessages)
                _rows.Remove(row.Failure.Id);
        }

        if (Room().IsFull)
            throw new NoRoomException();
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<FailedMessageSummary>> Search(FailedMessageFilter filter, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult<IReadOnlyList<FailedMessageSummary>>([
                .. _rows
                    .Values.Where(row => filter.State is null || row.State == filter.State)
                    .Where(row => filter.Cause is null || row.Failure.Explanation.Cause == filter.Cause)
                    .Where(row => filter.Queue is null || row.Failure.Queue == filter.Queue)
                    .Where(row =>
                        filter.After is null || (row.FailedAt, row.Failure.Id).CompareTo((filter.After.FailedAt, filter.After.Id)) < 0
                    )
                    .OrderByDescending(row => row.FailedAt)
                    .ThenByDescending(row => row.Failure.Id)
                    .Take(filter.Limit)
                    .Select(row => row.Summary()),
            ]);
        }
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<FailureCause>> Causes(int limit, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult<IReadOnlyList<FailureCause>>([
                .. _rows
                    .Values.Where(row => row.State == FailedMessageState.Failed)
                    .GroupBy(row => row.Failure.Explanation.Cause, StringComparer.Ordinal)
                    .Select(group => (Group: group, Last: group.MaxBy(row => row.FailedAt)!))
                    .Select(cause => new FailureCause(
                        cause.Group.Key,
                        cause.Last.Failure.Explanation.Kind,
                        cause.Last.Failure.Queue,
                        cause.Last.Failure.Explanation.Reason,
                        cause.Group.LongCount(),
                        cause.Group.Min(row => row.FirstFailedAt),
                        cause.Last.FailedAt
                    ))
                    .OrderByDescending(cause => cause.Count)
                    .ThenBy(cause => cause.Cause, StringComparer.Ordinal)
                    .Take(limit),
            ]);
        }
    }

    /// <inheritdoc />
    public Task<FailedMessage?> Find(Guid id, CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult(
                _rows.TryGetValue(id, out var row)
                    ? new FailedMessage(row.Summary(), row.Failure.Headers, row.Failure.Body) { Edits = row.Edits }
                    : null
            );
    }

    /// <inheritdoc />
    public async Task<int> Replay(FailedMessageChoice choice, ChangedBy by, CancellationToken cancellationToken)
    {
        List<Row> chosen;
        lock (_lock)
        {
            chosen = [.. Chosen(choice, orArchived: choice.Id is not null).Where(row => row.Failure.Destination is not null)];
            var now = clock.GetUtcNow();
            foreach (var row in chosen)
                _rows[row.Failure.Id] = row with
                {
                    State = FailedMessageState.Replayed,
                    ReplayedAt = now,
                    ReplayedBy = by.Who,
                    Edits = choice.Edited is { } body
                        ? [.. row.Edits, new FailedMessageEdit(++_edits, body.Kept.ToArray(), by, now)]
                        : row.Edits,
                };
        }

        await outgoing.Schedule([.. chosen.Select(row => row.ToReplay(choice.Edited))], cancellationToken);
        await Note("replayed", chosen.Count, choice, by, cancellationToken);
        return chosen.Count;
    }

    /// <inheritdoc />
    public async Task<int> Archive(FailedMessageChoice choice, ChangedBy by, CancellationToken cancellationToken)
    {
        List<Row> chosen;
        lock (_lock)
        {
            chosen = [.. Chosen(choice, orArchived: false)];
            foreach (var row in chosen)
                _rows[row.Failure.Id] = row with { State = FailedMessageState.Archived };
        }

        await Note("archived", chosen.Count, choice, by, cancellationToken);
        return chosen.Count;
    }

    /// <summary>Empties the messages that are about a person. They are counted, and cannot be replayed.</summary>
    /// <returns>How many.</returns>
    internal int Erase(PersonInMessages person, bool apply)
    {
        lock (_lock)
        {
            var found = _rows
                .Values.Where(row => person.AreIn(row.Failure.Body, row.Failure.Headers, row.Edits.Select(edit => edit.Body)))
                .ToList();
            foreach (var row in apply ? found : [])
                _rows[row.Failure.Id] = row with
                {
                    Failure = row.Failure with
                    {
                        Explanation = row.Failure.Explanation with { Reason = Erased.Text },
                        Destination = null,
                        MessageId = null,
                        Headers = "{}",
                        BodyLength = row.Failure.BodyLength ?? row.Failure.Body.Length,
                        Body = [],
                    },
                    State = row.State == FailedMessageState.Failed ? FailedMessageState.Archived : row.State,
                    Edits = [.. row.Edits.Select(edit => edit with { Body = [] })],
                };
            return found.Count;
        }
    }

    Task Note(string done, int count, FailedMessageChoice choice, ChangedBy by, CancellationToken cancellationToken) =>
        count > 0 ? controls.Note(choice.Subject, by, choice.Change(done, count), cancellationToken) : Task.CompletedTask;

    IEnumerable<Row> Chosen(FailedMessageChoice choice, bool orArchived) =>
        _rows
            .Values.Where(row => row.State == FailedMessageState.Failed || (orArchived && row.State == FailedMessageState.Archived))
            .Where(row => choice.Id is null || row.Failure.Id == choice.Id)
            .Where(row => choice.Cause is null || row.Failure.Explanation.Cause == choice.Cause);

    sealed record Row(Failure Failure, DateTimeOffset FirstFailedAt, DateTimeOffset FailedAt)
    {
        public int Times { get; init; } = 1;

        public FailedMessageState State { get; init; }

        public DateTimeOffset? ReplayedAt { get; init; }

        public string? ReplayedBy { get; init; }

        /// <summary>When somebody decided about it, as far as that is known.</summary>
        public DateTimeOffset DecidedAt => ReplayedAt ?? FailedAt;

        public Guid? EditOf { get; init; }

        public IReadOnlyList<FailedMessageEdit> Edits { get; init; } = [];

        public bool IsOf(Failure failure) => failure.Queue == Failure.Queue && failure.Body.AsSpan().SequenceEqual(Failure.Body);

        public OutgoingMessage ToReplay(EditedBody? edited) =>
            new()
            {
                MessageId = edited?.MessageId ?? (Guid.TryParse(Failure.MessageId, out var id) ? id : Guid.CreateVersion7()),
                Token = Guid.CreateVersion7(),
                ReplayOf = Failure.Id,
                Destination = Failure.Destination!,
                ContentType = edited is null ? Failure.ContentType ?? "" : EditedBody.ContentType,
                MessageTypes = edited?.MessageTypes ?? string.Join(';', Failure.MessageTypes),
                Headers = Failure.Headers,
                Body = edited?.Body ?? Failure.Body,
            };

        public FailedMessageSummary Summary() =>
            new()
            {
                Id = Failure.Id,
                State = State,
                Kind = Failure.Explanation.Kind,
                Cause = Failure.Explanation.Cause,
                Reason = Failure.Explanation.Reason,
                ExceptionType = Failure.Explanation.ExceptionType,
                Queue = Failure.Queue,
                CanBeReplayed = Failure.Destination is not null,
                MessageId = Failure.MessageId,
                MessageTypes = Failure.MessageTypes,
                ContentType = Failure.ContentType,
                BodyLength = Failure.BodyLength ?? Failure.Body.Length,
                BodyKept = Failure.BodyLength is null ? null : Failure.Body.Length,
                FirstFailedAt = FirstFailedAt,
                FailedAt = FailedAt,
                Times = Times,
                ReplayedAt = ReplayedAt,
                ReplayedBy = ReplayedBy,
                EditOf = EditOf,
            };
    }
}
