using System.Security.Claims;
using NotificationBus.Access;
using NotificationBus.Dashboard.Api;
using NotificationBus.Host.Access;
using NotificationBus.Host.Http;

namespace NotificationBus.Host.Pages;

/// <summary>The way of the console to the API, with the key of whoever looks.</summary>
sealed class InProcessApi(InProcessCalls calls, IServiceProvider services) : IApiGateway
{
    /// <inheritdoc />
    // A window that is open has no cookie looked at: whoever has signed out in another one is out in this one, too.
    public bool Admits(ClaimsPrincipal caller) =>
        services.GetService<ConsoleSessions>()?.Admits(caller) != false
        && (
            caller.FindFirst(ConsoleSignIn.KeyClaim) is not { Value: var key }
            || services.GetRequiredService<KeyRing>().Check(key) is not null
        );

    /// <inheritdoc />
    // By the key as it is now: what it opened when somebody signed in with it may be more.
    public string Sight(ClaimsPrincipal caller) =>
        KeyHolder.SightOf(
            caller.FindFirst(ConsoleSignIn.KeyClaim) is { Value: var key }
                ? services.GetRequiredService<KeyRing>().Check(key) ?? caller
                : caller
        );

    /// <inheritdoc />
    // Not on the page's own context: what the API waits for would hold up the page.
    public Task<HttpResponseMessage> Send(HttpRequestMessage request, ClaimsPrincipal caller, CancellationToken cancellationToken) =>
        Task.Run(() => calls.Call(request, context => Introduce(context, caller), cancellationToken), cancellationToken);

    /// <summary>Who signed in with a key calls with it, and it is checked again. Who signed in otherwise is known by the cookie.</summary>
    static void Introduce(HttpContext context, ClaimsPrincipal caller)
    {
        context.IsForConsole();
        if (caller.FindFirst(ConsoleSignIn.KeyClaim) is { Value: var key })
            context.Request.Headers.Authorization = $"Bearer {key}";
        else
            context.User = caller;
    }
}
