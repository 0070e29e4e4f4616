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

    /// <summary>The page to sign in, which says why somebody was not let in at the provider.</summary>
    /// <param name="to">The page that was asked for.</param>
    /// <param name="why">Why.</param>
    public static string LeadBack(string to, SignInRefusal why) => $"{SignIn}?to={Uri.EscapeDataString(Local(to))}&refused={why}";

    static async Task<IResult> Show(HttpContext context, AskedForKeys asked, string? to, string? again, string? refused)
    {
        if (!asked.Value || (await context.AuthenticateAsync(Scheme)).Succeeded)
            return Results.LocalRedirect(Local(to));

        // A link in somebody's chat leads here without the cookie (SameSite=Strict). The page itself may send it: one more look.
        if (again is null)
        {
            var here = $"{SignIn}?to={Uri.EscapeDataString(Local(to))}&again=1";
            if (Why(refused) is { } said)
                here += $"&refused={said}";
            context.Response.Headers["Refresh"] = $"0;url={here}";
            return Results.Content("", "text/html; charset=utf-8");
        }

        return Why(refused) is { } why
            ? Page(context, Local(to), Say(why, context.RequestServices.GetRequiredService<SignInOptions>()), StatusOf(why), isOther: true)
            : Page(context, Local(to), refusal: null);
    }

    static SignInRefusal? Why(string? refused) => Enum.TryParse<SignInRefusal>(refused, out var why) && Enum.IsDefined(why) ? why : null;

    static string Say(SignInRefusal why, SignInOptions options) =>
        why switch
        {
            SignInRefusal.NoRole => "Your organisation knows you, and you have no role here. Have whoever looks after its sign-in give you "
                + $"one of {options.ViewerRole}, {options.OperatorRole} and {options.AdminRole}.",
            SignInRefusal.ProviderAway =>
                "The sign-in of your organisation cannot be reached. Try again in a moment; a key works all the same.",
            _ => "The sign-in at your organisation came to nothing: it was refused, cancelled or took too long. Begin again.",
        };

    static int StatusOf(SignInRefusal why) =>
        why == SignInRefusal.ProviderAway ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status403Forbidden;

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
        context.RequestServices.GetRequiredService<ConsoleSessions>().Begin(identity, lifetime: null);
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

        context.RequestServices.GetRequiredService<ConsoleSessions>().End(context.User);
        await context.SignOutAsync(Scheme);
        return Results.LocalRedirect(SignIn);
    }

    /// <summary>
    /// The session, which may be over, and the key as it is known now: revoked or rotated away it is nobody's.
    /// </summary>
    public static Task Check(CookieValidatePrincipalContext context)
    {
        if (context.Principal is { } who && !context.HttpContext.RequestServices.GetRequiredService<ConsoleSessions>().Admits(who))
            context.RejectPrincipal();
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

    static RazorComponentResult<SignIn> Page(
        HttpContext context,
        string to,
        string? refusal,
        int status = StatusCodes.Status200OK,
        bool isOther = false
    ) =>
        new(
            new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["To"] = to,
                ["Refusal"] = refusal,
                ["ProviderPath"] = SignInApi.PathTo(to, context.RequestServices.GetRequiredService<SignInOptions>(), isOther),
                ["IsOther"] = isOther,
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

/// <summary>Why somebody was not let in at the provider.</summary>
enum SignInRefusal
{
    /// <summary>Whoever it is has no role here.</summary>
    NoRole,

    /// <summary>It was refused there, cancelled, or took too long.</summary>
    Failed,

    /// <summary>The provider could not be asked.</summary>
    ProviderAway,
}
