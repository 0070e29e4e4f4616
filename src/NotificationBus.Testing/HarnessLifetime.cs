using Microsoft.Extensions.Hosting;

namespace NotificationBus.Testing;

/// <summary>The lifetime of a harness that runs without a host: it is stopping when its services are disposed.</summary>
sealed class HarnessLifetime : IHostApplicationLifetime, IDisposable
{
    readonly CancellationTokenSource _stopping = new();

    /// <inheritdoc />
    public CancellationToken ApplicationStarted { get; } = new(canceled: true);

    /// <inheritdoc />
    public CancellationToken ApplicationStopping => _stopping.Token;

    /// <inheritdoc />
    public CancellationToken ApplicationStopped => _stopping.Token;

    /// <inheritdoc />
    public void StopApplication() => _stopping.Cancel();

    /// <inheritdoc />
    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }
}
