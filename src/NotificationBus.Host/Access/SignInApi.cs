using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using NotificationBus.Access;
using NotificationBus.Host.Http;
using NotificationBus.Host.Settings;

namespace NotificationBus.Host.Access;

/// <summary><c>GET /sign-in/openid</c> leads a browser to the provider, and <c>POST /sign-out/openid</c> out of here and there.</summary>
static partial class SignInApi
{
    /// <summary>The path that the provider leads back to, after <c>PublicUrl</c> or what the browser asked: register it there.</summary>
    public const string Callback = "/sign-in/openid/callback";

    /// <summary>The path that the provider leads back to after a sign-out: register it there.</summary>
    public const string SignedOut = "/sign-out/openid/callback";

    /// <summary>The path to sign in.</summary>
    public const string SignIn = "/sign-in/openid";

    const string AskedFor = "asked_for";

    const string Done = "/sign-in/openid/done";

    /// <summary>Maps both, and the page in between.</summary>
    public static void MapSignIn(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(SignIn, Lead).ExcludeFromDescription();
        routes.MapGet(Done, GoOn).ExcludeFromDescription();
        // SameSite: what another site posts comes without the cookie, and ends nobody's session.
        routes.MapPost("/sign-out/openid", Leave).ExcludeFromDescription();
    }

    /// <summary>The path at which a browser signs in and comes back; null where nobody signs in.</summary>
    public static string? PathTo(HttpRequest request, SignInOptions options) =>
        PathTo($"{request.PathBase}{request.Path}{request.QueryString}", options);

    /// <summary>The path at which a browser signs in and goes on to a page; null where nobody signs in.</summary>
    /// <param name="page">The page.</param>
    /// <param name="options">Where people sign in.</param>
    /// <param name="asOther">True to be asked who it is, also by a provider that knows.</param>
    public static string? PathTo(string page, SignInOptions options, bool asOther = false) =>
        options.HasPages ? $"{SignIn}?to={Uri.EscapeDataString(page)}{(asOther ? "&other=1" : "")}" : null;

    /// <summary>The answer to somebody who has signed in, and has no role here.</summary>
    public static IResult NoRole(HttpContext context, SignInOptions options, AuthenticationProperties? session) =>
        Back(context, SignInRefusal.NoRole, session) ?? Problems.NoRole(options);

    /// <summary>The answer to a sign-in that came to nothing.</summary>
    public static IResult Failed(HttpContext context, Exception? failure, AuthenticationProperties? session = null)
    {
        var log = context.RequestServices.GetRequiredService<ILogger<CountedWarnings>>();
        if (context.RequestServices.GetRequiredService<CountedWarnings>().Count("a sign-in failed") is { } times)
            SignInFailed(log, failure?.Message ?? "the provider says no more", times);
        return IsAway(failure)
            ? Back(context, SignInRefusal.ProviderAway, session) ?? Problems.ProviderAway(context)
            : Back(context, SignInRefusal.Failed, session) ?? Problems.SignInFailed();
    }

    /// <summary>The console's own page to sign in, where people read why in a sentence; null on a host without the console.</summary>
    static IResult? Back(HttpContext context, SignInRefusal why, AuthenticationProperties? session) =>
        context.RequestServices.GetRequiredService<HostSettings>().IsDashboard
            ? Results.LocalRedirect(
                ConsoleSignIn.LeadBack(session?.Items.TryGetValue(AskedFor, out var to) == true ? to! : "/overview", why)
            )
            : null;

    static async Task<IResult> Lead(HttpContext context, SignInOptions options, string? to, string? other)
    {
        if (!options.HasPages)
            return Problems.NoSignIn();

        var asked = new OpenIdConnectChallengeProperties { RedirectUri = $"{Done}?to={Uri.EscapeDataString(Local(to))}" };
        asked.Items[AskedFor] = Local(to);
        if (other is not null)
            asked.Prompt = OpenIdConnectPrompt.Login;
        try
        {
            await context.ChallengeAsync(SignInSetup.Provider, asked);
            return Results.Empty;
        }
        catch (Exception exception) when (IsAway(exception))
        {
            return Failed(context, exception, asked);
        }
    }

    /// <summary>
    /// Goes on to the page that was asked for. A browser that another site has led here keeps the cookie back (SameSite=Strict) until a
    /// page of this host leads it on.
    /// </summary>
    static IResult GoOn(HttpResponse response, string? to)
    {
        response.Headers["Refresh"] = $"0;url={Local(to)}";
        return Results.Content("", "text/html; charset=utf-8");
    }

    /// <summary>Signs out here and at the provider.</summary>
    public static async Task<IResult> Leave(HttpContext context, SignInOptions options)
    {
        if (!options.HasPages)
            return Problems.NoSignIn();

        var session = await context.AuthenticateAsync(SignInSetup.Cookie);
        if (!session.Succeeded)
            return Results.LocalRedirect("/");

        context.RequestServices.GetRequiredService<ConsoleSessions>().End(session.Principal);
        await context.SignOutAsync(SignInSetup.Cookie);
        try
        {
            await context.SignOutAsync(SignInSetup.Provider, new AuthenticationProperties(session.Properties.Items) { RedirectUri = "/" });
            // A browser follows no form to where the policy of the form's page does not name: it goes there by itself.
            var headers = context.Response.Headers;
            (headers["Refresh"], headers.Location) = ($"0;url={headers.Location}", default);
            context.Response.StatusCode = StatusCodes.Status200OK;
            return Results.Content("", "text/html; charset=utf-8");
        }
        catch (Exception exception) when (IsAway(exception))
        {
            // The session here is over all the same.
            return Failed(context, exception);
        }
    }

    /// <summary>True when the provider could not be asked (IDX20803 and what lies below it).</summary>
    static bool IsAway(Exception? failure) =>
        failure is HttpRequestException or IOException or TaskCanceledException
        || (failure is InvalidOperationException && failure.Message.StartsWith("IDX208", StringComparison.Ordinal))
        || (failure?.InnerException is { } inner && IsAway(inner));

    /// <summary>A page of this host; nobody is led to another one.</summary>
    static string Local(string? to) =>
        to is ['/', not ('/' or '\\'), ..] && !to.StartsWith(SignIn, StringComparison.Ordinal) && to.All(c => c is > ' ' and <= '~')
            ? to
            : "/";

    [LoggerMessage(
        LogLevel.Warning,
        "A sign-in at the provider of OpenID Connect failed: {Reason} ({Times} times since this was said last)"
    )]
    static partial void SignInFailed(ILogger log, string reason, int times);
}
