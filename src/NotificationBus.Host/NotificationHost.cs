using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using NotificationBus.Channels;
using NotificationBus.Channels.Sandbox;
using NotificationBus.Host.Access;
using NotificationBus.Host.CommandLine;
using NotificationBus.Host.Grpc;
using NotificationBus.Host.Http;
using NotificationBus.Host.OpenApi;
using NotificationBus.Host.Pages;
using NotificationBus.Host.RabbitMq;
using NotificationBus.Host.Settings;
using NotificationBus.Host.Telemetry;
using NotificationBus.Providers;
using NotificationBus.Templates;
using NotificationBus.Wiring;

namespace NotificationBus.Host;

/// <summary>The one executable: reads the settings, wires the flow to a transport and a store, and serves HTTP.</summary>
public static class NotificationHost
{
    // As long as a host may take to stop, and a little more for what does not end.
    static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(45);

    /// <summary>Runs the host until it is told to stop.</summary>
    /// <param name="args">Settings, or a command, see <c>--help</c>.</param>
    /// <param name="output">Takes the help, and what a command prints.</param>
    /// <param name="error">Takes what kept the host from starting, a line for each wrong setting.</param>
    /// <returns>The exit code: see <see cref="ExitCode"/>.</returns>
    public static async Task<int> Run(string[] args, TextWriter output, TextWriter error)
    {
        try
        {
            if (Commands.AreIn(args))
                return await Commands.Run(args, output, error);
            if (args.Any(argument => argument is "--help" or "-h" or "-?"))
            {
                await output.WriteLineAsync(Help.Text);
                return ExitCode.Done;
            }

            await using var app = Build(args);
            await app.PrepareServers();
            var running = app.RunUntilStopped();
            return await app.GiveUp(running) is { } reason ? await End(reason, running, error) : ExitCode.Done;
        }
        catch (Exception exception) when (Explain(exception) is { } explanation)
        {
            await error.WriteLineAsync(explanation);
            return ExitCode.Wrong;
        }
    }

