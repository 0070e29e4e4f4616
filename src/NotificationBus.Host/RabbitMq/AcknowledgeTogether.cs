using MassTransit;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// Acknowledges what is done at almost the same moment in one burst, each message still by itself. A quorum queue writes every
/// acknowledgement into its log: one by one they cost the broker as many writes to the disk, and both sides a packet each. The messages
/// that take their places come in a burst as well.
/// </summary>
sealed class AcknowledgeTogether(TimeProvider clock) : IFilter<ReceiveContext>
{
    /// <summary>So long a message that is done waits for others. Nothing else waits for it but the place it takes.</summary>
    public static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(5);

    readonly Lock _lock = new();
    TaskCompletionSource? _next;

    public async Task Send(ReceiveContext context, IPipe<ReceiveContext> next)
    {
        await next.Send(context);
        await Burst();
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("acknowledgeTogether");

    Task Burst()
    {
        lock (_lock)
        {
            if (_next is { } begun)
                return begun.Task;

            var burst = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _next = burst;
            _ = Release(burst);
            return burst.Task;
        }
    }

    async Task Release(TaskCompletionSource burst)
    {
        await Task.Delay(Wait, clock);
        lock (_lock)
            _next = null;
        burst.SetResult();
    }
}
