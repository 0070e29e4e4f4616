using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace NotificationBus.Client;

/// <summary>Registration of the client.</summary>
public static class ClientSetup
{
    static readonly TimeSpan LongestConnection = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Adds <see cref="INotifications"/> and <see cref="INotificationReader"/> over HTTP, with the settings of the section
    /// <see cref="NotificationBusClientOptions.Section"/>.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Changes the settings.</param>
    /// <returns>The builder of the <see cref="HttpClient"/>, for handlers of your own.</returns>
    public static IHttpClientBuilder AddNotificationBus(
        this IServiceCollection services,
        Action<NotificationBusClientOptions>? configure = null
    )
    {
        services
            .AddSettings(configure)
            .Validate(
                options => options.Url is { IsAbsoluteUri: true, Scheme: "http" or "https" },
                $"{NotificationBusClientOptions.Section}:Url: name the address of the API, with http or https"
            )
            .Validate(
                options => options.ApiKey?.Trim().All(character => character is > ' ' and <= '~') != false,
                $"{NotificationBusClientOptions.Section}:ApiKey: must be one word of ASCII characters"
            );
        services.TryAddTransient<INotifications>(provider => provider.GetRequiredService<HttpNotifications>());
        services.TryAddTransient<INotificationReader>(provider => provider.GetRequiredService<HttpNotifications>());
        return services
            .AddHttpClient<HttpNotifications>(
                static (provider, client) =>
                {
                    var options = provider.GetRequiredService<IOptions<NotificationBusClientOptions>>().Value;
                    client.BaseAddress = new Uri($"{options.Url}".TrimEnd('/') + "/");
                    // Each try has a limit of its own.
                    client.Timeout = Timeout.InfiniteTimeSpan;
                    if (options.ApiKey?.Trim() is { Length: > 0 } key)
                        client.DefaultRequestHeaders.Authorization = new("Bearer", key);
                }
            )
            // Whoever lives as long as the process may keep it, and still learns of a new address.
            // A redirection would turn a POST into a GET, and lose the key; it is told instead.
            .UseSocketsHttpHandler(
                static (handler, _) => (handler.PooledConnectionLifetime, handler.AllowAutoRedirect) = (LongestConnection, false)
            )
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// Adds <see cref="INotifications"/> over the bus of this service: RabbitMQ, set up with <c>AddMassTransit</c>. It publishes mandatory
    /// and with confirms, at once and on the bus itself: not with the transaction of an outbox or a consumer.
    /// <see cref="INotificationReader"/> needs <see cref="AddNotificationBus"/> as well, called after this.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Changes the settings.</param>
    public static IServiceCollection AddNotificationBusOverBus(
        this IServiceCollection services,
        Action<NotificationBusClientOptions>? configure = null
    )
    {
        services.AddSettings(configure);
        services.TryAddSingleton<INotifications>(provider =>
            ActivatorUtilities.CreateInstance<BusNotifications>(provider, provider.GetRequiredService<IBus>())
        );
        return services;
    }

    static OptionsBuilder<NotificationBusClientOptions> AddSettings(
        this IServiceCollection services,
        Action<NotificationBusClientOptions>? configure
    )
    {
        services.TryAddSingleton(TimeProvider.System);
        var settings = services
            .AddOptions<NotificationBusClientOptions>()
            // Where there is one: a console program may have no configuration.
            .Configure<IServiceProvider>(
                static (options, provider) =>
                    provider.GetService<IConfiguration>()?.GetSection(NotificationBusClientOptions.Section).Bind(options)
            )
            .Validate(
                options => options.Patience >= TimeSpan.FromSeconds(1) && options.Patience <= TimeSpan.FromMinutes(10),
                $"{NotificationBusClientOptions.Section}:Patience: must be from 00:00:01 to 00:10:00"
            )
            .ValidateOnStart();
        return configure is null ? settings : settings.Configure(configure);
    }
}
