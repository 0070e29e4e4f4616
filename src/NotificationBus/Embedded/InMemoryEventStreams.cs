using NotificationBus.Notifications;
using NotificationBus.Subscriptions;

namespace NotificationBus.Embedded;

/// <summary>The streams of this process. Of what each tells only the newest is kept, and all ends with the process.</summary>
public sealed class InMemoryEventStreams(TimeProvider clock) : IEventStreams
{
    const int MostKept = 100_000;

    readonly Lock _lock = new();
    readonly List<Entry> _entries = [];

    /// <inheritdoc />
    public Task<IReadOnlyList<StreamListener>> Load(CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult<IReadOnlyList<StreamListener>>([.. _entries.Select(entry => entry.Stream)]);
    }

    /// <inheritdoc />
    public Task<bool> Open(StreamListener stream, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var ofAll = _entries.Count >= StreamListener.MostInAll;
            if (ofAll || _entries.Count(IsOfTheSame) >= StreamListener.Most)
            {
                var before = clock.GetUtcNow() - StreamListener.LeftAloneAfter;
                var leftAlone = _entries
                    .Where(entry => entry.ReadAt < before && (ofAll || IsOfTheSame(entry)))
                    .MinBy(entry => entry.ReadAt);
                if (leftAlone is null)
                    return Task.FromResult(false);

                _entries.Remove(leftAlone);
            }

            _entries.Add(new Entry { Stream = stream, ReadAt = clock.GetUtcNow() });
            return Task.FromResult(true);
        }

        bool IsOfTheSame(Entry entry) => entry.Stream.Application == stream.Application;
    }

    /// <summary>Keeps what is told of a step that was stored.</summary>
    internal void Keep(NotificationStep step)
    {
        if (step.Heard.Count == 0)
            return;

        lock (_lock)
        {
            foreach (var heard in step.Heard)
                _entries.Find(entry => entry.Stream.Id == heard.ListenerId)?.Keep(heard, clock.GetUtcNow());
        }
    }

    /// <inheritdoc />
    public Task<IReadOnlyDictionary<Guid, StreamExtent>> Advance(
        IReadOnlyCollection<Guid> streams,
        int limit,
        CancellationToken cancellationToken
    )
    {
        var now = clock.GetUtcNow();
        var extents = new Dictionary<Guid, StreamExtent>();
        lock (_lock)
        {
            foreach (var entry in _entries.Where(entry => streams.Contains(entry.Stream.Id)))
            {
                entry.ReadAt = now;
                extents[entry.Stream.Id] = new StreamExtent(entry.Forgotten, entry.Last);
            }
        }

        return Task.FromResult<IReadOnlyDictionary<Guid, StreamExtent>>(extents);
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<StreamedEvent>> After(StreamPlace place, int limit, CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult<IReadOnlyList<StreamedEvent>>([
                .. _entries.Find(entry => entry.Stream.Id == place.Stream)?.After(place.Number).Take(limit) ?? [],
            ]);
    }

    /// <inheritdoc />
    public Task Forget(TimeSpan age, CancellationToken cancellationToken)
    {
        var before = clock.GetUtcNow() - age;
        lock (_lock)
        {
            _entries.RemoveAll(entry => entry.ReadAt < before);
            foreach (var entry in _entries)
                entry.Forget(before);
        }

        return Task.CompletedTask;
    }

    sealed class Entry
    {
        readonly Queue<(DateTimeOffset At, StreamedEvent Told)> _told = new();
        readonly Dictionary<Guid, int> _sequences = [];

        public required StreamListener Stream { get; init; }

        public required DateTimeOffset ReadAt { get; set; }

        public long Forgotten => Last - _told.Count;

        public long Last { get; private set; }

        public void Keep(HeardEvent heard, DateTimeOffset now)
        {
            // As many numbers as are kept, so that they take no more room than what they number.
            if (_sequences.Count > MostKept)
                _sequences.Clear();
            var sequence = _sequences[heard.NotificationId] = _sequences.GetValueOrDefault(heard.NotificationId) + 1;
            var body = HeardEvents.Write(heard.Type, heard.At, sequence, heard.Data);
            _told.Enqueue((now, new StreamedEvent(++Last, heard.Type, body)));
            if (_told.Count > MostKept)
                _told.Dequeue();
        }

        /// <summary>Nothing when some of it is not kept: whoever reads is told so.</summary>
        public IEnumerable<StreamedEvent> After(long number) =>
            number < Forgotten ? [] : _told.Select(one => one.Told).Skip((int)Math.Min(number - Forgotten, _told.Count));

        public void Forget(DateTimeOffset before)
        {
            while (_told.TryPeek(out var oldest) && oldest.At < before)
                _told.Dequeue();
        }
    }
}
