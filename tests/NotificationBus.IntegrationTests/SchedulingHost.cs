using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Outgoing;
using NotificationBus.Postgres;
using NotificationBus.Telemetry;
using NotificationBus.Wiring;

namespace NotificationBus.IntegrationTests;

/// <summary>A host that publishes what is due and does nothing else.</summary>
static class SchedulingHost
{
    public static Task<IHost> Start(Uri broker, string database) =>
        Start(database, bus => bus.UsingRabbitMq((_, transport) => transport.Host(broker)));

    public static async Task<IHost> Start(string database, Action<IBusRegistrationConfigurator> configure)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(Options.Create(new PostgresOptions()));
        builder.Services.AddSingleton<PublishLimit>();
        builder.Services.AddSingleton<IntakeGate>();
        builder.Services.AddSingleton<FlowMetrics>();
        builder.Services.AddSingleton<IMessageApplications, BelievedApplications>();
        builder.Services.AddSingleton<OutgoingPublisher>();
        builder.Services.AddPostgresStore(database);
        builder.Services.AddOutgoingDispatcher();
        builder.Services.Configure<MassTransitHostOptions>(bus => bus.WaitUntilStarted = true);
        builder.Services.AddMassTransit(configure);
        var host = builder.Build();
        await host.Services.GetRequiredService<Schema>().EnsureReady(CancellationToken.None);
        await host.StartAsync();
        return host;
    }
}
