using MassTransit;
using MassTransit.Util;

namespace NotificationBus.InProcess;

/// <summary>
/// Holds a message of the saga until all that is sent for it in this process is done. MassTransit's own receive tasks end with the consumer
/// when the host stops, and would leave a call to a provider alone in its middle.
/// </summary>
sealed class HeldInput : IFilter<ReceiveContext>
{
    // A plan may go on for long, from one channel to the next. RabbitMQ takes a message away from a consumer that holds it for 30 minutes.
    static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    public async Task Send(ReceiveContext context, IPipe<ReceiveContext> next)
    {
        var sends = context.GetOrAddPayload(() => new PendingTaskCollection(2));
        try
        {
            await next.Send(context);
        }
        finally
        {
            await sends.Completed();
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("heldInput");

    /// <summary>
    /// Returns the sends for which a message is held; null when it must not be held, or not any longer. One that comes again may be what
    /// ended the process: from its queue a command can be told from the others.
    /// </summary>
    public static PendingTaskCollection? SendsOf(ReceiveContext context) =>
        !context.Redelivered && context.ElapsedTime < Longest && context.TryGetPayload(out PendingTaskCollection? sends) ? sends : null;
}
