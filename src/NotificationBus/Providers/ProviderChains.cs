using System.Collections.Frozen;

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

using NotificationBus.Model;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
using NotificationBus.Providers.Routing;

namespace NotificationBus.Providers;

/// <summary>
/// The provider chain of every channel, as configured. Made when the host starts, so that a wrong account stops it there.
/// </summary>
public sealed class ProviderChains : IAsyncDisposable
{
    readonly FrozenDictionary<string, ProviderChain> _chains;

    /// <summary>Makes the chains.</summary>
    /// <exception cref="SettingsException">A channel without providers, an unknown account, or an account with wrong settings.</exception>
    public ProviderChains(
        ChannelSet channels,
        IReadOnlyDictionary<string, ChannelOptions> options,
        IEnumerable<ProviderType> types,
        IConfiguration configuration,
        IServiceProvider services,
        IAttemptLedger ledger,
        IProviderHealth health,
        ControlBoard board,
        IOptions<RedeliveryOptions> redelivery,
        Random chance,
        TimeProvider clock,
        ILoggerFactory logs)
    {
        var known = types.ToList();
        _chains = channels.All.ToFrozenDictionary(channel => channel.Name, Chain, StringComparer.Ordinal);

        ProviderChain Chain(IChannel channel)
        {
            var configured = options.GetValueOrDefault(channel.Name) ?? new ChannelOptions();
            // An account is one, however often it is named: it has one circuit and one rate.
            var accounts = Named(channel.Name, $"Channels:{channel.Name}", configured.Providers)
                .Concat(configured.Routes.SelectMany((route, index) => Route(channel.Name, $"Channels:{channel.Name}:Routes:{index}", route)))
                .DistinctBy(named => named.Account, StringComparer.Ordinal)
                .Select(named => Open(channel.Name, named.Account, named.Key))
                .ToList();
            var routes = new ProviderRoutes(configured.Providers, configured.Routes);
            return new ProviderChain(channel, accounts, routes, ledger, board, redelivery.Value, chance, clock, logs.CreateLogger<ProviderChain>());
        }

        IEnumerable<(string Account, string Key)> Route(string channel, string path, ChannelRoute route) => route.When.IsEmpty
            ? throw new SettingsException($"{path}:When is empty; set {path}:When:Countries, {path}:When:Categories or {path}:When:Lane")
            : Named(channel, path, route.Providers);

        IEnumerable<(string Account, string Key)> Named(string channel, string path, IReadOnlyList<string> names) => names.Count > 0
            ? names.Select((account, index) => (account, $"{path}:Providers:{index}"))
            : throw new SettingsException($"{path}:Providers is empty; name at least one of {Allowed(channel)}");

        ProviderAccount Open(string channel, string account, string key)
        {
            var configured = AccountOptions.Read(configuration, account);
            return new ProviderAccount(Create(channel, account, key, configured.Type), configured, health, board, clock, logs.CreateLogger<ProviderAccount>());
        }

        IProvider Create(string channel, string account, string key, string? typeName)
        {
            var type = known.Find(type => type.Channel == channel && type.Name == (typeName ?? account));
            if (type is null)
            {
                throw new SettingsException(typeName is null
                    ? $"{key} names '{account}', which is neither a type ({Allowed(channel)}) nor an account with Providers:{account}:Type"
                    : $"Providers:{account}:Type is no provider of the channel {channel}, allowed are {Allowed(channel)}");
            }

            return type.Create(services, account);
        }

        string Allowed(string channel) => string.Join(", ", known.Where(type => type.Channel == channel).Select(type => type.Name));
    }

    /// <summary>All chains.</summary>
    public IReadOnlyCollection<ProviderChain> All => _chains.Values;

    /// <summary>The chain of a channel.</summary>
    public ProviderChain Of(string channel) => _chains[channel];

    /// <summary>Lets the providers close their connections in good order.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var account in _chains.Values.SelectMany(chain => chain.Accounts))
            await account.DisposeAsync();
    }
}
