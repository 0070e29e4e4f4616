using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Outgoing;
using NotificationBus.Telemetry;
using NotificationBus.Wiring;

namespace NotificationBus.Tests.Outgoing;

public sealed class When_messages_are_scheduled_in_memory : Any_scheduler
{
    protected override async Task<IHost> Start(Action<IReceiveEndpointConfigurator> inbox)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<PublishLimit>();
        builder.Services.AddSingleton<IntakeGate>();
        builder.Services.AddSingleton<FlowMetrics>();
        builder.Services.AddSingleton<IMessageApplications, BelievedApplications>();
        builder.Services.AddSingleton<OutgoingPublisher>();
        builder.Services.AddInMemoryStore();
        builder.Services.AddOutgoingDispatcher();
        builder.Services.Configure<MassTransitHostOptions>(bus => bus.WaitUntilStarted = true);
        builder.Services.AddMassTransit(bus =>
        {
            bus.AddOutgoingScheduler();
            bus.UsingInMemory(
                (context, transport) =>
                {
                    transport.UseOutgoingScheduler(context);
                    transport.ReceiveEndpoint("inbox", inbox);
                }
            );
        });
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return host;
    }
}
