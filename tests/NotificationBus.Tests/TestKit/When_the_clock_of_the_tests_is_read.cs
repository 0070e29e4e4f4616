using System.Collections.Concurrent;

namespace NotificationBus.Tests.TestKit;

/// <summary>One thread moves the clock, and another reads it all the time.</summary>
public sealed class When_the_clock_of_the_tests_is_read
{
    const int Moves = 50_000;

    [Fact]
    public async Task Should_ring_on_the_thread_that_moves_it_and_never_within_the_locks_of_one_that_reads_it()
    {
        var clock = new WatchedClock();
        var ringing = new ConcurrentBag<int>();
        using var alarm = clock.CreateTimer(
            _ => ringing.Add(Environment.CurrentManagedThreadId),
            state: null,
            TimeSpan.FromSeconds(1),
            TimeSpan.FromSeconds(1)
        );
        using var moved = new CancellationTokenSource();
        var reading = Task.Factory.StartNew(
            () =>
            {
                while (!moved.IsCancellationRequested)
                    _ = clock.GetUtcNow();
                return Environment.CurrentManagedThreadId;
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );

        for (var move = 0; move < Moves; move++)
            clock.Advance(TimeSpan.FromSeconds(1));

        await moved.CancelAsync();
        ringing.ShouldNotContain(await reading);
        ringing.Count.ShouldBe(Moves);
        clock.GetUtcNow().ShouldBe(A.Time.AddSeconds(Moves));
    }
}
