using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Providers;

/// <summary>Opens the accounts of providers, as configured.</summary>
public sealed class ProviderAccountFactory(
    IEnumerable<ProviderType> types,
    IConfiguration configuration,
    IServiceProvider services,
    IProviderHealth health,
    ControlBoard board,
    TimeProvider clock,
    ILoggerFactory logs
)
{
    readonly IReadOnlyList<ProviderType> _types = [.. types];

    /// <summary>Opens an account.</summary>
    /// <param name="channel">The channel it is for.</param>
    /// <param name="account">Its name; without a type of its own that is its type, too.</param>
    /// <param name="key">The key that names it.</param>
    /// <param name="concurrency">How many calls at the same time its channel allows.</param>
    /// <exception cref="SettingsException">It is unknown, or has wrong settings.</exception>
    public ProviderAccount Open(string channel, string account, string key, ConcurrencyOptions concurrency)
    {
        var configured = AccountOptions.Read(configuration, account);
        var provider = TypeOf(channel, account, key, configured.Type).Create(services, account);
        return new ProviderAccount(provider, configured, concurrency, health, board, clock, logs.CreateLogger<ProviderAccount>());
    }

    /// <summary>Names the types of a channel's providers, for a sentence.</summary>
    internal string Allowed(string channel) => string.Join(", ", _types.Where(type => type.Channel == channel).Select(type => type.Name));

    ProviderType TypeOf(string channel, string account, string key, string? name) =>
        _types.FirstOrDefault(type => type.Channel == channel && type.Name == (name ?? account))
        ?? throw new SettingsException(
            name is null
                ? $"{key} names '{account}', which is neither a type ({Allowed(channel)}) nor an account with Providers:{account}:Type"
                : $"Providers:{account}:Type is no provider of the channel {channel}, allowed are {Allowed(channel)}"
        );
}