    /// <summary>Builds the host without starting it.</summary>
    /// <param name="args">Settings, see <c>--help</c>.</param>
    /// <param name="configure">Adds what is not shipped, such as a channel or a provider of your own.</param>
    /// <exception cref="SettingsException">A setting is wrong.</exception>
    public static WebApplication Build(string[] args, Action<IServiceCollection>? configure = null)
    {
        SettingsCheck.CheckArguments(args);
        var builder = CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        var settings = SettingsCheck.Read(builder.Configuration);
        CertificateCheck.Demand(builder.Configuration, TimeProvider.System);
        // Read before it is said where to listen, which is said in the same place.
        var grpc = PublicPort.Split(settings.GrpcUrls);
        string[] inside = [.. PublicPort.InsideUrls(builder.Configuration), .. grpc];
        builder
            .WebHost.UseUrls([.. inside, .. PublicPort.Split(settings.PublicUrls)])
            .UseSetting(WebHostDefaults.HttpPortsKey, "")
            .UseSetting(WebHostDefaults.HttpsPortsKey, "");
        builder.AddReadableLogs();
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton(settings.Sender);
        builder.Services.AddSingleton(Options.Create(settings.Intake));
        builder.Services.AddSingleton(Options.Create(settings.RateLimits));
        builder.Services.AddSingleton(Options.Create(settings.Publishing));
        builder.Services.AddSingleton(Options.Create(settings.Redelivery));
        builder.Services.AddSingleton(Options.Create(settings.Sweep));
        builder.Services.AddSingleton(Options.Create(settings.Receipts));
        builder.Services.AddSingleton(Options.Create(settings.Withdrawals));
        builder.Services.AddSingleton(Options.Create(settings.Webhooks));
        builder.Services.AddSingleton(Options.Create(settings.Streams));
        builder.Services.AddSingleton(Options.Create(settings.Telemetry.Record));
        builder.Services.AddSingleton(Options.Create(settings.Unsubscribe));
        builder.Services.AddSingleton(Options.Create(settings.Contents));
        builder.Services.AddSingleton(Options.Create(settings.Attachments));
        // Before the rest: a host that nobody could call does not begin to work.
        builder.Services.AddAccess(settings, AccessSetup.AsksForKeys(settings, builder.Configuration, inside));
        builder.Services.AddSingleton(Choices(settings));
        builder.Services.AddNotificationBus(settings.EventTypes, settings.Channels);
        builder.Services.AddLiveLedger();
        builder.Services.AddChannels();
        builder.Services.AddTemplates(settings);
        builder.Services.AddSingleton<IStartWarnings, UnsafeSettings>();
        builder.Services.AddSingleton<IStartWarnings, UnusedSettings>();
        builder.Services.AddSingleton<IStartWarnings, OldCertificates>();
        builder.Services.AddTransport(settings);
        var hasInbox =
            settings.IsApi && (settings.Inbox ?? (settings.Transport == Transport.InMemory || builder.Environment.IsDevelopment()));
        if (settings.Transport == Transport.RabbitMq)
            builder.Services.AddSharedInbox(hasInbox);
        builder.Services.AddHttpApi();
        builder.Services.AddGrpcApi();
        if (settings.IsDashboard)
            builder.AddConsolePages(settings.Telemetry.Traces.Url);
        builder.Services.AddApiDocument();
        builder.Services.AddTelemetry(settings.Telemetry);
        builder.Services.AddHostedService<ChangedSettings>();
        builder.WebHost.ConfigureKestrel(server => HttpLimits.Apply(server, settings.Intake.Connections, PublicPort.Ports(grpc)));
        configure?.Invoke(builder.Services);

        var app = builder.Build();
        SettingsCheck.CheckNames(settings, app.Services);
        app.UseDoorway(settings, inside);
        if (settings.IsDashboard)
            app.UseConsole();
        var routes = app.WithScopes();
        routes.MapHealth();
        routes.MapMetrics();
        if (settings.IsApi)
        {
            routes.MapEvents();
            routes.MapNotifications();
            routes.MapEventStreams();
            routes.MapBatches();
            routes.MapContents();
            routes.MapTemplates();
            routes.MapExplanations();
            routes.MapDecisions();
            routes.MapResends();
            routes.MapRepairs();
            routes.MapCancellations();
            routes.MapWithdrawals();
            routes.MapErasures();
            routes.MapSubscriptions();
            routes.MapProviders();
            routes.MapEventTypes();
            routes.MapKeys();
            routes.MapSignIn();
            routes.MapSuppressions();
            routes.MapReceipts();
            routes.MapUnsubscribe();
            routes.MapFailedMessages();
            routes.MapStatus();
            routes.MapLedger();
            routes.MapTraffic();
            if (hasInbox)
                routes.MapInbox();
            routes.MapEntry(
                settings.IsDashboard ? ConsolePages.Home
                : hasInbox ? "/inbox"
                : null
            );
            routes.MapGrpcApi();
            routes.MapApiDocument();
            routes.MapShortDescription();
            if (settings.IsDashboard)
                routes.MapConsolePages();
        }

        app.AnnounceWhenStarted(settings);
        return app;
    }

    /// <summary>
    /// Creates the builder. Where the user has no watch on files left (inotify(7): often 128 in all, and each .NET process takes some),
    /// what is in appsettings.json is looked at every few seconds instead.
    /// </summary>
    static WebApplicationBuilder CreateBuilder(WebApplicationOptions options)
    {
        const string Polling = "DOTNET_USE_POLLING_FILE_WATCHER";
        try
        {
            return WebApplication.CreateBuilder(options);
        }
        catch (IOException) when (Environment.GetEnvironmentVariable(Polling) is null)
        {
            Environment.SetEnvironmentVariable(Polling, "true");
            return WebApplication.CreateBuilder(options);
        }
    }

