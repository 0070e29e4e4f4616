using System.Diagnostics;

namespace NotificationBus.Messaging;

/// <summary>
/// Gathers what concurrent messages ask of a server into one round trip. Nobody waits for company: the first goes at once, and those
/// that arrive while it is under way share the next batch. So a batch grows with the load and carries one at rest.
/// </summary>
/// <typeparam name="TItem">What one message asks, and where its answer goes if it wants one.</typeparam>
public sealed class Batcher<TItem>
{
    /// <summary>
    /// The most items of a batch when nothing else is said. Longer batches are no cheaper per item, and delay the first of them.
    /// </summary>
    public const int UsualMostItems = 128;

    // How often those are let go first that can run already. They may have something to ask as well; and when nobody can, none is waited
    // for.
    const int Courtesies = 3;

    // One batch at a time carries the most. One that takes so long keeps the others waiting no longer: another goes beside it.
    const int MostBatchesWhenOneTakesLong = 2;
    static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    readonly Func<TItem, Guid> _key;
    readonly Func<IReadOnlyList<TItem>, Task> _send;
    readonly Func<Exception, bool> _mayConcernOne;
    readonly int _mostItems;
    readonly int _mostFullBatches;
    readonly Action<int>? _sized;
    readonly Lock _lock = new();
    readonly LinkedList<Call> _waiting = new();
    readonly HashSet<Guid> _inFlight = [];
    readonly List<Batch> _underWay = [];

    /// <summary>Gathers items.</summary>
    /// <param name="key">What an item touches. Two items on the same never share a batch, and the later one waits for the earlier.</param>
    /// <param name="send">Makes one batch for many items.</param>
    /// <param name="mayConcernOne">
    /// True for a failure that one bad item may have caused: then each goes alone, so that it fails alone.
    /// </param>
    /// <param name="mostItems">The most items of a batch.</param>
    /// <param name="mostFullBatches">How many may be under way side by side when they are full.</param>
    /// <param name="sized">Told how many items each batch has; null when nobody counts.</param>
    public Batcher(
        Func<TItem, Guid> key,
        Func<IReadOnlyList<TItem>, Task> send,
        Func<Exception, bool> mayConcernOne,
        int mostItems = UsualMostItems,
        int mostFullBatches = 1,
        Action<int>? sized = null
    )
    {
        _key = key;
        _send = send;
        _mayConcernOne = mayConcernOne;
        _mostItems = mostItems;
        _mostFullBatches = mostFullBatches;
        _sized = sized;
    }

    /// <summary>Takes one item along with those that are waiting.</summary>
    /// <param name="item">The item.</param>
    /// <param name="cancellationToken">Stops waiting. What was sent is not taken back, and what was not is not sent.</param>
    public async Task Run(TItem item, CancellationToken cancellationToken)
    {
        var waiting = new LinkedListNode<Call>(new Call(item, _key(item)));
        lock (_lock)
        {
            _waiting.AddLast(waiting);
            StartBatch();
        }

        try
        {
            await waiting.Value.Done.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            lock (_lock)
            {
                if (waiting.List is not null)
                    _waiting.Remove(waiting);
            }

            throw;
        }
    }

    /// <summary>Starts a batch if there is reason to.</summary>
    void StartBatch()
    {
        if (_waiting.Count == 0 || !(NobodyIsSoonBack() || MayGoFull()))
            return;

        var batch = new Batch();
        _underWay.Add(batch);
        // Behind those that can run already, and not before them as a task of this one would.
        ThreadPool.UnsafeQueueUserWorkItem(_ => _ = Make(batch), state: null);
    }

    bool NobodyIsSoonBack() =>
        _underWay.Count < Math.Max(MostBatchesWhenOneTakesLong, _mostFullBatches) && _underWay.TrueForAll(batch => batch.TakesLong);

    bool MayGoFull() => _underWay.Count < _mostFullBatches && _waiting.Count >= _mostItems;

    async Task Make(Batch batch)
    {
        for (var i = 0; i < Courtesies && ThreadPool.PendingWorkItemCount > 0; i++)
            await Task.Yield();

        var calls = Take(batch);
        if (calls.Count > 0)
        {
            _sized?.Invoke(calls.Count);
            await Send(calls);
        }

        lock (_lock)
        {
            foreach (var call in calls)
                _inFlight.Remove(call.Key);
            _underWay.Remove(batch);
            // When all that wait have to wait for what is in flight, whoever carries that goes on.
            if (calls.Count > 0 || _waiting.Any(call => !_inFlight.Contains(call.Key)))
                StartBatch();
        }
    }

    List<Call> Take(Batch batch)
    {
        lock (_lock)
        {
            var calls = new List<Call>();
            for (var node = _waiting.First; node is not null && calls.Count < _mostItems; )
            {
                var next = node.Next;
                if (_inFlight.Add(node.Value.Key))
                {
                    calls.Add(node.Value);
                    _waiting.Remove(node);
                }

                node = next;
            }

            // Two hosts that lock their rows in the same order cannot wait for each other.
            calls.Sort((one, other) => one.Key.CompareTo(other.Key));
            batch.Start();
            return calls;
        }
    }

    async Task Send(List<Call> calls)
    {
        try
        {
            await _send([.. calls.Select(call => call.Item)]);
            foreach (var call in calls)
                call.Done.TrySetResult();
        }
        catch (Exception exception) when (calls.Count > 1 && _mayConcernOne(exception))
        {
            foreach (var call in calls)
                await Send([call]);
        }
        catch (Exception exception)
        {
            foreach (var call in calls)
                call.Done.TrySetException(exception);
        }
    }

    sealed class Batch
    {
        long _started = Stopwatch.GetTimestamp();

        public bool TakesLong => Stopwatch.GetElapsedTime(_started) > Patience;

        public void Start() => _started = Stopwatch.GetTimestamp();
    }

    sealed record Call(TItem Item, Guid Key)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
