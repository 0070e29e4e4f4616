using System.Net;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using NotificationBus.Access;
using NotificationBus.Host.OpenApi;
using NotificationBus.Host.Settings;
using NotificationBus.Wiring;

namespace NotificationBus.Host.Access;

/// <summary>Decides whether callers need a key, and has every route ask for its scope.</summary>
static class AccessSetup
{
    static readonly AuthorizationPolicy Everybody = new AuthorizationPolicyBuilder().RequireAssertion(_ => true).Build();

    /// <summary>
    /// True when callers need a key, or to sign in: always, unless the settings say otherwise, or the host is embedded and listens on this
    /// machine alone.
    /// </summary>
    /// <param name="settings">The settings.</param>
    /// <param name="configuration">All there is, the framework's too.</param>
    /// <param name="inside">The addresses at which everything is served.</param>
    public static bool AsksForKeys(HostSettings settings, IConfiguration configuration, IReadOnlyCollection<string> inside) =>
        settings.IsApi
        && (
            settings.Auth.Mode is { } mode
                ? mode == AuthMode.Keys
                : settings.Auth.OpenIdConnect.Authority is not null
                    || settings.Transport != Transport.InMemory
                    || !Listened(configuration, inside).All(IsOfThisMachine)
        );

    /// <summary>Adds what checks keys.</summary>
    public static void AddAccess(this IServiceCollection services, HostSettings settings, bool asksForKeys)
    {
        services.AddSingleton(new AskedForKeys(asksForKeys));
        services.AddSingleton(Microsoft.Extensions.Options.Options.Create(settings.Auth));
        if (!asksForKeys)
        {
            services.AddSingleton(new SignInOptions());
            return;
        }

        services.AddKeyRing();
        services.AddSingleton<ConsoleSessions>();
        var authentication = services
            .AddAuthentication(KeyAuthentication.Scheme)
            .AddScheme<AuthenticationSchemeOptions, KeyAuthentication>(KeyAuthentication.Scheme, configureOptions: null);
        if (settings.IsDashboard)
            authentication.AddConsoleSignIn();
        services.AddSignIn(settings.Auth.OpenIdConnect);
        // What no route has said is for nobody. Where there is no route, whoever has a key is told so.
        services
            .AddAuthorizationBuilder()
            .SetFallbackPolicy(
                new AuthorizationPolicyBuilder()
                    .RequireAuthenticatedUser()
                    .RequireAssertion(call => call.Resource is HttpContext context && context.GetEndpoint() is not RouteEndpoint)
                    .Build()
            );
    }

    /// <summary>Checks who calls. Needs the route.</summary>
    public static void UseAccess(this WebApplication app)
    {
        if (!app.Services.GetRequiredService<AskedForKeys>().Value)
            return;

        app.UseAuthentication();
        app.UseAuthorization();
    }

    /// <summary>The routes whose scopes stand in <see cref="RouteScopes"/>: what is mapped here asks for them.</summary>
    public static IEndpointRouteBuilder WithScopes(this WebApplication app)
    {
        var asks = app.Services.GetRequiredService<AskedForKeys>().Value;
        var routes = app.MapGroup("");
        ((IEndpointConventionBuilder)routes).Finally(endpoint =>
        {
            // The table says who may, and not whoever maps a route: some packages let everybody in.
            foreach (var open in endpoint.Metadata.OfType<IAllowAnonymous>().ToList())
                endpoint.Metadata.Remove(open);
            if (endpoint is not RouteEndpointBuilder route || ScopeOf(route) is not { } scope)
                return;

            endpoint.Metadata.Add(scope);
            // What belongs to applications can be asked of one of them, wherever the wall looks.
            if (scope is { IsPage: false, Reach: not (Reach.Common or Reach.OfAll), AnyOf.Count: > 0 })
                endpoint.Metadata.Add(OtherParameter.OfApplication);
            if (asks)
                endpoint.Metadata.Add(PolicyOf(scope));
        });
        return routes;
    }

    static RouteScope? ScopeOf(RouteEndpointBuilder route) =>
        route.Metadata.OfType<HttpMethodMetadata>().LastOrDefault() is { } methods
            ? RouteScopes.Of(methods.HttpMethods[0], route.RoutePattern.RawText ?? "")
            : RouteScopes.Of(HttpMethods.Get, route.RoutePattern.RawText ?? "");

    static AuthorizationPolicy PolicyOf(RouteScope scope) =>
        scope.AnyOf.Count == 0
            ? Everybody
            : new AuthorizationPolicyBuilder().RequireAuthenticatedUser().RequireClaim(KeyHolder.ScopeClaim, scope.Words).Build();

    static IEnumerable<string> Listened(IConfiguration configuration, IReadOnlyCollection<string> inside) =>
        configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => endpoint["Url"] ?? "").ToList()
            is { Count: > 0 } endpoints
            ? endpoints
            : inside;

    static bool IsOfThisMachine(string url)
    {
        try
        {
            var address = BindingAddress.Parse(url);
            return address.IsUnixPipe
                || address.IsNamedPipe
                || address.Host == "localhost"
                || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
        }
        catch (FormatException)
        {
            return false;
        }
    }
}

/// <summary>Whether callers of this host need a key.</summary>
sealed record AskedForKeys(bool Value);
