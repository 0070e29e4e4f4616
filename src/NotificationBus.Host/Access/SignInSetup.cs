using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;
using NotificationBus.Access;

namespace NotificationBus.Host.Access;

/// <summary>
/// People who sign in at a provider of OpenID Connect: pages by its page and a cookie, calls of the API by its tokens. Their roles open
/// what scopes open for keys.
/// </summary>
static class SignInSetup
{
    /// <summary>The cookie of pages, also of those who sign in with a key.</summary>
    public const string Cookie = "NotificationBus.Console";

    /// <summary>The scheme of the provider.</summary>
    public const string Provider = "OpenIdConnect";

    const string Token = "Token";

    const string Bearer = "Bearer ";

    // Signed by a key that the provider alone has. A secret that two have, or none, proves nobody.
    static readonly string[] Signatures = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    // Two clocks differ by less, or one of them is wrong.
    static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    // How soon after a look another one is taken at the provider's keys, when a token names one that is not known.
    static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(5);

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Adds what checks people. Needs the keys' own scheme, which stays the one that is asked first.</summary>
    public static void AddSignIn(this IServiceCollection services, SignInOptions options)
    {
        services.AddSingleton(options);
        if (!options.HasPages && !options.HasTokens)
            return;

        services.Configure<AuthenticationSchemeOptions>(
            KeyAuthentication.Scheme,
            scheme =>
            {
                scheme.ForwardDefaultSelector = context => SchemeOf(context, options);
                // What is missing or refused it says itself, whoever was asked.
                scheme.ForwardChallenge = KeyAuthentication.Scheme;
                scheme.ForwardForbid = KeyAuthentication.Scheme;
            }
        );
        var authentication = services.AddAuthentication();
        if (options.HasTokens)
        {
            authentication.AddJwtBearer(Token, token => Check(token, options));
            // A key that the provider has taken back would be good for another hour.
            services.PostConfigure<JwtBearerOptions>(
                Token,
                token => ((BaseConfigurationManager)token.ConfigurationManager!).UseLastKnownGoodConfiguration = false
            );
        }

        if (!options.HasPages)
            return;

        services.AddCookieOfPages(options);
        authentication.AddOpenIdConnect(Provider, provider => Ask(provider, options));
    }

    /// <summary>Who is asked about a call; null for the keys.</summary>
    static string? SchemeOf(HttpContext context, SignInOptions options)
    {
        if (context.Request.Headers.Authorization is { Count: > 0 } header)
            return
                options.HasTokens
                && header is [{ } value]
                && value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
                && IsToken(value.AsSpan(Bearer.Length).Trim(' '))
                ? Token
                : null;

        // A browser sends a cookie by itself: it opens pages and nothing else.
        return options.HasPages && context.GetEndpoint()?.Metadata.GetMetadata<RouteScope>() is { IsPage: true } ? Cookie : null;
    }

    /// <summary>Three parts, and no key (RFC 7515, section 7.1).</summary>
    static bool IsToken(ReadOnlySpan<char> text) => text.Count('.') == 2 && !text.StartsWith("nb_", StringComparison.Ordinal);

    static void Check(JwtBearerOptions token, SignInOptions options)
    {
        token.Authority = options.Authority;
        token.RequireHttpsMetadata = IsHttps(options);
        token.MapInboundClaims = false;
        token.SaveToken = false;
        token.IncludeErrorDetails = false;
        token.BackchannelTimeout = Patience;
        token.RefreshInterval = BetweenLooks;
        token.TokenValidationParameters = Parameters(options.Audience!);
        token.Events = new JwtBearerEvents
        {
            OnTokenValidated = context =>
            {
                // An ID token may name the audience by mistake of whoever set it up; it is not for calls all the same (RFC 9068, 4).
                if (
                    context.SecurityToken is Microsoft.IdentityModel.JsonWebTokens.JsonWebToken { } read
                    && read.TryGetClaim("nonce", out _)
                )
                    context.Fail("an ID token is no access token");
                else if (Person.Of(context.Principal!.Claims, options) is { } person)
                    context.Principal = person;
                else
                    context.Fail("the token names nobody");
                return Task.CompletedTask;
            },
            OnAuthenticationFailed = async context =>
                TokenRefusal.Note(
                    context.HttpContext,
                    await IsKnown(context.Options, context.HttpContext.RequestAborted) ? context.Exception : null
                ),
        };
    }

    /// <summary>
    /// True when the provider has said what its name and its keys are. Where it has not, every token looks like a stranger's.
    /// </summary>
    static async Task<bool> IsKnown(JwtBearerOptions token, CancellationToken cancellationToken)
    {
        try
        {
            return await token.ConfigurationManager!.GetConfigurationAsync(cancellationToken) is not null;
        }
        catch (Exception exception) when (exception is InvalidOperationException or HttpRequestException or IOException)
        {
            return false;
        }
    }

