using System.Buffers.Text;
using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NotificationBus.Access;
using NotificationBus.Host.Http;
using NotificationBus.Host.Settings;

namespace NotificationBus.Host.Access;

/// <summary>
/// Who calls, by the key in <c>Authorization: Bearer nb_…</c> (RFC 6750). One header and no other: logs, proxies and tools know it for a
/// secret. Pages take it as a password too (RFC 7617), so that a browser asks for it; nothing else does, for a browser sends a password by
/// itself.
/// </summary>
sealed partial class KeyAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    UrlEncoder encoder,
    KeyRing keys,
    CountedWarnings warnings,
    ILogger<KeyAuthentication> log
) : AuthenticationHandler<AuthenticationSchemeOptions>(options, NullLoggerFactory.Instance, encoder) // It would log every refusal.
{
    /// <summary>The name of it.</summary>
    public new const string Scheme = "Key";

    const string Bearer = "Bearer ";
    const string Basic = "Basic ";
    const string Realm = "realm=\"NotificationBus\"";

    static readonly AuthenticateResult Refused = AuthenticateResult.Fail("refused");

    bool _isOutdated;

    RouteScope? Needed => Context.GetEndpoint()?.Metadata.GetMetadata<RouteScope>();

    bool IsPage => Needed is { IsPage: true };

    /// <inheritdoc />
    protected override async Task<AuthenticateResult> HandleAuthenticateAsync() =>
        // A page is opened by the cookie of whoever signed in as well; nothing else is, for a browser sends it by itself.
        IsPage && Request.Headers.Authorization.Count == 0 && await HasCookie()
            ? await Context.AuthenticateAsync(ConsoleSignIn.Scheme)
            : Authenticate();

    /// <summary>401 when there is no key that is taken.</summary>
    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (_isOutdated)
        {
            await Problems.KeysOutdated(Context).ExecuteAsync(Context);
            return;
        }

        if (TokenRefusal.Of(Context) is { } token)
        {
            await Refuse(token);
            return;
        }

        if (IsPage && IsVisited && PlaceToSignIn() is { } place)
        {
            Response.Redirect(place);
            return;
        }

        var isRefused = Request.Headers.Authorization.Count > 0;
        Response.Headers.WWWAuthenticate = isRefused ? $"{Bearer}{Realm}, error=\"invalid_token\"" : $"{Bearer}{Realm}";
        if (IsPage)
            Response.Headers.Append("WWW-Authenticate", $"{Basic}{Realm}, charset=\"UTF-8\"");
        await (isRefused ? Problems.RefusedKey() : Problems.NeedsKey()).ExecuteAsync(Context);
    }

    /// <summary>403 when the key opens other things.</summary>
    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        var needed = Needed?.Words ?? [];
        Response.Headers.WWWAuthenticate =
            $"{Bearer}{Realm}, error=\"insufficient_scope\"" + (needed.Count > 0 ? $", scope=\"{string.Join(' ', needed)}\"" : "");
        return Problems.NotAllowed(needed).ExecuteAsync(Context);
    }

    /// <summary>True for somebody with a browser, who is led to where people sign in.</summary>
    bool IsVisited =>
        HttpMethods.IsGet(Request.Method)
        && Request.Headers.Authorization.Count == 0
        && Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    /// <summary>The page of the console to sign in; where there is none, the provider's; null where nobody signs in.</summary>
    string? PlaceToSignIn()
    {
        var services = Context.RequestServices;
        return services.GetRequiredService<HostSettings>().IsDashboard
            ? ConsoleSignIn.LeadTo(Request)
            : SignInApi.PathTo(Request, services.GetRequiredService<SignInOptions>());
    }

    async Task<bool> HasCookie() =>
        await Context.RequestServices.GetRequiredService<IAuthenticationSchemeProvider>().GetSchemeAsync(ConsoleSignIn.Scheme) is not null;

    Task Refuse(TokenRefusal token)
    {
        if (token.CannotTell)
            return Problems.ProviderAway(Context).ExecuteAsync(Context);

        Response.Headers.WWWAuthenticate = $"{Bearer}{Realm}, error=\"invalid_token\"";
        return Problems.RefusedToken(token.Reason).ExecuteAsync(Context);
    }

    AuthenticateResult Authenticate()
    {
        // What is open to everybody may have a vendor's own credentials there.
        if (Request.Headers.Authorization is not { Count: > 0 } header || Needed is { AnyOf.Count: 0 })
            return AuthenticateResult.NoResult();

        try
        {
            var holder =
                header.Count > 1 || header[0] is not { } value ? null
                : value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? keys.Check(value.AsSpan(Bearer.Length).Trim(' '))
                : value.StartsWith(Basic, StringComparison.OrdinalIgnoreCase) && IsPage ? FromPassword(value.AsSpan(Basic.Length).Trim(' '))
                : null;
            if (holder is not null)
                return AuthenticateResult.Success(new AuthenticationTicket(holder, Scheme));
        }
        catch (KeysOutdatedException)
        {
            _isOutdated = true;
            return Refused;
        }

        if (warnings.Count("a key was refused") is { } times)
            KeyRefused(log, times, Context.Connection.RemoteIpAddress);
        return Refused;
    }

    /// <summary>The password of whatever user: the key says who it is.</summary>
    ClaimsPrincipal? FromPassword(ReadOnlySpan<char> credentials)
    {
        const int Most = 512;
        Span<byte> octets = stackalloc byte[Most];
        if (
            credentials.Length > Base64.GetMaxEncodedToUtf8Length(Most)
            || !Convert.TryFromBase64Chars(credentials, octets, out var length)
            || octets[..length].IndexOf((byte)':') is not (>= 0 and var colon)
        )
            return null;

        return keys.Check(Encoding.UTF8.GetString(octets[(colon + 1)..length]));
    }

    [LoggerMessage(
        LogLevel.Warning,
        "A key was refused, {Times} times since this was said last, the last time from {Address}: it is unknown, wrong or revoked"
    )]
    static partial void KeyRefused(ILogger log, int times, System.Net.IPAddress? address);
}
