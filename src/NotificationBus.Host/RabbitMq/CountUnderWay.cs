using MassTransit;
using MassTransit.RabbitMqTransport;
using MassTransit.Transports;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// Has <see cref="Listeners"/> know of each message while it is worked on: the client does not finish to close a connection before that
/// ends.
/// </summary>
sealed class CountUnderWay(Listeners listeners) : IFilter<ReceiveContext>
{
    public async Task Send(ReceiveContext context, IPipe<ReceiveContext> next)
    {
        using var work = listeners.Work(context.GetPayload<ConnectionContext>().Connection, (context as BaseReceiveContext)!.Cancel);
        await next.Send(context);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("countUnderWay");
}
