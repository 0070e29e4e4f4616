using System.Collections.Frozen;

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

using NotificationBus.Sending.Accounts;
using NotificationBus.Sending.Controls;

namespace NotificationBus.Sending;

/// <summary>The provider chain of every channel, as configured. Made when the host starts, so that a wrong account stops it there.</summary>
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
        Random chance,
        TimeProvider clock,
        ILoggerFactory logs)
    {
        var known = types.ToList();
        _chains = channels.All.ToFrozenDictionary(
            channel => channel.Name,
            channel => new ProviderChain(
                channel,
                [.. Accounts(channel.Name).Select((account, index) => Open(channel.Name, account, index))],
                ledger, board, chance, clock, logs.CreateLogger<ProviderChain>()),
            StringComparer.Ordinal);

        ProviderAccount Open(string channel, string account, int index)
        {
            var configured = AccountOptions.Read(configuration, account);
            return new ProviderAccount(Create(channel, account, index, configured.Type), configured, health, board, clock, logs.CreateLogger<ProviderAccount>());
        }

        IEnumerable<string> Accounts(string channel) => options.TryGetValue(channel, out var configured) && configured.Providers.Count > 0
            ? configured.Providers
            : throw new SettingsException($"Channels:{channel}:Providers is empty; name at least one of {Allowed(channel)}");

        IProvider Create(string channel, string account, int index, string? typeName)
        {
            var type = known.Find(type => type.Channel == channel && type.Name == (typeName ?? account));
            if (type is null)
            {
                throw new SettingsException(typeName is null
                    ? $"Channels:{channel}:Providers:{index} names '{account}', which is neither a type ({Allowed(channel)}) nor an account with Providers:{account}:Type"
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
