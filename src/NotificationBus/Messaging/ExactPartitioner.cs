using MassTransit;

namespace NotificationBus.Messaging;

/// <summary>
/// Takes what has the same key one after the other, in the order in which it came, and nothing else. MassTransit's own has a fixed number
/// of partitions, and what shares one by chance waits too: behind a step that waits out an outage or for a row, for as long as that takes.
/// </summary>
sealed class ExactPartitioner : IPartitioner
{
    // The last of each key that is under way; whoever comes next waits for it.
    readonly Dictionary<Guid, Task> _last = [];

    /// <summary>The number of keys under which something is under way.</summary>
    public int Count
    {
        get
        {
            lock (_last)
                return _last.Count;
        }
    }

    public IPartitioner<T> GetPartitioner<T>(PartitionKeyProvider<T> keyProvider)
        where T : class, PipeContext => new Of<T>(this, keyProvider);

    public void Probe(ProbeContext context)
    {
        lock (_last)
            context.CreateScope("partitioner").Add("keys", _last.Count);
    }

    public ValueTask DisposeAsync() => default;

    async Task Send<T>(Guid key, T context, IPipe<T> next)
        where T : class, PipeContext
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var before = Enter(key, done.Task);
        try
        {
            if (before is not null)
                await before.WaitAsync(context.CancellationToken);
            await next.Send(context);
        }
        finally
        {
            // Who gives up waiting does not let the next one pass whoever is still at it.
            if (before is null or { IsCompleted: true })
                Leave(key, done);
            else
                _ = before.ContinueWith(
                    _ => Leave(key, done),
                    CancellationToken.None,
                    TaskContinuationOptions.ExecuteSynchronously,
                    TaskScheduler.Default
                );
        }
    }

    Task? Enter(Guid key, Task mine)
    {
        lock (_last)
        {
            var before = _last.GetValueOrDefault(key);
            _last[key] = mine;
            return before;
        }
    }

    void Leave(Guid key, TaskCompletionSource done)
    {
        lock (_last)
        {
            if (_last[key] == done.Task)
                _last.Remove(key);
        }

        done.SetResult();
    }

    sealed class Of<T>(ExactPartitioner all, PartitionKeyProvider<T> keyOf) : IPartitioner<T>
        where T : class, PipeContext
    {
        public Task Send(T context, IPipe<T> next) => all.Send(new Guid(keyOf(context)), context, next);

        public void Probe(ProbeContext context) => all.Probe(context);
    }
}
