using MassTransit;
using NotificationBus.Access;
using NotificationBus.Host.RabbitMq;
using NotificationBus.Host.Settings;
using NotificationBus.Host.Sql;
using NotificationBus.Intake;
using NotificationBus.Postgres;
using NotificationBus.Status;
using NotificationBus.Wiring;

namespace NotificationBus.Host;

/// <summary>The two ways to run: embedded and distributed. The flow is the same in both.</summary>
static class Transports
{
    // The host waits for what is in flight; what takes longer is redelivered, and the ledger knows what was tried.
    static readonly TimeSpan Drain = TimeSpan.FromSeconds(25);

    // From then on nothing more is begun, so that what is begun has the time of a call to come to its end.
    static readonly TimeSpan LastStart = TimeSpan.FromSeconds(10);

    public static IServiceCollection AddTransport(this IServiceCollection services, HostSettings settings)
    {
        services.Configure<HostOptions>(host => host.ShutdownTimeout = Drain + TimeSpan.FromSeconds(5));
        services.Configure<MassTransitHostOptions>(bus =>
        {
            // Whoever publishes before the queues are bound loses the message without an error.
            bus.WaitUntilStarted = true;
            bus.StartTimeout = settings.Postgres.StartTimeout + TimeSpan.FromSeconds(30);
            bus.StopTimeout = Drain;
            bus.ConsumerStopTimeout = LastStart;
        });

        return settings.Transport == Transport.InMemory ? services.AddEmbedded(settings) : services.AddDistributed(settings);
    }

    /// <summary>Waits until the servers are there and as this host needs them.</summary>
    public static async Task PrepareServers(this WebApplication app)
    {
        var settings = app.Services.GetRequiredService<HostSettings>();
        if (settings.Transport == Transport.InMemory)
            return;

        await app.Services.GetRequiredService<Schema>().EnsureReady(app.Lifetime.ApplicationStopping);
        // Before RabbitMQ is asked: nobody would get anything into a host without a key.
        if (app.Services.GetService<KeyRing>() is { } keys)
            await keys.Prepare(app.Lifetime.ApplicationStopping);
        await app.Services.GetRequiredService<QueueCheck>().EnsureReady(app.Lifetime.ApplicationStopping);
    }

    static void AddBrokerHealthCheck(this IServiceCollection services)
    {
        services.AddSingleton<BrokerHealthCheck>();
        services.AddHealthChecks().AddCheck<BrokerHealthCheck>("rabbitmq", tags: ["ready"], timeout: TimeSpan.FromSeconds(5));
    }

    static void AddListenerWatch(this IServiceCollection services)
    {
        services.AddReceiveEndpointObserver(provider => provider.GetRequiredService<Listeners>());
        services.AddSingleton<ListenerWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<ListenerWatch>());
        services
            .AddHealthChecks()
            .AddCheck<ListensCheck>("consumers", tags: ["ready"])
            .AddCheck<ListenerWatchCheck>("consumers-return", tags: ["live"]);
    }

    static IServiceCollection AddEmbedded(this IServiceCollection services, HostSettings settings)
    {
        services.AddEmbeddedFlow();
        services.AddSingleton(Microsoft.Extensions.Options.Options.Create(settings.Retention));
        return services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.UseEmbeddedFlow();
        });
    }

    static IServiceCollection AddDistributed(this IServiceCollection services, HostSettings settings)
    {
        services.AddPostgresStore(settings.ConnectionStrings.Postgres!, settings.ConnectionStrings.PostgresReplica);
        services.AddSingleton(Microsoft.Extensions.Options.Options.Create(settings.Postgres));
        services.AddSingleton(Microsoft.Extensions.Options.Options.Create(settings.Retention));
        services.AddSingleton<BrokerConnections>();
        services.AddSingleton<IMessageApplications, BrokerUsers>();
        services.AddSingleton<QueueCheck>();
        services.AddSingleton<BrokerTopology>();
        services.AddSingleton<ManagementPlugIn>();
        services.AddSingleton<PolicyCheck>();
        services.AddSingleton<IStartWarnings, UnsafeBroker>();
        services.AddSingleton<DeletedQueues>();
        services.AddSingleton<Listeners>();
        services.AddSingleton<TopologyConnection>();
        services.AddSingleton<QueueWatch>();
        services.AddHostedService<QueueGauges>();
        services.AddSingleton<TopologyRepair>();
        services.AddSingleton<PolicyWatch>();
        services.AddSingleton<TopologyWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<TopologyWatch>());
        services.AddSingleton<IProblemSource>(provider => provider.GetRequiredService<TopologyWatch>());
        services.AddHealthChecks().AddCheck<QueuesCheck>("queues", tags: ["ready"]);
        if (settings.IsWorker)
            services.AddOutgoingDispatcher().AddSweep().AddResumedChannels().AddListenerWatch();
        else
            services.AddBrokerHealthCheck();
        if (settings.IsSaga)
            services.AddSaga().AddRepairRunner();
        if (settings.IsSender)
            services.AddLocalSendDispatcher().AddWebhookSender();

        services.AddProblemSource<WaitingSqlIntake>();
        services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.AddNotificationFlow(settings.IsSaga);
            bus.UsingRabbitMq((context, transport) => transport.ConfigureNotificationBus(context, settings));
        });
        // After the bus, by which it publishes: so it begins later, and ends before.
        if (settings.Intake.Sql.Enabled)
            services.AddIntakeRows(settings.ConnectionStrings.Postgres!).AddHostedService<SqlIntake>();
        return services;
    }
}
