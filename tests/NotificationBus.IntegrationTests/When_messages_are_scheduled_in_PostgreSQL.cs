using MassTransit;
using Microsoft.Extensions.Hosting;
using NotificationBus.Outgoing;
using NotificationBus.Tests.Outgoing;

namespace NotificationBus.IntegrationTests;

[Trait("Server", "PostgreSQL")]
public sealed class When_messages_are_scheduled_in_PostgreSQL(BusAndDatabase servers) : Any_scheduler
{
    protected override async Task<IHost> Start(Action<IReceiveEndpointConfigurator> inbox)
    {
        var (broker, database) = await servers.CreateBoth();
        return await SchedulingHost.Start(
            database,
            bus =>
            {
                bus.AddOutgoingScheduler();
                bus.UsingRabbitMq(
                    (context, transport) =>
                    {
                        transport.Host(broker);
                        transport.UseOutgoingScheduler(context);
                        transport.ReceiveEndpoint("inbox", inbox);
                    }
                );
            }
        );
    }
}
