using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using MudBlazor;
using MudBlazor.Services;
using NotificationBus.Dashboard.Api;
using NotificationBus.Dashboard.Layout;

namespace NotificationBus.Dashboard;

/// <summary>The console: pages for operators, drawn by the server. Whoever adds it provides an <see cref="IApiGateway"/>.</summary>
public static class ConsoleSetup
{
    // Style attributes are MudBlazor's, which places what opens; an attribute can load nothing, for images come from here alone.
    // No script stands in a page, and none comes from elsewhere.
    const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
        + "connect-src 'self'; frame-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    /// <summary>Adds what the pages need.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="traceUrl">The address of a trace, with <c>{traceId}</c> in it; null when traces are looked at nowhere.</param>
    public static IServiceCollection AddConsole(this IServiceCollection services, string? traceUrl = null)
    {
        services.AddSingleton(new TraceLinks(traceUrl));
        services.AddSingleton<SharedAnswers>();
        services.AddScoped<ApiClient>();
        services.AddScoped<ConsoleUser>();
        services.AddScoped<Operations>();
        services.AddCascadingAuthenticationState();
        services
            .AddRazorComponents()
            .AddInteractiveServerComponents(circuits =>
            {
                circuits.DisconnectedCircuitRetentionPeriod = TimeSpan.FromMinutes(1);
                circuits.DisconnectedCircuitMaxRetained = 50;
            });
        services.AddMudServices(mud =>
        {
            mud.SnackbarConfiguration.PositionClass = Defaults.Classes.Position.BottomCenter;
            mud.SnackbarConfiguration.VisibleStateDuration = 6000;
            mud.SnackbarConfiguration.MaxDisplayedSnackbars = 3;
        });
        return services;
    }

    /// <summary>Maps the pages. Their parts (styles and scripts) are static web assets, mapped by the host.</summary>
    public static void MapConsole(this IEndpointRouteBuilder routes)
    {
        routes.MapConsoleDownloads();
        var pages = routes
            .MapRazorComponents<App>()
            // The header below says it for all; by itself the framework would say it anew, and weaker.
            .AddInteractiveServerRenderMode(server => server.ContentSecurityFrameAncestorsPolicy = null);
        ((IEndpointConventionBuilder)pages).Add(endpoint =>
        {
            // Pages are read. What is sent goes to the API, or to an address of its own.
            if (endpoint.Metadata.OfType<Microsoft.AspNetCore.Components.Endpoints.ComponentTypeMetadata>().Any())
            {
                foreach (var methods in endpoint.Metadata.OfType<IHttpMethodMetadata>().ToList())
                    endpoint.Metadata.Remove(methods);
                endpoint.Metadata.Add(new HttpMethodMetadata([HttpMethods.Get]));
            }
        });
    }

    /// <summary>Says what a page may do: run its own scripts, show its own styles and call its own host.</summary>
    public static void Guard(HttpResponse response)
    {
        response.Headers.ContentSecurityPolicy = Policy;
        response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
    }
}
