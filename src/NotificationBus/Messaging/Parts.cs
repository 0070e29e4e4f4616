namespace NotificationBus.Messaging;

/// <summary>The parts of a message that brings several things at once.</summary>
static class Parts
{
    /// <summary>
    /// Takes all parts at the same time, and waits for each of them. An outage concerns all: it is thrown, and all are taken again. What
    /// else fails is the part's own fault.
    /// </summary>
    /// <param name="parts">The parts.</param>
    /// <param name="take">Takes one.</param>
    /// <param name="patience">How long a part may take; null for as long as it likes.</param>
    /// <param name="clock">Measures it.</param>
    /// <returns>Each part that failed or is not done by then, and why.</returns>
    public static async Task<IReadOnlyList<(TPart Part, Exception Failure)>> TakeEach<TPart>(
        IReadOnlyList<TPart> parts,
        Func<TPart, Task> take,
        TimeSpan? patience = null,
        TimeProvider? clock = null
    )
    {
        var taken = parts.Select(part => Outcome(() => take(part))).ToList();
        await ((Task)Task.WhenAll(taken))
            .WaitAsync(patience ?? Timeout.InfiniteTimeSpan, clock ?? TimeProvider.System)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        var failed = new List<(TPart Part, Exception Failure)>();
        foreach (var (part, outcome) in parts.Zip(taken))
        {
            var failure = outcome.IsCompleted ? await outcome : new TimeoutException($"not done within {patience}");
            if (failure is OperationCanceledException || (failure is not null && Outages.IsOutage(failure)))
                throw failure;
            if (failure is not null)
                failed.Add((part, failure));
        }

        return failed;
    }

    static async Task<Exception?> Outcome(Func<Task> take)
    {
        try
        {
            await take();
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
    }
}
