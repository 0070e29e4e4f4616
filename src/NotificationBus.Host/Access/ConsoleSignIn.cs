using System.Security.Claims;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Http.HttpResults;
using NotificationBus.Access;
using NotificationBus.Dashboard.Layout;
using NotificationBus.Host.Http;

namespace NotificationBus.Host.Access;

/// <summary>
/// Sign-in to the console: a key is pasted once, and from then on an encrypted cookie has it, which no script can read and no other site
/// can have sent. Each request checks the key again, so that a revoked one is out as fast as everywhere.
/// </summary>
static class ConsoleSignIn
{
    /// <summary>The scheme of the cookie.</summary>
    public const string Scheme = "NotificationBus.Console";

    /// <summary>The claim that has the key. Only the cookie has it, and the cookie is encrypted.</summary>
    public const string KeyClaim = "key";

    const string SignIn = "/sign-in";

    static readonly TimeSpan Longest = TimeSpan.FromHours(12);

    /// <summary>Adds the cookie.</summary>
    public static void AddConsoleSignIn(this AuthenticationBuilder authentication) =>
        authentication.AddCookie(
            Scheme,
            options =>
            {
                options.Cookie.Name = Scheme;
                options.Cookie.HttpOnly = true;
                options.Cookie.SameSite = SameSiteMode.Strict;
                options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
                options.ExpireTimeSpan = Longest;
                options.SlidingExpiration = true;
                options.LoginPath = SignIn;
                options.ReturnUrlParameter = "to";
                options.Events.OnValidatePrincipal = Check;
            }
        );

    /// <summary>Maps the page to sign in, and what its button and the one to sign out do.</summary>
    public static void MapConsoleSignIn(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(SignIn, Show).ExcludeFromDescription();
        routes.MapPost(SignIn, Enter).ExcludeFromDescription();
        routes.MapPost("/sign-out", Leave).ExcludeFromDescription();
    }

    /// <summary>The page that is shown to a browser in the place of another one.</summary>
    public static string LeadTo(HttpRequest request) =>
        $"{SignIn}?to={Uri.EscapeDataString($"{request.PathBase}{request.Path}{request.QueryString}")}";

    static async Task<IResult> Show(HttpContext context, AskedForKeys asked, string? to, string? again)
    {
        if (!asked.Value || (await context.AuthenticateAsync(Scheme)).Succeeded)
            return Results.LocalRedirect(Local(to));

        // A link in somebody's chat leads here without the cookie (SameSite=Strict). The page itself may send it: one more look.
        if (again is null)
        {
            var here = $"{SignIn}?to={Uri.EscapeDataString(Local(to))}&again=1";
            context.Response.Headers["Refresh"] = $"0;url={here}";
            return Results.Content("", "text/html; charset=utf-8");
        }

        return Page(context, Local(to), refusal: null);
    }

    static async Task<IResult> Enter(HttpContext context, AskedForKeys asked, IAntiforgery antiforgery)
    {
        if (!asked.Value)
            return Results.LocalRedirect("/overview");
        if (await PageForm.Read(context, antiforgery) is not { } form)
            return Page(context, "/overview", "This page was open for too long. Paste the key once more.", StatusCodes.Status400BadRequest);

        var (key, to) = (form["key"].ToString().Trim(), Local(form["to"]));
        if (context.RequestServices.GetRequiredService<KeyRing>().Check(key) is not { Identity: ClaimsIdentity holder })
            return Page(
                context,
                to,
                "No such key is taken here. It may be mistyped, revoked or of another host.",
                StatusCodes.Status403Forbidden
            );
        if (!holder.HasClaim(KeyHolder.ScopeClaim, Scope.Read.Spell()))
            return Page(
                context,
                to,
                "This key does not read, and the console shows what is read. It takes one with the scope read.",
                StatusCodes.Status403Forbidden
            );

        var identity = new ClaimsIdentity(holder.Claims, holder.AuthenticationType);
        identity.AddClaim(new Claim(KeyClaim, key));
        await context.SignInAsync(Scheme, new ClaimsPrincipal(identity));
        return Results.LocalRedirect(to);
    }

    static async Task<IResult> Leave(HttpContext context, AskedForKeys asked, IAntiforgery antiforgery)
    {
        if (!asked.Value)
            return Results.LocalRedirect("/overview");

        // What the page was given is for whoever is signed in.
        context.User = (await context.AuthenticateAsync(Scheme)).Principal ?? context.User;
        if (await PageForm.Read(context, antiforgery) is null)
            return Results.LocalRedirect(SignIn);
        // Who signed in at the provider is signed out there too: one click would be enough to be back.
        var options = context.RequestServices.GetRequiredService<SignInOptions>();
        if (
            options.HasPages
            && (await context.AuthenticateAsync(Scheme)).Principal is { } who
            && !who.HasClaim(claim => claim.Type == KeyClaim)
        )
            return await SignInApi.Leave(context, options);

        await context.SignOutAsync(Scheme);
        return Results.LocalRedirect(SignIn);
    }

    /// <summary>The key as it is known now: revoked or rotated away it is nobody's, and its scopes are those of today.</summary>
    static Task Check(CookieValidatePrincipalContext context)
    {
        if (context.Principal?.FindFirst(KeyClaim) is not { Value: var key })
            return Task.CompletedTask;

        try
        {
            if (context.HttpContext.RequestServices.GetRequiredService<KeyRing>().Check(key) is null)
                context.RejectPrincipal();
        }
        catch (KeysOutdatedException)
        {
            context.RejectPrincipal();
        }

        return Task.CompletedTask;
    }

    static RazorComponentResult<SignIn> Page(HttpContext context, string to, string? refusal, int status = StatusCodes.Status200OK) =>
        new(
            new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["To"] = to,
                ["Refusal"] = refusal,
                ["ProviderPath"] = SignInApi.PathTo(to, context.RequestServices.GetRequiredService<SignInOptions>()),
            }
        )
        {
            StatusCode = status,
        };

    /// <summary>A page of this host; nobody is led to another one.</summary>
    static string Local(string? to) =>
        to is ['/', not ('/' or '\\'), ..] && !to.StartsWith(SignIn, StringComparison.Ordinal) && !to.Any(char.IsControl)
            ? to
            : "/overview";
}