    /// <summary>Waits until the host has stopped, or has to.</summary>
    /// <returns>Why it has to; null when it was told to stop.</returns>
    static async Task<string?> GiveUp(this WebApplication app, Task running)
    {
        var givenUp = app.Services.GetService<ListenerWatch>()?.GivenUp ?? new TaskCompletionSource<string>().Task;
        if (await Task.WhenAny(running, givenUp) == givenUp)
            return await givenUp;

        await running;
        return givenUp.IsCompletedSuccessfully ? await givenUp : null;
    }

    static async Task<int> End(string reason, Task running, TextWriter error)
    {
        await running.WaitAsync(LongestStop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await error.WriteLineAsync(reason);
        // What does not end would hold the process, which is to be started again.
        if (!running.IsCompleted)
            Environment.Exit(ExitCode.GivenUp);
        return ExitCode.GivenUp;
    }

    static async Task RunUntilStopped(this WebApplication app)
    {
        try
        {
            await app.StartAsync();
            await app.WaitForShutdownAsync();
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // Told to stop while it started.
            await app.StopAsync();
        }
        catch
        {
            // What did start is told to stop: torn down as it runs, it would log failures that are none.
            await app.StopAsync();
            throw;
        }
    }

    static ApplicationChoices Choices(HostSettings settings) =>
        new(settings.Applications.ToDictionary(one => one.Key, one => one.Value.ToChoice(), StringComparer.Ordinal));

    static IServiceCollection AddTemplates(this IServiceCollection services, HostSettings settings)
    {
        string[] forAll =
        [
            Path.Combine(AppContext.BaseDirectory, "templates"),
            .. settings.Templates.Folder is { } own ? [own] : Array.Empty<string>(),
        ];
        return services.AddSingleton<ITemplates>(provider =>
        {
            var common = Load(provider, forAll);
            var ofApplications = settings
                .Applications.Where(application => application.Value.Templates.Folder is { Length: > 0 })
                .ToDictionary(
                    application => application.Key,
                    application => OfApplication(provider, application.Key),
                    StringComparer.Ordinal
                );
            return ofApplications.Count == 0 ? common : new TemplatesOfApplications(common, ofApplications);
        });

        ITemplates OfApplication(IServiceProvider provider, string name)
        {
            try
            {
                return Load(provider, [.. forAll, settings.Applications[name].Templates.Folder!]);
            }
            catch (TemplateException exception)
            {
                throw new SettingsException($"Applications:{name}:Templates:Folder: {exception.Message}");
            }
        }

        ITemplates Load(IServiceProvider provider, IEnumerable<string> folders) =>
            LiquidTemplates.Load(
                folders,
                provider.GetServices<Model.IChannel>(),
                settings.Templates.DefaultLanguage,
                settings.Brand,
                provider.GetRequiredService<TimeProvider>()
            );
    }

    /// <summary>Explains what went wrong, when it is something the person who started the host can mend.</summary>
    static string? Explain(Exception exception) =>
        exception switch
        {
            SettingsException => exception.Message,
            TemplateException => $"Templates: {exception.Message}",
            OptionsValidationException options => string.Join(Environment.NewLine, options.Failures),
            IOException { InnerException: AddressInUseException }
            or SocketException { SocketErrorCode: SocketError.AccessDenied or SocketError.AddressNotAvailable } =>
                $"Urls: {exception.Message.TrimEnd('.')}. Choose another one with --Urls=http://localhost:8081",
            InvalidOperationException { Source: "Microsoft.AspNetCore.Server.Kestrel.Core" }
                when exception.Message.Contains("certificate", StringComparison.OrdinalIgnoreCase) =>
                "Urls: https needs a certificate; set Kestrel:Certificates:Default:Path and Kestrel:Certificates:Default:KeyPath to PEM "
                    + "files, or serve http behind a proxy",
            _ => null,
        };
}
