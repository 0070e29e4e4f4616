using System.Security.Claims;
using Microsoft.AspNetCore.Components.Authorization;

namespace NotificationBus.Dashboard;

/// <summary>
/// Whoever looks at the console, and what the pages show them. What they may do the API decides; the pages only leave out what it would
/// refuse.
/// </summary>
public sealed class ConsoleUser(AuthenticationStateProvider state)
{
    ClaimsPrincipal _caller = new();

    /// <summary>True when somebody had to say who they are.</summary>
    public bool IsSignedIn => _caller.Identity is { IsAuthenticated: true };

    /// <summary>The name under which what they do is on record; null when nobody is asked.</summary>
    public string? Name => IsSignedIn ? _caller.Identity!.Name : null;

    /// <summary>True for who may do what operators do.</summary>
    public bool IsOperator => Has("operate");

    /// <summary>True for who may also do what concerns all applications.</summary>
    public bool IsOperatorOfAll => IsOperator && SeesAll;

    /// <summary>True for who may make keys and revoke them.</summary>
    public bool IsAdmin => IsSignedIn && Has("admin");

    /// <summary>True for who may publish events.</summary>
    public bool MaySend => Has("send");

    /// <summary>True for who sees all applications, and not one alone.</summary>
    public bool SeesAll => !IsSignedIn || _caller.HasClaim("sees", "all");

    /// <summary>The role, in a word.</summary>
    public string Role =>
        !IsSignedIn ? "Nobody is asked for a key here"
        : IsAdmin ? "Administrator"
        : IsOperator ? "Operator"
        : "Viewer";

    /// <summary>The name the API is told where it asks nobody for a key.</summary>
    public string? By => IsSignedIn ? null : "console";

    /// <summary>Looks who it is.</summary>
    public async Task Look() => _caller = (await state.GetAuthenticationStateAsync()).User;

    bool Has(string scope) => !IsSignedIn || _caller.HasClaim("scope", scope);
}
