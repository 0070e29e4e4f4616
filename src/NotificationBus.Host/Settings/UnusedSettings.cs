using NotificationBus.Host.Access;
using NotificationBus.Providers;

namespace NotificationBus.Host.Settings;

/// <summary>Warnings about what is set and passed over, which may be no mistake: hosts of different roles share their settings.</summary>
sealed class UnusedSettings(HostSettings settings, IConfiguration configuration, ProviderChains chains, AskedForKeys asked) : IStartWarnings
{
    /// <inheritdoc />
    public Task<IReadOnlyList<string>> Find(bool isProduction, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>([
            .. SettingsCheck.PassedOver((IConfigurationRoot)configuration),
            .. Senders(),
            .. Keys(),
            .. Accounts(),
        ]);

    IEnumerable<string> Senders()
    {
        if (settings.Sender.Channels.Count > 0 && !settings.IsSender)
            yield return "Sender:Channels has no effect here: Roles has neither worker nor sender";
    }

    IEnumerable<string> Keys()
    {
        if (!asked.Value && settings.Auth.FirstKey is not null)
            yield return "Auth:FirstKey has no effect: nobody is asked for a key here; set Auth:Mode=Keys beside it";
    }

    IEnumerable<string> Accounts()
    {
        var used = chains
            .All.SelectMany(chain => chain.Accounts)
            .Select(account => account.Name)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var account in configuration.GetSection("Providers").GetChildren().Where(account => !used.Contains(account.Key)))
            yield return $"{account.Path} is set, but no channel names it: nothing is sent by {account.Key} until "
                + $"Channels:{{channel}}:Providers or a route does{Spelling.DidYouMean(account.Key, used)}";
    }
}
