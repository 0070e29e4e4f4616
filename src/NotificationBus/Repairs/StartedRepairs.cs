using NotificationBus.Messaging;

namespace NotificationBus.Repairs;

/// <summary>
/// Tells the runner of this host that a repair was started here, so that it begins at once. Other hosts look by themselves.
/// </summary>
public sealed class StartedRepairs(TimeProvider clock)
{
    readonly AsyncAutoResetEvent _started = new();

    /// <summary>The clock by which the runner waits, for this and between two items.</summary>
    internal TimeProvider Clock => clock;

    /// <summary>One was started.</summary>
    public void Tell() => _started.Set();

    /// <summary>Completes when one was started here since, after <paramref name="atMost"/>, or when it is cancelled.</summary>
    internal async Task Wait(TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var longEnough = new CancellationTokenSource(atMost, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(longEnough.Token, cancellationToken);
        await _started.Wait(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
