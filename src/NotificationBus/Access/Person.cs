using System.Security.Claims;
using System.Text.Json;

namespace NotificationBus.Access;

/// <summary>A person, or a program, that a provider of OpenID Connect vouches for, as a caller.</summary>
public static class Person
{
    /// <summary>The longest name that the record of changes shows; what is longer is cut.</summary>
    const int MostOfName = 80;

    /// <summary>The longest subject (OpenID Connect Core 1.0, section 2).</summary>
    const int MostOfSubject = 255;

    /// <summary>Makes it of what the provider says.</summary>
    /// <param name="said">The claims of a token whose signature, issuer, audience and time were checked.</param>
    /// <param name="options">How to read them.</param>
    /// <returns>The caller, with a scope for each that the roles open; null when the token has no subject.</returns>
    public static ClaimsPrincipal? Of(IEnumerable<Claim> said, SignInOptions options)
    {
        var claims = said.ToList();
        var subject = Value(claims, "sub");
        if (string.IsNullOrWhiteSpace(subject) || subject.Length > MostOfSubject || !PlainText.IsName(subject, MostOfSubject))
            return null;

        // What limits somebody and cannot be read must not open everything.
        string? application = null;
        if (options.ApplicationClaim is { } path)
        {
            var named = RolesOf(claims, path).ToList();
            if (named.Count > 1 || (named is [{ } one] && KeyText.RefuseApplication(one) is not null))
                return null;
            if (named.Count == 0 && IsSaid(claims, path))
                return null;

            application = named.FirstOrDefault();
        }

        var roles = RolesOf(claims, options.RoleClaim).ToHashSet(StringComparer.Ordinal);
        return new ClaimsPrincipal(
            new ClaimsIdentity(
                [
                    new Claim(ClaimTypes.Name, NameOf(subject, Value(claims, options.NameClaim))),
                    .. options.ScopesOf(roles).Select(scope => new Claim(KeyHolder.ScopeClaim, scope.Spell())),
                    application is null ? KeyHolder.ThatSeesAll() : new Claim(KeyHolder.ApplicationClaim, application),
                ],
                authenticationType: "person"
            )
        );
    }

    /// <summary>
    /// The name in the record of changes: <c>person 248289761001 (Ann Example)</c>. The subject comes first: it is the provider's own, and
    /// names can be chosen.
    /// </summary>
    static string NameOf(string subject, string? name)
    {
        var readable = name is null ? "" : ShortText.Of(name.Trim(), MostOfName);
        return readable.Length > 0 && readable != subject && PlainText.IsName(readable, MostOfName)
            ? $"person {subject} ({readable})"
            : $"person {subject}";
    }

    static string? Value(List<Claim> claims, string type) => claims.Find(claim => claim.Type == type)?.Value;

    /// <summary>The values of a claim, of a list in it, or of an object that a path leads into (<c>realm_access.roles</c>).</summary>
    static IEnumerable<string> RolesOf(List<Claim> claims, string path)
    {
        var whole = claims.Where(claim => claim.Type == path).SelectMany(claim => Texts(claim.Value, [])).ToList();
        if (whole.Count > 0 || !path.Contains('.', StringComparison.Ordinal))
            return whole;

        var parts = path.Split('.');
        return claims.Where(claim => claim.Type == parts[0]).SelectMany(claim => Texts(claim.Value, parts[1..]));
    }

    /// <summary>True when a claim, or what a path leads to, is there, also when it is no text, or nobody can tell.</summary>
    static bool IsSaid(List<Claim> claims, string path)
    {
        if (claims.Exists(claim => claim.Type == path))
            return true;

        var parts = path.Split('.');
        return parts.Length > 1 && claims.Exists(claim => claim.Type == parts[0] && LeadsSomewhere(claim.Value, parts[1..]));
    }

    static bool LeadsSomewhere(string value, string[] path)
    {
        try
        {
            using var read = JsonDocument.Parse(value);
            var at = read.RootElement;
            return Array.TrueForAll(path, name => at.ValueKind == JsonValueKind.Object && at.TryGetProperty(name, out at));
        }
        catch (JsonException)
        {
            return true;
        }
    }

    static IEnumerable<string> Texts(string value, string[] path)
    {
        if (path.Length == 0 && value is not ['[', ..])
            return [value];

        try
        {
            using var read = JsonDocument.Parse(value);
            var at = read.RootElement;
            foreach (var name in path)
            {
                if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(name, out at))
                    return [];
            }

            return at.ValueKind switch
            {
                JsonValueKind.String => [at.GetString()!],
                JsonValueKind.Array =>
                [
                    .. at.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!),
                ],
                _ => [],
            };
        }
        catch (JsonException)
        {
            return path.Length == 0 ? [value] : [];
        }
    }
}
