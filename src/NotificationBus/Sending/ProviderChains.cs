using System.Collections.Frozen;

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

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
        TimeProvider clock,
        ILogger<ProviderChain> log)
    {
        var known = types.ToList();
        _chains = channels.All.ToFrozenDictionary(
            channel => channel.Name,
            channel => new ProviderChain(channel.Name, [.. Accounts(channel.Name).Select((account, index) => Create(channel.Name, account, index))], ledger, clock, log),
            StringComparer.Ordinal);

        IEnumerable<string> Accounts(string channel) => options.TryGetValue(channel, out var configured) && configured.Providers.Count > 0
            ? configured.Providers
            : throw new SettingsException($"Channels:{channel}:Providers is empty; name at least one of {Allowed(channel)}");

        IProvider Create(string channel, string account, int index)
        {
            var typeName = configuration[$"Providers:{account}:Type"] ?? account;
            var type = known.Find(type => type.Channel == channel && type.Name == typeName);
            if (type is null)
            {
                throw new SettingsException(configuration[$"Providers:{account}:Type"] is null
                    ? $"Channels:{channel}:Providers:{index} names '{account}', which is neither a type ({Allowed(channel)}) nor an account with Providers:{account}:Type"
                    : $"Providers:{account}:Type is no provider of the channel {channel}, allowed are {Allowed(channel)}");
            }

            return type.Create(services, account);
        }

        string Allowed(string channel) => string.Join(", ", known.Where(type => type.Channel == channel).Select(type => type.Name));
    }

    /// <summary>The chain of a channel.</summary>
    public ProviderChain Of(string channel) => _chains[channel];

    /// <summary>Lets the providers close their connections in good order.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var provider in _chains.Values.SelectMany(chain => chain.Providers))
        {
            if (provider is IAsyncDisposable disposable)
                await disposable.DisposeAsync();
        }
    }
}
