namespace NotificationBus.Subscriptions;

/// <summary>Reads again and again while somebody waits for what it reads, and not at all while nobody does.</summary>
/// <param name="read">Reads for all who wait, in one go.</param>
/// <param name="isWanted">Says whether anybody waits.</param>
/// <param name="failed">Told of the first failure of those that follow each other.</param>
/// <param name="clock">The time.</param>
/// <param name="stopping">Ends it for good.</param>
public sealed class ReadingLoop(
    Func<CancellationToken, Task> read,
    Func<bool> isWanted,
    Action<Exception> failed,
    TimeProvider clock,
    CancellationToken stopping
)
{
    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);

    // Of the time that the statements take most is left to others, however many wait.
    const int RestPerRead = 4;

    readonly Lock _lock = new();
    bool _running;

    /// <summary>Somebody waits: it runs until nobody does.</summary>
    public void Wake()
    {
        lock (_lock)
        {
            if (_running)
                return;

            _running = true;
            _ = Task.Run(Run, CancellationToken.None);
        }
    }

    async Task Run()
    {
        var isAway = false;
        while (true)
        {
            lock (_lock)
            {
                if (!isWanted() || stopping.IsCancellationRequested)
                {
                    _running = false;
                    return;
                }
            }

            var began = clock.Steady();
            var pause = Interval;
            try
            {
                await read(stopping);
                isAway = false;
                var took = RestPerRead * (clock.Steady() - began);
                pause = took > Interval ? took : Interval;
            }
            catch (Exception exception)
            {
                // Those who wait stay, and hear nothing until it can be read again.
                if (!isAway && !stopping.IsCancellationRequested)
                    failed(exception);
                (isAway, pause) = (true, AfterFailure);
            }

            await Task.Delay(pause, clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
