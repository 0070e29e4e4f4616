using NotificationBus.Access;
using NotificationBus.Channels.Sandbox;
using NotificationBus.Host.Access;
using NotificationBus.Host.Http;
using NotificationBus.Providers;

namespace NotificationBus.Host.Settings;

/// <summary>Warnings about what the settings open that should be shut in production, and about what they leave unsent.</summary>
sealed class UnsafeSettings(HostSettings settings, IConfiguration configuration, ProviderChains chains, AskedForKeys asked) : IStartWarnings
{
    /// <inheritdoc />
    public Task<IReadOnlyList<string>> Find(bool isProduction, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>([.. Sandboxes(), .. isProduction ? Doors().Concat(Accounts()) : []]);

    /// <summary>
    /// Embedded, the sandbox is what everybody expects. On real servers somebody may have forgotten it, where an event uses the channel.
    /// </summary>
    IEnumerable<string> Sandboxes() =>
        from channel in settings
            .EventTypes.Values.SelectMany(rule => rule.Channels)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
        where settings is { Transport: Transport.RabbitMq, IsSender: true } && settings.Sender.Serves(channel)
        where chains.Of(channel).Accounts.Any(account => account.Provider is SandboxProvider)
        select $"Channel {channel} has a sandbox among its providers: what reaches it is caught, not sent (Channels:{channel}:Providers)";

    IEnumerable<string> Doors()
    {
        if (!settings.IsApi)
            yield break;
        if (settings.Inbox is true)
            yield return "Inbox=true shows every caught delivery, with its address and its text, to whoever may read; "
                + "leave it out in production";
        if (!asked.Value && settings.Auth.Mode == AuthMode.None)
            yield return "Auth:Mode=None lets whoever reaches Urls send, read and switch everything; "
                + "leave it out, and make keys ('keys create')";
        if (PublicPort.Split(settings.AllowedHosts).Contains("*", StringComparer.Ordinal))
            yield return "AllowedHosts=* takes every name for this host's, so that a stranger's page can read it with a visitor's "
                + "browser (DNS rebinding); name those it has";
        if (
            settings.PublicUrls is null
            && !asked.Value
            && settings.Transport == Transport.RabbitMq
            && (settings.Receipts.PublicUrl ?? settings.Unsubscribe.PublicUrl) is not null
        )
            yield return "The world is led to the port of operators, which asks nobody who they are; set PublicUrls, and lead it there";
    }

    IEnumerable<string> Accounts()
    {
        foreach (
            var account in chains
                .All.SelectMany(chain => chain.Accounts)
                .Select(account => account.Name)
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal)
        )
        {
            var set = configuration.GetSection($"Providers:{account}");
            if (IsTrue(set["AllowPlaintext"]))
                yield return $"Providers:{account}:AllowPlaintext=true sends passwords and people's mail where anybody on the "
                    + "way can read them; use TLS";
            if (IsTrue(set["AllowPrivateAddresses"]))
                yield return $"Providers:{account}:AllowPrivateAddresses=true lets whoever names a webhook have this host call "
                    + "servers inside; leave it out";
            if (Uri.TryCreate(set["Url"], UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttp && !url.IsLoopback)
                yield return $"Providers:{account}:Url sends what it says where anybody on the way can read it; use https";
        }

        static bool IsTrue(string? value) => bool.TryParse(value, out var isTrue) && isTrue;
    }
}
