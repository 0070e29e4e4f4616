using System.Collections.Concurrent;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.AspNetCore.Hosting.StaticWebAssets;
using NotificationBus.Dashboard;
using NotificationBus.Dashboard.Api;
using NotificationBus.Host.Access;

namespace NotificationBus.Host.Pages;

/// <summary>The console of a host with the role <c>dashboard</c>: its pages, what they are made of, and who may open them.</summary>
static class ConsolePages
{
    /// <summary>The first page.</summary>
    public const string Home = "/overview";

    // Beside the executable, whichever program runs it.
    const string Assets = "NotificationBus.Host.staticwebassets.endpoints.json";
    const string RunningAssets = "NotificationBus.Host.staticwebassets.runtime.json";

    static readonly string[] Parts = ["/_content", "/_framework"];

    /// <summary>Adds what the console needs. A host without the role has none of it.</summary>
    public static void AddConsolePages(this WebApplicationBuilder builder, string? traceUrl)
    {
        builder.Services.AddConsole(traceUrl);
        builder.Services.AddSingleton<InProcessApi>();
        builder.Services.AddSingleton<IApiGateway>(services => services.GetRequiredService<InProcessApi>());
        builder
            .Services.AddDataProtection()
            .AddKeyManagementOptions(keys => (keys.XmlRepository, keys.XmlEncryptor) = (new KeysInMemory(), new NullXmlEncryptor()));
        builder.Services.AddAntiforgery(options =>
        {
            options.Cookie.Name = "NotificationBus.Antiforgery";
            options.Cookie.SameSite = SameSiteMode.Strict;
            options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        });

        // What is not in the list of parts when the host starts is not there.
        builder.WebHost.UseSetting("ReloadStaticAssetsAtRuntime", "false");
        // Where it was not published, styles and scripts are where packages and sources lie.
        var running = Path.Combine(AppContext.BaseDirectory, RunningAssets);
        if (!File.Exists(running))
            return;

        builder.WebHost.UseSetting(WebHostDefaults.StaticWebAssetsKey, running);
        StaticWebAssetsLoader.UseStaticWebAssets(builder.Environment, builder.Configuration);
    }

    /// <summary>Says what the pages may do, and checks that what is sent to them comes from them.</summary>
    public static void UseConsole(this WebApplication app)
    {
        app.Use(
            (context, next) =>
            {
                if (context.GetEndpoint()?.Metadata.GetMetadata<RouteScope>() is { IsOfConsole: true })
                    ConsoleSetup.Guard(context.Response);
                return next(context);
            }
        );
        app.UseAntiforgery();
    }

    /// <summary>Maps pages, parts and the sign-in.</summary>
    public static void MapConsolePages(this IEndpointRouteBuilder routes)
    {
        routes.MapStaticAssets(Path.Combine(AppContext.BaseDirectory, Assets));
        routes.MapConsole();
        routes.MapConsoleSignIn();
    }

    /// <summary>True for styles and scripts: the same for everybody, and nobody's secret.</summary>
    public static bool IsPart(PathString path) => Array.Exists(Parts, part => path.StartsWithSegments(part, StringComparison.Ordinal));

    /// <summary>
    /// The keys that encrypt cookies. They live as long as the process: nothing that opens the console lies on a disk.
    /// </summary>
    sealed class KeysInMemory : IXmlRepository
    {
        readonly ConcurrentQueue<XElement> _keys = new();

        public IReadOnlyCollection<XElement> GetAllElements() => [.. _keys];

        public void StoreElement(XElement element, string friendlyName) => _keys.Enqueue(new XElement(element));
    }
}
