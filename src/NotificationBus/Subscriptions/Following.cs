using System.Collections.Concurrent;

namespace NotificationBus.Subscriptions;

/// <summary>
/// Reads again and again what somebody follows, for all who follow it in one go, and not at all while nobody does.
/// </summary>
/// <typeparam name="T">What is known of one that is followed.</typeparam>
/// <param name="read">Reads all that are followed.</param>
/// <param name="failed">Told of the first failure of those that follow each other.</param>
/// <param name="clock">The time.</param>
/// <param name="stopping">Ends it for good.</param>
public sealed class Following<T>(
    Func<IReadOnlyCollection<KeyValuePair<Guid, Followed<T>>>, CancellationToken, Task> read,
    Action<Exception> failed,
    TimeProvider clock,
    CancellationToken stopping
)
{
    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);

    // Of the time that the statements take most is left to others, however many wait.
    const int RestPerRead = 4;

    readonly ConcurrentDictionary<Guid, Followed<T>> _followed = new();
    readonly Lock _lock = new();
    bool _running;

    /// <summary>Somebody follows: it is read until nobody does.</summary>
    public Followed<T> Join(Guid id)
    {
        lock (_lock)
        {
            var followed = _followed.GetOrAdd(id, _ => new Followed<T>());
            followed.Readers++;
            if (!_running)
            {
                _running = true;
                _ = Task.Run(Run, CancellationToken.None);
            }

            return followed;
        }
    }

    /// <summary>Whoever joined does not follow any more.</summary>
    public void Leave(Guid id, Followed<T> followed)
    {
        lock (_lock)
        {
            if (--followed.Readers == 0)
                _followed.TryRemove(KeyValuePair.Create(id, followed));
        }
    }

    async Task Run()
    {
        var isAway = false;
        while (true)
        {
            lock (_lock)
            {
                if (_followed.IsEmpty || stopping.IsCancellationRequested)
                {
                    _running = false;
                    return;
                }
            }

            var began = clock.Steady();
            var pause = Interval;
            try
            {
                await read(_followed.ToArray(), stopping);
                isAway = false;
                var took = RestPerRead * (clock.Steady() - began);
                pause = took > Interval ? took : Interval;
            }
            catch (Exception exception)
            {
                // Those who follow stay, and hear nothing until it can be read again.
                if (!isAway && !stopping.IsCancellationRequested)
                    failed(exception);
                (isAway, pause) = (true, AfterFailure);
            }

            await Task.Delay(pause, clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

/// <summary>One that somebody follows, as it was read last.</summary>
/// <typeparam name="T">What is known of it.</typeparam>
public sealed class Followed<T>
{
    readonly Lock _lock = new();
    TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    T? _known;
    bool _isGone;

    internal int Readers { get; set; }

    /// <summary>What was read last; the default before it was.</summary>
    public T? Known
    {
        get
        {
            lock (_lock)
                return _known;
        }
    }

    /// <summary>What was read last, whether it is gone, and what completes when either changes.</summary>
    public (T? Known, bool IsGone, Task Next) Look()
    {
        lock (_lock)
            return (_known, _isGone, _next.Task);
    }

    /// <summary>Tells those who follow what was read.</summary>
    public void Tell(T known) => Set(known, isGone: false);

    /// <summary>Tells those who follow that it is not on record any more.</summary>
    public void Gone() => Set(Known, isGone: true);

    void Set(T? known, bool isGone)
    {
        TaskCompletionSource before;
        lock (_lock)
        {
            (_known, _isGone) = (known, isGone);
            before = _next;
            _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        before.TrySetResult();
    }
}
