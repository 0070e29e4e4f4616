using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NotificationBus.Host;
using NotificationBus.IntegrationTests.Servers;
using NotificationBus.Tests.Described;

namespace NotificationBus.IntegrationTests;

/// <summary>
/// The whole host in the process of the tests, with the same settings, servers and port as one that is deployed: for tests that neither
/// kill nor freeze it, nor read its exit code. A process of its own would compile everything anew, for two or three seconds of processor
/// time.
/// </summary>
sealed class HostInProcess : IRunningHost
{
    readonly WebApplication _app;

    HostInProcess(WebApplication app, OutputTail output)
    {
        _app = app;
        Output = output;
        Client = new HttpClient(new AsDescribed(new HttpClientHandler())) { BaseAddress = new Uri(app.Urls.Single()) };
    }

    /// <inheritdoc />
    public HttpClient Client { get; }

    /// <inheritdoc />
    public OutputTail Output { get; }

    /// <summary>Starts a host on real servers and completes when it works.</summary>
    public static Task<HostInProcess> Start(
        Uri broker,
        string database,
        IReadOnlyDictionary<string, string>? settings = null,
        Action<IServiceCollection>? configure = null
    ) =>
        Start(
            new Dictionary<string, string>(settings ?? new Dictionary<string, string>(StringComparer.Ordinal), StringComparer.Ordinal)
            {
                ["Transport"] = "RabbitMq",
                ["ConnectionStrings:RabbitMq"] = $"{broker}",
                ["ConnectionStrings:Postgres"] = database,
            },
            configure
        );

    /// <summary>Starts a host with these settings, as on its command line, and completes when it works.</summary>
    /// <param name="settings">The host's settings.</param>
    /// <param name="configure">Adds what is not shipped.</param>
    public static async Task<HostInProcess> Start(
        IReadOnlyDictionary<string, string> settings,
        Action<IServiceCollection>? configure = null
    )
    {
        var output = new OutputTail();
        var app = NotificationHost.Build(
            ["--Urls=http://127.0.0.1:0", .. OpenToAll.Unless(settings).Select(setting => $"--{setting.Key}={setting.Value}")],
            services =>
            {
                // Many hosts share this process's console; each keeps its own words.
                services.AddLogging(logging =>
                    logging
                        .ClearProviders()
                        .AddProvider(new TailLog(output))
                        .AddFilter("Microsoft", LogLevel.Warning)
                        .AddFilter("MassTransit", LogLevel.Warning)
                        .AddFilter("System", LogLevel.Warning)
                );
                configure?.Invoke(services);
            }
        );
        try
        {
            await app.PrepareServers();
            await app.StartAsync();
            return new HostInProcess(app, output);
        }
        catch
        {
            await app.StopAsync();
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the host in good order, as SIGTERM does.</summary>
    public Task Stop() => _app.StopAsync();

    /// <summary>Ends the loop of one receive endpoint for good, as a cancellation does in MassTransit 8.4.0.</summary>
    public Task EndEndpoint(string queue) =>
        _app
            .Services.GetRequiredService<IBusControl>()
            .CheckHealth()
            .Endpoints.Values.Single(endpoint => endpoint.InputAddress.AbsolutePath.EndsWith($"/{queue}", StringComparison.Ordinal))
            .ReceiveEndpoint.Stop();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Stop();
        await _app.DisposeAsync();
    }

    /// <summary>Keeps what is logged.</summary>
    sealed class TailLog(OutputTail output) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => output.Add($"{logLevel}: {formatter(state, exception)} {exception}");

        public void Dispose() { }
    }
}
