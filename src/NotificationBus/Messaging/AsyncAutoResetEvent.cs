using System.Threading.Channels;

namespace NotificationBus.Messaging;

/// <summary>
/// Wakes one who waits: at once when it was set since, however often. Nothing in it is disposed of, and so who waits hears his token also
/// where a container ends before its services were stopped: a <see cref="SemaphoreSlim"/> that is disposed of forgets who waits for it.
/// </summary>
public sealed class AsyncAutoResetEvent
{
    readonly Channel<bool> _set = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Wakes who waits, or the next one who would.</summary>
    public void Set() => _set.Writer.TryWrite(true);

    /// <summary>Completes when it is set.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled before.</exception>
    public Task Wait(CancellationToken cancellationToken) => _set.Reader.ReadAsync(cancellationToken).AsTask();

    /// <summary>Completes when it is set, or after <paramref name="atMost"/>.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled before.</exception>
    public async Task Wait(TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        enough.CancelAfter(atMost);
        await ((Task)_set.Reader.ReadAsync(enough.Token).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }
}
