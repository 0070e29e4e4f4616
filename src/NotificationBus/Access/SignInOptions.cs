using System.ComponentModel.DataAnnotations;
using System.Net;

namespace NotificationBus.Access;

/// <summary>Sign-in of people at a provider of OpenID Connect, and the tokens of it that calls of the API may bring.</summary>
public sealed class SignInOptions : IValidatableObject
{
    /// <summary>
    /// The provider, such as <c>https://login.example.com/realms/shop</c>, whose <c>/.well-known/openid-configuration</c> says the rest.
    /// https; http on this machine alone. Default: none, and people sign in nowhere.
    /// </summary>
    public string? Authority { get; set; }

    /// <summary>
    /// The id that the provider has given this installation. Needed for pages; without it only calls of the API bring tokens.
    /// </summary>
    public string? ClientId { get; set; }

    /// <summary>The secret to it; never logged. Default: none, for a client without one (PKCE is always used).</summary>
    public string? ClientSecret { get; set; }

    /// <summary>
    /// The audience that a token of a call must name, as <c>Authorization: Bearer</c>. Default: none, and calls bring keys alone. An ID
    /// token is for whoever signs in, and not for the API: give the API an audience of its own.
    /// </summary>
    public string? Audience { get; set; }

    /// <summary>What is asked for at sign-in. Default: <c>openid,profile</c>; some providers need another one for roles.</summary>
    public IReadOnlyList<string> Scopes { get; set; } = ["openid", "profile"];

    /// <summary>
    /// The claim that has the roles, one or a list; a path such as <c>realm_access.roles</c> leads into an object. Default <c>roles</c>.
    /// </summary>
    [Required]
    public string RoleClaim { get; set; } = "roles";

    /// <summary>The claim that has a name people know, which the record of changes shows beside the subject. Default <c>name</c>.</summary>
    [Required]
    public string NameClaim { get; set; } = "name";

    /// <summary>The role that reads. Default <c>viewer</c>.</summary>
    [Required]
    public string ViewerRole { get; set; } = "viewer";

    /// <summary>The role that reads and does what operators do. Default <c>operator</c>.</summary>
    [Required]
    public string OperatorRole { get; set; } = "operator";

    /// <summary>The role that may do everything. Default <c>admin</c>.</summary>
    [Required]
    public string AdminRole { get; set; } = "admin";

    /// <summary>
    /// How long a sign-in lasts, 5 min to 7 days, default 8 h: a role that is taken away at the provider is kept that long.
    /// </summary>
    [Range(typeof(TimeSpan), "00:05:00", "7.00:00:00")]
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromHours(8);

    /// <summary>
    /// The claim that names the one application a person may see, such as <c>application</c>; whoever has none sees all. By itself
    /// everybody who signs in does.
    /// </summary>
    public string? ApplicationClaim { get; set; }

    /// <summary>True when people sign in for pages.</summary>
    public bool HasPages => Authority is not null && ClientId is not null;

    /// <summary>True when calls may bring tokens.</summary>
    public bool HasTokens => Authority is not null && Audience is not null;

    /// <summary>The roles and what they open.</summary>
    public IReadOnlyList<Scope> ScopesOf(IReadOnlyCollection<string> roles) =>
        roles.Contains(AdminRole) ? Enum.GetValues<Scope>()
        : roles.Contains(OperatorRole) ? [Scope.Read, Scope.Operate]
        : roles.Contains(ViewerRole) ? [Scope.Read]
        : [];

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Authority is null)
        {
            if (ClientId is not null || ClientSecret is not null || Audience is not null)
                yield return new ValidationResult("is missing; the rest is nothing without it", [nameof(Authority)]);
            yield break;
        }

        if (
            !Uri.TryCreate(Authority, UriKind.Absolute, out var authority)
            || !(authority.Scheme == Uri.UriSchemeHttps || (authority.Scheme == Uri.UriSchemeHttp && IsOfThisMachine(authority)))
            || authority is not { Query: "", Fragment: "", UserInfo: "" }
        )
            yield return new ValidationResult(
                "must be an https URL such as https://login.example.com/realms/shop; http is for a provider on this machine",
                [nameof(Authority)]
            );
        if (ClientId is null && Audience is null)
            yield return new ValidationResult(
                "is missing; set it for pages, or Audience for calls of the API, or both",
                [nameof(ClientId)]
            );
        if (ClientId is null && ClientSecret is not null)
            yield return new ValidationResult("is missing beside ClientSecret", [nameof(ClientId)]);
        if (Audience is not null && Audience == ClientId)
            yield return new ValidationResult(
                "must be another one than ClientId: ID tokens name that, and are no tokens for an API",
                [nameof(Audience)]
            );
        if (!Scopes.Contains("openid", StringComparer.Ordinal))
            yield return new ValidationResult("must contain openid", [nameof(Scopes)]);
        if (new[] { ViewerRole, OperatorRole, AdminRole }.Distinct(StringComparer.Ordinal).Count() < 3)
            yield return new ValidationResult(
                "must be three different roles",
                [nameof(ViewerRole), nameof(OperatorRole), nameof(AdminRole)]
            );
    }

    static bool IsOfThisMachine(Uri url) =>
        url.Host == "localhost" || (IPAddress.TryParse(url.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
}
