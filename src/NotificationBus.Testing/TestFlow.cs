using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using NotificationBus.Channels;
using NotificationBus.Channels.Sandbox;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Templates;
using NotificationBus.Wiring;

namespace NotificationBus.Testing;

/// <summary>Registration of the flow in a test harness.</summary>
public static class TestFlow
{
    /// <summary>
    /// Adds the whole flow to a test harness: saga, channels and templates as they are, everything else in memory. What is sent ends in the
    /// sandbox, where <see cref="TestDeliveries.Deliveries"/> finds it. It sets up the transport in memory, with your own consumers.
    /// </summary>
    /// <example><c>services.AddMassTransitTestHarness(bus => bus.AddNotificationBus());</c></example>
    /// <param name="bus">The registrations of the harness.</param>
    /// <param name="configure">Changes how it is set up.</param>
    public static void AddNotificationBus(this IBusRegistrationConfigurator bus, Action<TestFlowOptions>? configure = null)
    {
        var options = new TestFlowOptions();
        configure?.Invoke(options);

        IServiceCollection services = bus;
        services.TryAddSingleton<IConfiguration>(new ConfigurationManager());
        services.TryAddSingleton<IHostApplicationLifetime, HarnessLifetime>();
        services.AddNotificationBus(options.EventTypes.AsReadOnly(), new Dictionary<string, ChannelOptions>(StringComparer.Ordinal));
        services.AddChannels();
        services.AddSingleton<IReadOnlyDictionary<string, ChannelOptions>>(provider => Channels(provider.GetServices<IChannel>()));
        services.AddSingleton<ITemplates>(provider =>
            LiquidTemplates.Load(
                [Path.Combine(AppContext.BaseDirectory, "templates"), .. options.Templates is { } own ? [own] : Array.Empty<string>()],
                provider.GetServices<IChannel>(),
                options.DefaultLanguage,
                clock: provider.GetRequiredService<TimeProvider>()
            )
        );
        services.AddEmbeddedFlow();
        options.Services?.Invoke(services);

        bus.UseEmbeddedFlow((context, transport) => transport.ConfigureEndpoints(context));
    }

    static Dictionary<string, ChannelOptions> Channels(IEnumerable<IChannel> channels) =>
        channels.ToDictionary(
            channel => channel.Name,
            // A test may tell one person as much as it likes.
            _ => new ChannelOptions { Providers = [SandboxProvider.Type], AddressLimit = 0 },
            StringComparer.Ordinal
        );
}
