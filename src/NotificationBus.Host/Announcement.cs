using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

using NotificationBus.Channels.Sandbox;
using NotificationBus.Host.Settings;
using NotificationBus.Sending;

namespace NotificationBus.Host;

/// <summary>Says at start what this host is and where to look.</summary>
static class Announcement
{
    public static void AnnounceWhenStarted(this WebApplication app, HostSettings settings) =>
        app.Lifetime.ApplicationStarted.Register(() =>
        {
            var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? "";
            if (settings.Transport == Transport.RabbitMq)
            {
                app.Logger.LogInformation("NotificationBus runs distributed on RabbitMQ and PostgreSQL as {Roles} at {Address}", string.Join('+', settings.Roles), address);
                if (settings.IsWorker)
                    app.WarnAboutSandboxes(settings);
                return;
            }

            app.Logger.LogInformation("NotificationBus runs embedded at {Address}: everything is in memory and lost when it stops", address);
            if (app.Environment.IsDevelopment())
                Console.WriteLine(Invitation(address));
        });

    /// <summary>Embedded, the sandbox is what everybody expects. On real servers somebody may have forgotten it, where an event uses the channel.</summary>
    static void WarnAboutSandboxes(this WebApplication app, HostSettings settings)
    {
        var chains = app.Services.GetRequiredService<ProviderChains>();
        foreach (var channel in settings.EventTypes.Values.SelectMany(rule => rule.Channels).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            if (chains.Of(channel).Accounts.Any(account => account.Provider is SandboxProvider))
                app.Logger.LogWarning("Channel {Channel} has a sandbox among its providers: what reaches it is caught, not sent ({Setting})", channel, $"Channels:{channel}:Providers");
        }
    }

    static string Invitation(string address) => $$$"""

        Open   {{{address}}}/inbox
        Try    curl -s {{{address}}}/v1/events/order-placed -H 'content-type: application/json' -d '{"orderId":"4711","product":"Blue ceramic bowl","total":{"amount":590,"currency":"THB"},"buyer":{"id":"buyer-7","name":"Nok"},"seller":{"id":"seller-42","name":"Som","locale":"th","email":"som@example.com","pushTokens":["demo-token"]}}'

        """;
}
