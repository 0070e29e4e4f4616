using System.Collections.Frozen;
using NotificationBus.Model;
using NotificationBus.Providers.Routing;
using NotificationBus.Telemetry;

namespace NotificationBus.Providers;

/// <summary>
/// The provider chain of every channel, as configured. Made when the host starts, so that a wrong account stops it there.
/// </summary>
public sealed class ProviderChains : IGate, IAsyncDisposable
{
    readonly FrozenDictionary<string, ProviderChain> _chains;

    /// <summary>Makes the chains.</summary>
    /// <exception cref="SettingsException">A channel without providers, an unknown account, or an account with wrong settings.</exception>
    public ProviderChains(
        ChannelSet channels,
        IReadOnlyDictionary<string, ChannelOptions> options,
        ProviderAccountFactory accounts,
        ProviderChainFactory factory,
        ApplicationChoices applications
    )
    {
        _chains = channels.All.ToFrozenDictionary(channel => channel.Name, Chain, StringComparer.Ordinal);

        ProviderChain Chain(IChannel channel)
        {
            var configured = options.GetValueOrDefault(channel.Name) ?? new ChannelOptions();
            // An account is one, however often it is named: it has one circuit and one rate.
            var opened = Named(channel.Name, $"Channels:{channel.Name}", configured.Providers)
                .Concat(
                    configured.Routes.SelectMany((route, index) => Route(channel.Name, $"Channels:{channel.Name}:Routes:{index}", route))
                )
                .DistinctBy(named => named.Account, StringComparer.Ordinal)
                .Select(named => accounts.Open(channel.Name, named.Account, named.Key, configured.Concurrency))
                .ToList();
            return factory.Make(
                channel,
                opened,
                new ProviderRoutes(configured.Providers, configured.Routes) { OfApplications = applications.ProvidersOn(channel.Name) }
            );
        }

        IEnumerable<(string Account, string Key)> Route(string channel, string path, ChannelRoute route) =>
            route.When.IsEmpty
                ? throw new SettingsException(
                    $"{path}:When is empty; set {path}:When:Countries, {path}:When:Categories or {path}:When:Lane"
                )
                : Named(channel, path, route.Providers);

        IEnumerable<(string Account, string Key)> Named(string channel, string path, IReadOnlyList<string> names) =>
            names.Count > 0
                ? names.Select((account, index) => (account, $"{path}:Providers:{index}"))
                : throw new SettingsException($"{path}:Providers is empty; name at least one of {accounts.Allowed(channel)}");
    }

    /// <summary>All chains.</summary>
    public IReadOnlyCollection<ProviderChain> All => _chains.Values;

    /// <summary>The calls at each account. On every channel it has as many.</summary>
    public IEnumerable<GateUse> Uses =>
        _chains.Values.SelectMany(chain =>
            chain.Accounts.Select(account =>
            {
                var (used, limit) = account.Permits;
                return new GateUse("account", used, limit, [new("account", account.Name), new("channel", chain.Channel.Name)]);
            })
        );

    /// <summary>The chain of a channel.</summary>
    public ProviderChain Of(string channel) => _chains[channel];

    /// <summary>Lets the providers close their connections in good order.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var account in _chains.Values.SelectMany(chain => chain.Accounts))
            await account.DisposeAsync();
    }
}
