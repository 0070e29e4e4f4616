using Microsoft.AspNetCore.Routing.Patterns;

namespace NotificationBus.Host.Http;

/// <summary>Finds out whether a path leads nowhere only because an id in it is no UUID.</summary>
static class IdPlaces
{
    /// <summary>
    /// The place of the wrong id, as <c>{id} in /v1/notifications/{id}</c>; null when the path leads nowhere for other reasons.
    /// </summary>
    public static string? WrongIn(HttpContext context)
    {
        if (context.GetEndpoint() is not null)
            return null;

        var segments = (context.Request.Path.Value ?? "").Trim('/').Split('/');
        return context
            .RequestServices.GetRequiredService<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .Select(endpoint => WrongIn(segments, endpoint.RoutePattern))
            .FirstOrDefault(place => place is not null);
    }

    static string? WrongIn(string[] segments, RoutePattern pattern)
    {
        if (pattern.PathSegments.Count != segments.Length)
            return null;

        string? wrong = null;
        foreach (var (expected, segment) in pattern.PathSegments.Zip(segments))
        {
            switch (expected.Parts)
            {
                case [RoutePatternLiteralPart literal] when literal.Content != segment:
                    return null;
                case [RoutePatternParameterPart id] when IsUuid(id) && !Guid.TryParse(segment, out _):
                    wrong ??= id.Name;
                    break;
            }
        }

        return wrong is null ? null : $"{{{wrong}}} in /{pattern.RawText!.Trim('/').Replace(":guid", "", StringComparison.Ordinal)}";
    }

    static bool IsUuid(RoutePatternParameterPart part) => part.ParameterPolicies.Any(policy => policy.Content == "guid");
}
