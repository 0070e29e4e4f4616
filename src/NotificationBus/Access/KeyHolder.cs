using System.Security.Claims;
using NotificationBus.Model;

namespace NotificationBus.Access;

/// <summary>The holder of a key, as a caller.</summary>
public static class KeyHolder
{
    /// <summary>The claim that has a scope; there is one for each.</summary>
    public const string ScopeClaim = "scope";

    /// <summary>The claim that has the application.</summary>
    public const string ApplicationClaim = "application";

    /// <summary>The claim of whoever sees all applications.</summary>
    const string SightClaim = "sees";

    const string All = "all";

    /// <summary>The kind of caller that a holder of a key is.</summary>
    public const string Kind = "key";

    /// <summary>True when the caller sees all applications, and not one alone.</summary>
    public static bool SeesAll(ClaimsPrincipal caller) => caller.HasClaim(SightClaim, All);

    /// <summary>What a caller may see and do, in a word: two callers who have the same are told the same.</summary>
    public static string SightOf(ClaimsPrincipal caller) =>
        string.Join(
            '+',
            caller
                .Claims.Where(claim => claim.Type is ScopeClaim or ApplicationClaim or SightClaim)
                .Select(claim => $"{claim.Type}={claim.Value}")
                .Order(StringComparer.Ordinal)
        );

    /// <summary>The claim that says so.</summary>
    internal static Claim ThatSeesAll() => new(SightClaim, All);

    /// <summary>Makes it of a key.</summary>
    public static ClaimsPrincipal Of(AccessKey key) =>
        new(
            new ClaimsIdentity(
                [
                    new Claim(ClaimTypes.Name, key.Holder),
                    new Claim(ApplicationClaim, key.Application),
                    .. key.Scopes.Select(scope => new Claim(ScopeClaim, scope.Spell())),
                    .. key.Scopes.Contains(Scope.Admin) || key.Application == Applications.Platform
                        ? [ThatSeesAll()]
                        : Array.Empty<Claim>(),
                ],
                authenticationType: Kind
            )
        );
}
