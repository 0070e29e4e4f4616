using Microsoft.Extensions.DependencyInjection;

namespace NotificationBus.Providers;

/// <summary>
/// The services as providers see them. What they sign or check is compared with their vendor's clock, and not with that of the record, by
/// which the flow counts.
/// </summary>
public sealed class OwnClock(IServiceProvider services) : IServiceProvider
{
    /// <summary>The key under which the clock of this host is registered, where the flow counts by another.</summary>
    public const string Key = "own";

    /// <inheritdoc />
    public object? GetService(Type serviceType) =>
        serviceType == typeof(TimeProvider)
            ? services.GetKeyedService<TimeProvider>(Key) ?? services.GetService<TimeProvider>()
            : services.GetService(serviceType);
}