    static void Ask(OpenIdConnectOptions provider, SignInOptions options)
    {
        provider.SignInScheme = Cookie;
        provider.Authority = options.Authority;
        provider.RequireHttpsMetadata = IsHttps(options);
        provider.ClientId = options.ClientId;
        provider.ClientSecret = options.ClientSecret;
        provider.ResponseType = OpenIdConnectResponseType.Code;
        // A form that another site posts would come without its cookies, unless these go everywhere.
        provider.ResponseMode = OpenIdConnectResponseMode.Query;
        provider.UsePkce = true;
        provider.MapInboundClaims = false;
        provider.GetClaimsFromUserInfoEndpoint = true;
        provider.BackchannelTimeout = Patience;
        provider.RefreshInterval = BetweenLooks;
        provider.CallbackPath = SignInApi.Callback;
        provider.SignedOutCallbackPath = SignInApi.SignedOut;
        provider.RemoteSignOutPath = PathString.Empty;
        // The provider asks for it to sign out without a question.
        provider.SaveTokens = true;
        provider.TokenValidationParameters = Parameters(options.ClientId!);
        provider.Scope.Clear();
        foreach (var scope in options.Scopes)
            provider.Scope.Add(scope);
        string[] limits = options.ApplicationClaim is { } limit ? [limit, limit.Split('.')[0]] : [];
        foreach (var claim in (string[])[options.RoleClaim, options.RoleClaim.Split('.')[0], options.NameClaim, .. limits])
            provider.ClaimActions.MapJsonKey(claim, claim);
        foreach (var cookie in (CookieBuilder[])[provider.CorrelationCookie, provider.NonceCookie])
        {
            cookie.SameSite = SameSiteMode.Lax;
            cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        }

        provider.Events = new OpenIdConnectEvents
        {
            OnTicketReceived = context =>
            {
                if (
                    Person.Of(context.Principal!.Claims, options) is not { } person
                    || !person.HasClaim(claim => claim.Type == KeyHolder.ScopeClaim)
                )
                    return context.Answer(SignInApi.NoRole(context.HttpContext, options, context.Properties));

                context.Principal = person;
                var services = context.HttpContext.RequestServices;
                var idToken = context.Properties!.GetTokenValue(OpenIdConnectParameterNames.IdToken);
                context.Properties!.StoreTokens(
                    idToken is null ? [] : [new AuthenticationToken { Name = OpenIdConnectParameterNames.IdToken, Value = idToken }]
                );
                context.Properties!.ExpiresUtc = services
                    .GetRequiredService<ConsoleSessions>()
                    .Begin((ClaimsIdentity)person.Identity!, options.Lifetime);
                context.Properties!.AllowRefresh = false;
                return Task.CompletedTask;
            },
            OnRedirectToIdentityProviderForSignOut = context =>
            {
                // Some providers end no session for others: then the one here is over, and that is all.
                if (string.IsNullOrEmpty(context.ProtocolMessage.IssuerAddress))
                {
                    context.Response.Redirect("/");
                    context.HandleResponse();
                }

                return Task.CompletedTask;
            },
            OnRemoteFailure = context => context.Answer(SignInApi.Failed(context.HttpContext, context.Failure, context.Properties)),
        };
    }

    /// <summary>The cookie, once: whoever signs in with a key may have added it.</summary>
    static void AddCookieOfPages(this IServiceCollection services, SignInOptions options)
    {
        services.AddDataProtection().UseEphemeralDataProtectionProvider();
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IPostConfigureOptions<CookieAuthenticationOptions>, PostConfigureCookieAuthenticationOptions>()
        );
        services.PostConfigure<AuthenticationOptions>(schemes =>
        {
            if (!schemes.SchemeMap.ContainsKey(Cookie))
                schemes.AddScheme<CookieAuthenticationHandler>(Cookie, displayName: null);
        });
        services.Configure<CookieAuthenticationOptions>(
            Cookie,
            cookie =>
            {
                cookie.Cookie.Name = Cookie;
                cookie.Cookie.HttpOnly = true;
                cookie.Cookie.SameSite = SameSiteMode.Strict;
                cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
                cookie.ExpireTimeSpan = options.Lifetime;
                cookie.Events.OnValidatePrincipal = ConsoleSignIn.Check;
            }
        );
    }

    static TokenValidationParameters Parameters(string audience) =>
        new()
        {
            ValidAudience = audience,
            ValidateAudience = true,
            ValidateIssuer = true,
            ValidateLifetime = true,
            RequireExpirationTime = true,
            RequireSignedTokens = true,
            ValidAlgorithms = Signatures,
            ClockSkew = ClockSkew,
        };

    static bool IsHttps(SignInOptions options) =>
        options.Authority!.StartsWith(Uri.UriSchemeHttps + "://", StringComparison.OrdinalIgnoreCase);

    static async Task Answer<TOptions>(this HandleRequestContext<TOptions> context, IResult answer)
        where TOptions : AuthenticationSchemeOptions
    {
        context.HandleResponse();
        await answer.ExecuteAsync(context.HttpContext);
    }
}
