using NotificationBus.Access;

namespace NotificationBus.Host.Access;

/// <summary>
/// The scope that each route needs: all of them stand here, and nowhere else. A route that does not is closed to everybody, and a test
/// names it.
/// </summary>
static class RouteScopes
{
    // By the path as it is mapped; HEAD is as GET. Of several scopes any one will do.
    static readonly Dictionary<string, RouteScope> ByRoute = new(StringComparer.Ordinal)
    {
        // Events and notifications.
        ["POST /v1/events/{name}"] = Needs(Scope.Send),
        ["POST /v1/notifications"] = Needs(Scope.Send),
        ["POST /v1/notifications/{id:guid}/cancel"] = Needs(Scope.Send, Scope.Operate),
        ["GET /v1/notifications"] = Needs(Scope.Read),
        ["GET /v1/notifications/{id:guid}"] = Needs(Scope.Read),
        ["GET /v1/notifications/{id:guid}/steps"] = Needs(Scope.Read),
        ["GET /v1/notifications/{id:guid}/explain"] = Needs(Scope.Read),
        // Whole and not masked.
        ["GET /v1/notifications/{id:guid}/deliveries/{deliveryId:guid}/content"] = Needs(Scope.Operate),
        ["POST /v1/templates/preview"] = Needs(Scope.Read),

        // How it stands.
        ["GET /v1/status"] = Needs(Scope.Read),
        ["GET /v1/ledger"] = Needs(Scope.Read),
        ["GET /v1/changes"] = Needs(Scope.Read),
        ["GET /v1/providers"] = Needs(Scope.Read),
        ["GET /v1/channels"] = Needs(Scope.Read),
        ["GET /v1/suppressions"] = Needs(Scope.Read),

        // What operators do.
        ["PUT /v1/providers/{account}"] = Needs(Scope.Operate),
        ["PUT /v1/channels/{channel}"] = Needs(Scope.Operate),
        ["POST /v1/suppressions"] = Needs(Scope.Operate),
        ["DELETE /v1/suppressions/{channel}/{address}"] = Needs(Scope.Operate),
        ["POST /v1/notifications/{id:guid}/deliveries/{deliveryId:guid}/decision"] = Needs(Scope.Operate),
        ["POST /v1/decisions"] = Needs(Scope.Operate),

        // Failed messages: whatever anybody has published.
        ["GET /v1/failed-messages"] = Needs(Scope.Operate),
        ["GET /v1/failed-messages/causes"] = Needs(Scope.Operate),
        ["GET /v1/failed-messages/{id:guid}"] = Needs(Scope.Operate),
        ["GET /v1/failed-messages/{id:guid}/body"] = Needs(Scope.Operate),
        ["POST /v1/failed-messages/replay"] = Needs(Scope.Operate),
        ["POST /v1/failed-messages/archive"] = Needs(Scope.Operate),
        ["POST /v1/failed-messages/{id:guid}/replay"] = Needs(Scope.Operate),
        ["POST /v1/failed-messages/{id:guid}/archive"] = Needs(Scope.Operate),

        // Keys.
        ["GET /v1/keys"] = Needs(Scope.Admin),
        ["POST /v1/keys"] = Needs(Scope.Admin),
        ["POST /v1/keys/{id}/rotate"] = Needs(Scope.Admin),
        ["POST /v1/keys/{id}/revoke"] = Needs(Scope.Admin),

        // Pages: a browser asks for the key, as a password to any user's name.
        ["GET /"] = Page(Scope.Read),
        ["GET /openapi/{documentName}.json"] = Page(Enum.GetValues<Scope>()),
        ["GET /docs/{documentName?}"] = Page(Enum.GetValues<Scope>()),
        ["GET /docs/scalar.js"] = Page(Enum.GetValues<Scope>()),
        ["GET /docs/favicon.svg"] = Page(Enum.GetValues<Scope>()),
        ["GET /docs/scalar.aspnetcore.js"] = Page(Enum.GetValues<Scope>()),
        ["GET /inbox"] = Page(Scope.Read),
        ["GET /inbox/inbox.css"] = Page(Scope.Read),
        ["GET /inbox/inbox.js"] = Page(Scope.Read),
        ["GET /inbox/examples.js"] = Page(Scope.Read),
        ["GET /inbox/deliveries"] = Page(Scope.Read),
        ["GET /inbox/deliveries/{number:long}"] = Page(Scope.Read),
        ["GET /inbox/deliveries/{number:long}/html"] = Page(Scope.Read),
        ["GET /inbox/stream"] = Page(Scope.Read),
        ["DELETE /inbox/deliveries"] = Page(Scope.Operate),

        // No key: each call proves itself, or there is nothing in it to keep.
        ["POST /v1/receipts/{provider}"] = RouteScope.Everybody,
        ["GET /v1/unsubscribe/{token}"] = RouteScope.Everybody,
        ["POST /v1/unsubscribe/{token}"] = RouteScope.Everybody,
        ["GET /health/live"] = RouteScope.Everybody,
        ["GET /health/ready"] = RouteScope.Everybody,
        ["GET /healthz"] = RouteScope.Everybody,
        ["GET /metrics"] = RouteScope.Everybody,
    };

    /// <summary>The scope that a route needs; null when nobody has said.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">The path as it is mapped, such as <c>/v1/keys/{id}/rotate</c>.</param>
    public static RouteScope? Of(string method, string path) =>
        ByRoute.GetValueOrDefault($"{(method == HttpMethods.Head ? HttpMethods.Get : method)} /{path.Trim('/')}");

    /// <summary>All routes that are named here.</summary>
    public static IReadOnlyCollection<string> All => ByRoute.Keys;

    static RouteScope Needs(params Scope[] scopes) => new(scopes, IsPage: false);

    static RouteScope Page(params Scope[] scopes) => new(scopes, IsPage: true);
}

/// <summary>The scope that a route needs.</summary>
/// <param name="AnyOf">Any one of these will do; none, for a route that is open to everybody.</param>
/// <param name="IsPage">True when a browser may ask for the key.</param>
sealed record RouteScope(IReadOnlyList<Scope> AnyOf, bool IsPage)
{
    /// <summary>Open to everybody.</summary>
    public static RouteScope Everybody { get; } = new([], IsPage: false);

    /// <summary>The words for the scopes.</summary>
    public IReadOnlyList<string> Words { get; } = [.. AnyOf.Select(scope => scope.Spell())];
}
