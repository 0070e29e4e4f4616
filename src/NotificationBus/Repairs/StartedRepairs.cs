namespace NotificationBus.Repairs;

/// <summary>
/// Tells the runner of this host that a repair was started here, so that it begins at once. Other hosts look by themselves.
/// </summary>
public sealed class StartedRepairs(TimeProvider clock) : IDisposable
{
    readonly SemaphoreSlim _started = new(0, 1);

    /// <summary>The clock by which the runner waits, for this and between two items.</summary>
    internal TimeProvider Clock => clock;

    /// <summary>One was started.</summary>
    public void Tell()
    {
        try
        {
            if (_started.CurrentCount == 0)
                _started.Release();
        }
        catch (Exception exception) when (exception is SemaphoreFullException or ObjectDisposedException)
        {
            // Somebody else has just done so, or the host has ended.
        }
    }

    /// <summary>Completes when one was started here since, after <paramref name="atMost"/>, or when it is cancelled.</summary>
    internal async Task Wait(TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var longEnough = new CancellationTokenSource(atMost, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(longEnough.Token, cancellationToken);
        await _started.WaitAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc />
    public void Dispose() => _started.Dispose();
}
