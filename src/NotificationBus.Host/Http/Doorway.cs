using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing.Patterns;
using NotificationBus.Host.Access;
using NotificationBus.Host.Settings;

namespace NotificationBus.Host.Http;

/// <summary>
/// Checks of every request before its address is asked: by which port it comes, by which name, and by which path.
/// </summary>
static class Doorway
{
    /// <summary>Says to every answer how it may be kept, and turns away what nobody has to ask for here.</summary>
    public static void UseDoorway(this WebApplication app, HostSettings settings, IReadOnlyCollection<string> inside)
    {
        app.UseSecurityHeaders();
        app.UseProblemDetails();
        app.UseRouting();
        if (settings.PublicUrls is not null)
            app.UsePublicPort(inside);

        var names = app.Services.GetRequiredService<HostNames>();
        app.Use(
            (context, next) =>
                !IsPlain(context.Features.Get<IHttpRequestFeature>()!.RawTarget, context.GetEndpoint())
                    ? Problems.NotPlain().ExecuteAsync(context)
                : !names.Allows(context.Request.Host, context.IsForTheWorld()) ? Refuse(context)
                : next(context)
        );
        app.UseAccess();
        app.UseCallLimits();
        app.UseSecondTry();
        app.UseApplicationWall();
        app.UseKnownParameters();

        Task Refuse(HttpContext context) =>
            (settings.PublicUrls is null || !context.IsForTheWorld() ? Problems.UnknownHost() : Problems.NothingForTheWorld()).ExecuteAsync(
                context
            );
    }

    /// <summary>
    /// True when a path says at once where it leads. The server would follow <c>/inbox/../v1/providers</c>, <c>/V1/providers</c> and
    /// <c>/%761/providers</c>, and a proxy that compares the beginnings of paths would take them for something else; so they lead nowhere.
    /// </summary>
    /// <param name="target">What the request asks for, as it came.</param>
    /// <param name="endpoint">Where it leads; null when nowhere.</param>
    internal static bool IsPlain(string target, Endpoint? endpoint = null)
    {
        var path = PathOf(target);
        if (path.Contains("//", StringComparison.Ordinal) || path.Contains('\\') || HidesLetters(path))
            return false;

        var fixedParts = (endpoint as RouteEndpoint)?.RoutePattern.PathSegments ?? [];
        var number = -1; // The path begins with a slash, and so with a segment of nothing.
        foreach (var range in path.Split('/'))
        {
            var segment = path[range];
            if (IsDots(segment))
                return false;
            // Names and ids are compared by whoever knows them.
            if (
                number >= 0
                && number < fixedParts.Count
                && fixedParts[number].Parts is [RoutePatternLiteralPart part]
                && !segment.SequenceEqual(part.Content)
            )
                return false;

            number++;
        }

        return true;
    }

    static ReadOnlySpan<char> PathOf(string target)
    {
        var path = target.AsSpan();
        if (target.IndexOf("://", StringComparison.Ordinal) is > 0 and var scheme && !target.StartsWith('/'))
            path = path[(scheme + 3)..] is var rest && rest.IndexOf('/') is >= 0 and var slash ? rest[slash..] : "/";
        return path.IndexOf('?') is >= 0 and var query ? path[..query] : path;
    }

    /// <summary>
    /// True when a character stands as <c>%</c> and two digits that means the same without (unreserved, RFC 3986, sections 2.3 and
    /// 6.2.2.2).
    /// </summary>
    static bool HidesLetters(ReadOnlySpan<char> path)
    {
        while (path.IndexOf('%') is >= 0 and var at)
        {
            path = path[(at + 1)..];
            if (
                path.Length >= 2
                && byte.TryParse(path[..2], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet)
                && (char.IsAsciiLetterOrDigit((char)octet) || (char)octet is '-' or '.' or '_' or '~')
            )
                return true;
        }

        return false;
    }

    /// <summary>One or two dots; written as <c>%2e</c> they are not taken anyway.</summary>
    static bool IsDots(ReadOnlySpan<char> segment) => segment is "." or "..";
}
