namespace NotificationBus.Host.Http;

/// <summary>Routes that only read: what answers to GET answers to HEAD, without a body.</summary>
static class ReadRoutes
{
    static readonly string[] GetAndHead = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Maps a route that reads.</summary>
    /// <param name="routes">Where it is mapped.</param>
    /// <param name="pattern">The path.</param>
    /// <param name="handler">The handler of both methods.</param>
    public static RouteHandlerBuilder MapRead(this IEndpointRouteBuilder routes, string pattern, Delegate handler) =>
        routes.MapMethods(pattern, GetAndHead, handler);

    /// <summary>Has what a package maps answer HEAD as GET.</summary>
    /// <param name="routes">What was mapped.</param>
    public static TRoutes AnswersHead<TRoutes>(this TRoutes routes)
        where TRoutes : IEndpointConventionBuilder
    {
        routes.Add(endpoint =>
        {
            if (endpoint.Metadata.OfType<HttpMethodMetadata>().LastOrDefault()?.HttpMethods is [var only] && HttpMethods.IsGet(only))
                endpoint.Metadata.Add(new HttpMethodMetadata(GetAndHead));
        });
        return routes;
    }
}
