using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
using NotificationBus.Providers.Routing;

namespace NotificationBus.Providers;

/// <summary>The accounts of one channel, and the order in which a delivery tries them.</summary>
/// <param name="channel">The channel.</param>
/// <param name="accounts">All accounts, those of routes after those of the channel.</param>
/// <param name="routes">The routes, by which the accounts for a delivery are chosen.</param>
/// <param name="board">What operators have set.</param>
sealed class ProviderOrder(IChannel channel, IReadOnlyList<ProviderAccount> accounts, ProviderRoutes routes, ControlBoard board)
{
    /// <summary>The channel.</summary>
    public IChannel Channel => channel;

    /// <summary>True while an operator has paused the channel.</summary>
    public bool IsPaused => board.Current.Channel(channel.Name).Paused;

    /// <summary>All accounts, those of routes after those of the channel.</summary>
    public IReadOnlyList<ProviderAccount> Accounts => accounts;

    /// <summary>The routes, by which the accounts for a delivery are chosen.</summary>
    public ProviderRoutes Routes => routes;

    /// <summary>
    /// The accounts of the route that serve the delivery, looked for among all of it: one that an operator has taken out of the order may
    /// come back.
    /// </summary>
    public IReadOnlyList<ProviderAccount> Route(Delivery delivery, SendDelivery command) =>
        routes.Of(channel, command).Select(Find).OfType<ProviderAccount>().Where(account => account.Provider.Serves(delivery)).ToList();

    /// <summary>
    /// The accounts of a route in the order in which a delivery tries them. What operators have set adds none: it might not be allowed to
    /// send there.
    /// </summary>
    public IReadOnlyList<ProviderAccount> Of(IReadOnlyList<ProviderAccount> route, Guid deliveryId)
    {
        var set = board.Current.Channel(channel.Name).Order;
        var order = set is null
            ? route
            : [.. set.Select(name => route.FirstOrDefault(account => account.Name == name)).OfType<ProviderAccount>()];
        var total = order.Sum(account => account.Control.Weight ?? 0);
        if (total == 0)
            return order;

        // Drawn by the delivery's id, so that a command that comes again asks the same provider first.
        var draw = (int)(BitConverter.ToUInt32(deliveryId.ToByteArray()) % (uint)total);
        var first = order.First(account => (draw -= account.Control.Weight ?? 0) < 0);
        return [first, .. order.Where(account => account != first)];
    }

    ProviderAccount? Find(string name) => accounts.FirstOrDefault(account => account.Name == name);
}
