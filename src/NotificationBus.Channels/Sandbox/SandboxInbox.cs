using NotificationBus.Channels.Email;
using NotificationBus.Channels.Push;
using NotificationBus.Sending;

namespace NotificationBus.Channels.Sandbox;

/// <summary>What the sandbox caught: the newest deliveries of this process, in memory.</summary>
public sealed class SandboxInbox(TimeProvider clock)
{
    /// <summary>How many deliveries are kept; the oldest goes when another arrives.</summary>
    public const int Capacity = 500;

    readonly Lock _lock = new();
    readonly LinkedList<CaughtDelivery> _newestFirst = new();
    TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    long _count;
    Guid _edition = Guid.NewGuid();

    /// <summary>
    /// Names what is kept. A restart and <see cref="Clear"/> begin another edition: whoever read the former one forgets it
    /// and starts from the first number again.
    /// </summary>
    public Guid Edition
    {
        get
        {
            lock (_lock)
                return _edition;
        }
    }

    /// <summary>Keeps a delivery and wakes everybody who waits for one.</summary>
    public CaughtDelivery Catch(Delivery delivery)
    {
        TaskCompletionSource readers;
        CaughtDelivery caught;
        lock (_lock)
        {
            caught = new CaughtDelivery(++_count, clock.GetUtcNow(), delivery);
            _newestFirst.AddFirst(caught);
            if (_newestFirst.Count > Capacity)
                _newestFirst.RemoveLast();

            readers = NextNews();
        }

        readers.SetResult();
        return caught;
    }

    /// <summary>What was caught after the delivery numbered <paramref name="after"/>, newest first.</summary>
    public IReadOnlyList<CaughtDelivery> Since(long after)
    {
        lock (_lock)
            return [.. _newestFirst.TakeWhile(caught => caught.Number > after)];
    }

    /// <summary>The delivery with that number, while it is kept.</summary>
    public CaughtDelivery? Find(long number)
    {
        lock (_lock)
            return _newestFirst.FirstOrDefault(caught => caught.Number == number);
    }

    /// <summary>
    /// Completes with the next arrival after the delivery numbered <paramref name="after"/> or with the end of
    /// <paramref name="edition"/>, at once when either was there already.
    /// </summary>
    public Task Arrival(Guid edition, long after, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            // Compared with what is kept, not with the count: after a Clear the count is ahead of every reader.
            var here = _edition != edition || _newestFirst.First?.Value.Number > after;
            return here ? Task.CompletedTask : _news.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Forgets every delivery and wakes everybody who waits for one.</summary>
    public void Clear()
    {
        TaskCompletionSource readers;
        lock (_lock)
        {
            // The count goes on: a number is part of the id the provider answered, and names one delivery only.
            _newestFirst.Clear();
            _edition = Guid.NewGuid();
            readers = NextNews();
        }

        readers.SetResult();
    }

    TaskCompletionSource NextNews()
    {
        var current = _news;
        _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return current;
    }
}

/// <summary>A delivery in the sandbox.</summary>
/// <param name="Number">Counts up from one in this process.</param>
/// <param name="At">When it was caught.</param>
/// <param name="Delivery">What was sent; its content is an <see cref="EmailContent"/>, a <see cref="PushContent"/> or another channel's.</param>
public sealed record CaughtDelivery(long Number, DateTimeOffset At, Delivery Delivery);
