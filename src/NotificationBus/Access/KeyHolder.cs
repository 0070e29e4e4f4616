using System.Security.Claims;

namespace NotificationBus.Access;

/// <summary>The holder of a key, as a caller.</summary>
public static class KeyHolder
{
    /// <summary>The claim that has a scope; there is one for each.</summary>
    public const string ScopeClaim = "scope";

    /// <summary>The claim that has the application.</summary>
    public const string ApplicationClaim = "application";

    /// <summary>Makes it of a key.</summary>
    public static ClaimsPrincipal Of(AccessKey key) =>
        new(
            new ClaimsIdentity(
                [
                    new Claim(ClaimTypes.Name, key.Holder),
                    new Claim(ApplicationClaim, key.Application),
                    .. key.Scopes.Select(scope => new Claim(ScopeClaim, scope.Spell())),
                ],
                authenticationType: "key"
            )
        );
}
