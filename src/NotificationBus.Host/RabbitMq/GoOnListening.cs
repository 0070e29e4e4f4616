using MassTransit;
using MassTransit.RabbitMqTransport;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// Keeps an endpoint from never listening again. MassTransit 8.4.0 connects it again after an exception, but waits without limit for what
/// is under way on a channel that has closed, and takes a cancellation for its own end (ReceiveTransport.Run). A connection that breaks
/// just as the endpoint begins to consume leaves it so: messages stay in the queue until the endpoint is started again. This is also the
/// place where one knows that an endpoint has a channel; what happens before it gets one is left to <see cref="ListenerWatch"/>. The
/// connection is looked at as well: when it is closed MassTransit is told first, and waits for the endpoints before the client closes their
/// channels, one after the other and each when its messages are done; until then they call themselves open.
/// </summary>
sealed class GoOnListening(Listeners listeners, Listener listener, TimeProvider clock) : IFilter<ChannelContext>
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    // What was under way has mostly failed by then, because it publishes within 10 seconds or not at all. Nothing of it can be acknowledged
    // any more, and what is still under way goes on beside the next channel.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public async Task Send(ChannelContext context, IPipe<ChannelContext> next)
    {
        var connection = context.ConnectionContext.Connection;
        listener.Begin(context.Channel, connection);
        try
        {
            var listening = next.Send(context);
            while (!listening.IsCompleted)
            {
                var isClosed = !context.Channel.IsOpen || !connection.IsOpen;
                await listening.WaitAsync(isClosed ? Patience : Interval, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!isClosed || listening.IsCompleted)
                    continue;

                if (!connection.IsOpen)
                    listeners.GiveBack(connection);
                throw new RabbitMqConnectionException("The channel closed, and what was under way on it did not end");
            }

            await listening;
            if (context.Channel.IsOpen && connection.IsOpen)
                await listeners.LookForQueue(listener, connection);
        }
        catch (OperationCanceledException exception)
        {
            // When it is the endpoint that stops, it looks at that before it connects again.
            throw new RabbitMqConnectionException("The connection broke while the endpoint listened", exception);
        }
        finally
        {
            listeners.End(listener, context.Channel, connection);
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("goOnListening");
}
