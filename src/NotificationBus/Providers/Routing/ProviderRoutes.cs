using NotificationBus.Contracts;
using NotificationBus.Model;

namespace NotificationBus.Providers.Routing;

/// <summary>
/// The accounts of a channel that a delivery may use, in order: those that its application has chosen, else those of the first route whose
/// condition holds, else the channel's. Asks nothing but the command, so that one that comes again takes the same route on every host.
/// </summary>
/// <param name="providers">The channel's accounts, for what takes no route.</param>
/// <param name="routes">The routes, in order.</param>
public sealed class ProviderRoutes(IReadOnlyList<string> providers, params IReadOnlyList<ChannelRoute> routes)
{
    /// <summary>The channel's accounts, for what takes no route.</summary>
    public IReadOnlyList<string> Providers => providers;

    /// <summary>The routes, in order.</summary>
    public IReadOnlyList<ChannelRoute> Routes => routes;

    /// <summary>The accounts that applications have chosen, in order, by application: for all of their deliveries, and no others.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> OfApplications { get; init; } =
        new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);

    /// <summary>The accounts for a delivery, in the order in which they are tried.</summary>
    public IReadOnlyList<string> Of(IChannel channel, SendDelivery command) =>
        ChosenBy(command.Application) ?? RouteOf(channel, command)?.Providers ?? providers;

    /// <summary>The accounts that an application has chosen; null when it takes those of the channel and its routes.</summary>
    /// <param name="application">The application; null for the default one.</param>
    public IReadOnlyList<string>? ChosenBy(string? application) =>
        OfApplications.Count == 0 ? null : OfApplications.GetValueOrDefault(application ?? Applications.Default);

    /// <summary>The route that a delivery takes; null when it takes none.</summary>
    public ChannelRoute? RouteOf(IChannel channel, SendDelivery command)
    {
        if (routes.Count == 0 || ChosenBy(command.Application) is not null)
            return null;

        var country = new Lazy<string?>(() => RecipientCountry.Of(channel, command));
        return routes.FirstOrDefault(route => route.When.Holds(command, country));
    }
}
