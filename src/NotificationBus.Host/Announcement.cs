using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using NotificationBus.Host.Access;
using NotificationBus.Host.Pages;
using NotificationBus.Host.Settings;

namespace NotificationBus.Host;

/// <summary>Says at start what this host is and where to look.</summary>
static class Announcement
{
    public static void AnnounceWhenStarted(this WebApplication app, HostSettings settings) =>
        app.Lifetime.ApplicationStarted.Register(() =>
        {
            _ = app.Warn();
            var address =
                app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? "";
            if (settings.Transport == Transport.RabbitMq)
            {
                app.Logger.LogInformation(
                    "NotificationBus runs distributed on RabbitMQ and PostgreSQL as {Roles} at {Address}",
                    string.Join('+', settings.Roles),
                    address
                );
                if (settings.IsSender && settings.Sender.Channels.Count > 0)
                    app.Logger.LogInformation(
                        "It sends on {Channels} alone (Sender:Channels); other hosts have to serve the rest",
                        string.Join(", ", settings.Sender.Channels)
                    );
                if (settings.IsDashboard)
                    app.Logger.LogInformation("The console is at {Address}", $"{address}{ConsolePages.Home}");
                return;
            }

            app.Logger.LogInformation(
                "NotificationBus runs embedded at {Address}: everything is in memory and lost when it stops",
                address
            );
            if (!app.Services.GetRequiredService<AskedForKeys>().Value)
                app.Logger.LogInformation("Nobody is asked for a key: it listens on this machine alone, or Auth:Mode says so");
            if (app.Environment.IsDevelopment())
                Console.WriteLine(Invitation(settings.IsDashboard, address));
        });

    /// <summary>
    /// Whoever finds what is not as it should be is asked here, and what it says is logged here. The host works all the same. Who cannot
    /// be asked yet is asked again: a database without a connection left is one of those worth a warning.
    /// </summary>
    static Task Warn(this WebApplication app) => Task.WhenAll(app.Services.GetServices<IStartWarnings>().Select(app.WarnOf));

    static async Task WarnOf(this WebApplication app, IStartWarnings place)
    {
        var stopping = app.Lifetime.ApplicationStopping;
        for (var attempt = 0; !stopping.IsCancellationRequested; attempt++)
        {
            try
            {
                foreach (var warning in await place.Find(!app.Environment.IsDevelopment(), stopping))
                    app.Logger.LogWarning("{Warning}", warning);
                return;
            }
            catch (Exception exception) when (!stopping.IsCancellationRequested && attempt == 0)
            {
                app.Logger.LogInformation(
                    "Whether {Place} has to warn is not known yet: {Reason}",
                    place.GetType().Name,
                    exception.Message
                );
            }
            catch (Exception)
            {
                // It was said, or the host stops and nobody has to be warned any more.
            }
            await Task.Delay(TimeSpan.FromSeconds(Math.Min(60, 1 << Math.Min(attempt, 6))), stopping)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // On one line, to be copied into a shell.
    const string Order =
        """{"orderId":"4711","product":"Blue ceramic bowl","total":{"amount":590,"currency":"THB"},"buyer":"""
        + """{"id":"buyer-7","name":"Nok"},"seller":"""
        + """{"id":"seller-42","name":"Som","locale":"th","email":"som@example.com","pushTokens":["demo-token"]}}""";

    static string Invitation(bool hasConsole, string address) =>
        $$$"""

            Open   {{{address}}}{{{(hasConsole ? ConsolePages.Home : "/inbox")}}}
            Inbox  {{{address}}}/inbox
            Try    curl -s {{{address}}}/v1/events/order-placed -H 'content-type: application/json' -d '{{{Order}}}'

            """;
}
