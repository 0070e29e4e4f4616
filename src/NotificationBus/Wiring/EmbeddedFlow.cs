using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Outgoing;

namespace NotificationBus.Wiring;

/// <summary>The whole flow in one process and in memory: what a host without servers runs, and the tests of producers.</summary>
public static class EmbeddedFlow
{
    /// <summary>Adds the record in memory, and everything that works on it.</summary>
    public static IServiceCollection AddEmbeddedFlow(this IServiceCollection services) =>
        services
            .AddInMemoryStore()
            .AddSaga()
            .AddLocalSendDispatcher()
            .AddOutgoingDispatcher()
            .AddSweep()
            .AddRepairRunner()
            .AddResumedChannels()
            .AddWebhookSender();

    /// <summary>Has a bus carry it in memory.</summary>
    /// <param name="bus">The registrations of the bus.</param>
    /// <param name="configure">Adds endpoints of somebody else.</param>
    public static void UseEmbeddedFlow(
        this IBusRegistrationConfigurator bus,
        Action<IBusRegistrationContext, IInMemoryBusFactoryConfigurator>? configure = null
    )
    {
        bus.AddNotificationFlow();
        bus.UsingInMemory(
            (context, transport) =>
            {
                transport.UseOutgoingScheduler(context);
                transport.ReceiveNotifications<IInMemoryReceiveEndpointConfigurator>(context, _ => { });
                configure?.Invoke(context, transport);
            }
        );
    }
}
