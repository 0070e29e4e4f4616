using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Json;

namespace NotificationBus.Host;

/// <summary>Logs for people in development, one JSON object a line in production.</summary>
static class Logs
{
    const string ForPeople = "{Timestamp:HH:mm:ss} {Level:u3} {Message:lj}{NewLine}{Exception}";

    public static void AddReadableLogs(this WebApplicationBuilder builder)
    {
        var logger = new LoggerConfiguration()
            .ReadFrom.Configuration(builder.Configuration)
            .Filter.ByExcluding(IsFailedStart)
            .Enrich.With<NoPaths>();
        logger = builder.Environment.IsDevelopment()
            ? logger.WriteTo.Console(outputTemplate: ForPeople)
            : logger.WriteTo.Console(new JsonFormatter(renderMessage: true));

        builder.Logging.ClearProviders();
        builder.Logging.AddSerilog(logger.CreateLogger(), dispose: true);
    }

    // The host throws it as well, and then it is either explained in one line or reported as a crash.
    static bool IsFailedStart(LogEvent entry) => entry.MessageTemplate.Text == "Hosting failed to start";

    /// <summary>
    /// A path and what follows it may hold a person's address, or what lets anybody unsubscribe; the request has an id as well.
    /// </summary>
    sealed class NoPaths : ILogEventEnricher
    {
        static readonly string[] Personal = ["RequestPath", "Path", "QueryString"];

        public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
        {
            foreach (var property in Personal)
                logEvent.RemovePropertyIfPresent(property);
        }
    }
}
