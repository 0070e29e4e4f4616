using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Claims;

namespace NotificationBus.Host.Access;

/// <summary>
/// Sessions of whoever signed in to pages: how long each lasts, and which were signed out of before. A cookie cannot be taken back, and a
/// window that is open asks for none: both are looked up here. A cookie is of one host, and so is this.
/// </summary>
sealed class ConsoleSessions(TimeProvider clock)
{
    const string IdClaim = "session";

    const string EndClaim = "session_end";

    // Where a session has no end of its own, its cookie has one: nobody comes back with it later.
    static readonly TimeSpan Longest = TimeSpan.FromHours(12);

    readonly ConcurrentDictionary<string, DateTimeOffset> _signedOut = new(StringComparer.Ordinal);

    /// <summary>Begins a session.</summary>
    /// <param name="who">Whoever signs in.</param>
    /// <param name="lifetime">How long it lasts; null when its cookie alone says so.</param>
    /// <returns>When it ends; null when its cookie alone says so.</returns>
    public DateTimeOffset? Begin(ClaimsIdentity who, TimeSpan? lifetime)
    {
        who.AddClaim(new Claim(IdClaim, Guid.NewGuid().ToString("N")));
        if (lifetime is not { } lasts)
            return null;

        var end = clock.GetUtcNow() + lasts;
        who.AddClaim(new Claim(EndClaim, end.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)));
        return end;
    }

    /// <summary>Ends the session of somebody who signs out, in every window.</summary>
    public void End(ClaimsPrincipal? who)
    {
        if (who?.FindFirst(IdClaim) is not { Value: var id })
            return;

        var now = clock.GetUtcNow();
        _signedOut[id] = EndOf(who) ?? now + Longest;
        foreach (var (old, until) in _signedOut)
            if (until <= now)
                _signedOut.TryRemove(old, out _);
    }

    /// <summary>True while the session lasts, and for whoever has none: who brings a key has it looked at each time.</summary>
    public bool Admits(ClaimsPrincipal who) =>
        who.FindFirst(IdClaim) is not { Value: var id } || (!_signedOut.ContainsKey(id) && !(EndOf(who) <= clock.GetUtcNow()));

    static DateTimeOffset? EndOf(ClaimsPrincipal who) =>
        long.TryParse(who.FindFirst(EndClaim)?.Value, CultureInfo.InvariantCulture, out var seconds)
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;
}
