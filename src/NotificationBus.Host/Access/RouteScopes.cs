using NotificationBus.Access;
using NotificationBus.Host.Pages;

namespace NotificationBus.Host.Access;

/// <summary>
/// The scope that each route needs, and what there is of an application in it (<see cref="ApplicationWall"/>): all of them stand here, and
/// nowhere else. A route that does not is closed to everybody, and a test names it.
/// </summary>
static class RouteScopes
{
    static readonly RouteScope Door = new([], Reach.Common, IsPage: false) { IsOfConsole = true };

    // By the path as it is mapped; HEAD is as GET. Of several scopes any one will do.
    static readonly Dictionary<string, RouteScope> ByRoute = new(StringComparer.Ordinal)
    {
        // Events and notifications.
        ["POST /v1/events/{name}"] = Needs(Reach.Own, Scope.Send),
        ["POST /v1/events/{name}/batch"] = Needs(Reach.Own, Scope.Send),
        ["POST /v1/notifications"] = Needs(Reach.Own, Scope.Send),
        ["POST /v1/notifications/batch"] = Needs(Reach.Own, Scope.Send),
        ["POST /v1/notifications/{id:guid}/cancel"] = Needs(Reach.Own, Scope.Send, Scope.Operate),
        ["POST /v1/withdrawals"] = Needs(Reach.Own, Scope.Send, Scope.Operate),
        // For good, and whoever asks is told how much there is of somebody.
        ["POST /v1/recipients/erase"] = Needs(Reach.Own, Scope.Admin),
        ["GET /v1/notifications"] = Needs(Reach.Own, Scope.Read),
        ["GET /v1/notifications/{id:guid}"] = Needs(Reach.Notification, Scope.Read),
        ["GET /v1/notifications/{id:guid}/steps"] = Needs(Reach.Notification, Scope.Read),
        ["GET /v1/notifications/{id:guid}/events"] = Needs(Reach.Notification, Scope.Read),
        ["GET /v1/events"] = Needs(Reach.Own, Scope.Read),
        ["GET /v1/notifications/{id:guid}/explain"] = Needs(Reach.Notification, Scope.Read),
        // Whole and not masked.
        ["GET /v1/notifications/{id:guid}/deliveries/{deliveryId:guid}/content"] = Needs(Reach.Notification, Scope.Operate),
        ["GET /v1/templates"] = Needs(Reach.Own, Scope.Read),
        // With how many notifications were planned with each, of all applications.
        ["GET /v1/templates/{category}/versions"] = Needs(Reach.OfAll, Scope.Read),
        ["GET /v1/templates/{category}/versions/{version}"] = Needs(Reach.Own, Scope.Read),
        ["POST /v1/templates/preview"] = Needs(Reach.Own, Scope.Read),

        // Who is told what becomes of them.
        ["GET /v1/subscriptions"] = Needs(Reach.Own, Scope.Read),
        ["GET /v1/subscriptions/{id:guid}"] = Needs(Reach.Subscription, Scope.Read),
        ["GET /v1/subscriptions/{id:guid}/deliveries"] = Needs(Reach.Subscription, Scope.Read),
        ["POST /v1/subscriptions"] = Needs(Reach.Own, Scope.Operate),
        ["PATCH /v1/subscriptions/{id:guid}"] = Needs(Reach.Subscription, Scope.Operate),
        ["DELETE /v1/subscriptions/{id:guid}"] = Needs(Reach.Subscription, Scope.Operate),
        ["POST /v1/subscriptions/{id:guid}/rotate"] = Needs(Reach.Subscription, Scope.Operate),
        ["POST /v1/subscriptions/{id:guid}/test"] = Needs(Reach.Subscription, Scope.Operate),
        ["POST /v1/subscriptions/{id:guid}/recover"] = Needs(Reach.Subscription, Scope.Operate),
        ["POST /v1/subscriptions/{id:guid}/deliveries/{deliveryId:guid}/resend"] = Needs(Reach.Subscription, Scope.Operate),

        // How it stands.
        ["GET /v1/status"] = Needs(Reach.OfAll, Scope.Read),
        ["GET /v1/traffic"] = Needs(Reach.OfAll, Scope.Read),
        ["GET /v1/queues"] = Needs(Reach.OfAll, Scope.Read),
        ["GET /v1/ledger"] = Needs(Reach.OfAll, Scope.Read),
        ["GET /v1/changes"] = Needs(Reach.OfAll, Scope.Read),
        ["GET /v1/providers"] = Needs(Reach.Common, Scope.Read),
        ["GET /v1/channels"] = Needs(Reach.Common, Scope.Read),
        ["GET /v1/event-types"] = Needs(Reach.Common, Scope.Read),
        ["GET /v1/suppressions"] = Needs(Reach.OfAll, Scope.Read),

        // What operators do.
        ["PUT /v1/providers/{account}"] = Needs(Reach.OfAll, Scope.Operate),
        ["PUT /v1/providers/{account}/breaker"] = Needs(Reach.OfAll, Scope.Operate),
        ["PUT /v1/channels/{channel}"] = Needs(Reach.OfAll, Scope.Operate),
        ["PUT /v1/event-types/{category}"] = Needs(Reach.OfAll, Scope.Operate),
        ["POST /v1/suppressions"] = Needs(Reach.OfAll, Scope.Operate),
        ["DELETE /v1/suppressions/{channel}/{address}"] = Needs(Reach.OfAll, Scope.Operate),
        ["POST /v1/notifications/{id:guid}/deliveries/{deliveryId:guid}/decision"] = Needs(Reach.Notification, Scope.Operate),
        ["POST /v1/notifications/{id:guid}/deliveries/{deliveryId:guid}/resend"] = Needs(Reach.Notification, Scope.Operate),
        ["POST /v1/decisions"] = Needs(Reach.Own, Scope.Operate),
        ["POST /v1/repairs"] = Needs(Reach.Own, Scope.Operate),
        ["GET /v1/repairs"] = Needs(Reach.Own, Scope.Read),
        ["GET /v1/repairs/{id:guid}"] = Needs(Reach.Repair, Scope.Read),
        ["GET /v1/repairs/{id:guid}/items"] = Needs(Reach.Repair, Scope.Read),
        ["POST /v1/repairs/{id:guid}/run"] = Needs(Reach.Repair, Scope.Operate),
        ["POST /v1/repairs/{id:guid}/pause"] = Needs(Reach.Repair, Scope.Operate),
        ["POST /v1/repairs/{id:guid}/stop"] = Needs(Reach.Repair, Scope.Operate),

        // Failed messages: whatever anybody has published.
        ["GET /v1/failed-messages"] = Needs(Reach.OfAll, Scope.Operate),
        ["GET /v1/failed-messages/causes"] = Needs(Reach.OfAll, Scope.Operate),
        ["GET /v1/failed-messages/{id:guid}"] = Needs(Reach.OfAll, Scope.Operate),
        ["GET /v1/failed-messages/{id:guid}/body"] = Needs(Reach.OfAll, Scope.Operate),
        ["POST /v1/failed-messages/replay"] = Needs(Reach.OfAll, Scope.Operate),
        ["POST /v1/failed-messages/archive"] = Needs(Reach.OfAll, Scope.Operate),
        ["POST /v1/failed-messages/{id:guid}/replay"] = Needs(Reach.OfAll, Scope.Operate),
        ["POST /v1/failed-messages/{id:guid}/archive"] = Needs(Reach.OfAll, Scope.Operate),

        // The same over gRPC. Each call passes the HTTP API, and its scope there.
        ["POST /notificationbus.v1.Notifications/Send"] = Needs(Reach.Common, Scope.Send),
        ["POST /notificationbus.v1.Notifications/SendMany"] = Needs(Reach.Common, Scope.Send),
        ["POST /notificationbus.v1.Notifications/Publish"] = Needs(Reach.Common, Scope.Send),
        ["POST /notificationbus.v1.Notifications/Get"] = Needs(Reach.Common, Scope.Read),
        ["POST /notificationbus.v1.Notifications/Find"] = Needs(Reach.Common, Scope.Read),
        ["POST /notificationbus.v1.Notifications/Watch"] = Needs(Reach.Common, Scope.Read),
        ["POST /notificationbus.v1.Notifications/WatchMany"] = Needs(Reach.Common, Scope.Read),
        ["POST /notificationbus.v1.Notifications/Cancel"] = Needs(Reach.Common, Scope.Send, Scope.Operate),
        ["POST /notificationbus.v1.Notifications/Withdraw"] = Needs(Reach.Common, Scope.Send, Scope.Operate),
        ["POST /grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"] = Needs(Reach.Common, Enum.GetValues<Scope>()),
        ["POST /grpc.reflection.v1.ServerReflection/ServerReflectionInfo"] = Needs(Reach.Common, Enum.GetValues<Scope>()),
        ["POST /grpc.health.v1.Health/Check"] = RouteScope.Everybody,
        ["POST /grpc.health.v1.Health/Watch"] = RouteScope.Everybody,

        // Keys.
        ["GET /v1/keys"] = Needs(Reach.OfAll, Scope.Admin),
        ["POST /v1/keys"] = Needs(Reach.OfAll, Scope.Admin),
        ["POST /v1/keys/{id}/rotate"] = Needs(Reach.OfAll, Scope.Admin),
        ["POST /v1/keys/{id}/revoke"] = Needs(Reach.OfAll, Scope.Admin),

        // Pages: a browser asks for the key, as a password to any user's name.
        ["GET /"] = Page(Reach.Common, Scope.Read),
        ["GET /openapi/{documentName}.json"] = Page(Reach.Common, Enum.GetValues<Scope>()),
        ["GET /docs/{documentName?}"] = Page(Reach.Common, Enum.GetValues<Scope>()),
        ["GET /docs/scalar.js"] = Page(Reach.Common, Enum.GetValues<Scope>()),
        ["GET /docs/favicon.svg"] = Page(Reach.Common, Enum.GetValues<Scope>()),
        ["GET /docs/scalar.aspnetcore.js"] = Page(Reach.Common, Enum.GetValues<Scope>()),
        ["GET /inbox"] = Page(Reach.OfAll, Scope.Read),
        ["GET /inbox/inbox.css"] = Page(Reach.OfAll, Scope.Read),
        ["GET /inbox/inbox.js"] = Page(Reach.OfAll, Scope.Read),
        ["GET /inbox/examples.js"] = Page(Reach.OfAll, Scope.Read),
        ["GET /inbox/deliveries"] = Page(Reach.OfAll, Scope.Read),
        ["GET /inbox/deliveries/{number:long}"] = Page(Reach.OfAll, Scope.Read),
        ["GET /inbox/deliveries/{number:long}/html"] = Page(Reach.OfAll, Scope.Read),
        ["GET /inbox/stream"] = Page(Reach.OfAll, Scope.Read),
        ["DELETE /inbox/deliveries"] = Page(Reach.OfAll, Scope.Operate),

        // The console.
        ["GET /overview"] = Console(Scope.Read),
        ["GET /problems"] = Console(Scope.Read),
        ["GET /find"] = Console(Scope.Read),
        ["GET /decisions"] = Console(Scope.Read),
        ["GET /failures"] = Console(Scope.Read),
        ["GET /repairs"] = Console(Scope.Read),
        ["GET /repairs/{Id:guid}"] = Console(Scope.Read),
        ["GET /providers"] = Console(Scope.Read),
        ["GET /event-types"] = Console(Scope.Read),
        ["GET /suppressions"] = Console(Scope.Read),
        ["GET /subscriptions"] = Console(Scope.Read),
        ["GET /subscriptions/{Id:guid}"] = Console(Scope.Read),
        ["GET /texts"] = Console(Scope.Read),
        ["GET /texts/versions"] = Console(Scope.Read),
        ["GET /texts/html"] = Page(Reach.Common, Scope.Read),
        ["GET /marketplace"] = Console(Scope.Read),
        ["GET /diary"] = Console(Scope.Read),
        ["GET /keys"] = Console(Scope.Read),
        ["GET /notifications"] = Console(Scope.Read),
        ["GET /notifications.csv"] = Page(Reach.Common, Scope.Read),
        ["GET /notifications/{Id:guid}"] = Console(Scope.Read),
        ["GET /notifications/{id:guid}/deliveries/{deliveryId:guid}/html"] = Page(Reach.Common, Scope.Operate),
        ["GET /_blazor"] = Page(Reach.Common, Scope.Read),
        ["GET /_blazor/negotiate"] = Page(Reach.Common, Scope.Read),
        ["GET /_blazor/disconnect"] = Page(Reach.Common, Scope.Read),
        ["GET /_blazor/initializers"] = Page(Reach.Common, Scope.Read),
        ["GET /sign-in"] = Door,
        ["POST /sign-in"] = Door,
        ["POST /sign-out"] = RouteScope.Everybody,

        // People sign in, and out.
        ["GET /sign-in/openid"] = RouteScope.Everybody,
        ["GET /sign-in/openid/done"] = RouteScope.Everybody,
        ["POST /sign-out/openid"] = RouteScope.Everybody,

        // No key: each call proves itself, or there is nothing in it to keep.
        ["POST /v1/receipts/{provider}"] = RouteScope.Everybody,
        ["GET /v1/unsubscribe/{token}"] = RouteScope.Everybody,
        ["POST /v1/unsubscribe/{token}"] = RouteScope.Everybody,
        ["GET /health/live"] = RouteScope.Everybody,
        ["GET /health/ready"] = RouteScope.Everybody,
        ["GET /healthz"] = RouteScope.Everybody,
        ["GET /metrics"] = RouteScope.Everybody,
        ["GET /llms.txt"] = RouteScope.Everybody,
    };

    /// <summary>The scope that a route needs; null when nobody has said.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">The path as it is mapped, such as <c>/v1/keys/{id}/rotate</c>.</param>
    public static RouteScope? Of(string method, string path) =>
        ByRoute.GetValueOrDefault($"{(method == HttpMethods.Head ? HttpMethods.Get : method)} /{path.Trim('/')}")
        // Their names have the hash of what is in them.
        ?? (ConsolePages.IsPart($"/{path.Trim('/')}") ? RouteScope.Everybody : null);

    /// <summary>All routes that are named here.</summary>
    public static IReadOnlyCollection<string> All => ByRoute.Keys;

    static RouteScope Needs(Reach reach, params Scope[] scopes) => new(scopes, reach, IsPage: false);

    static RouteScope Page(Reach reach, params Scope[] scopes) => new(scopes, reach, IsPage: true);

    // A page of the console has nothing of its own: it asks the API, with the key of whoever looks.
    static RouteScope Console(params Scope[] scopes) => new(scopes, Reach.Common, IsPage: true) { IsOfConsole = true };
}

/// <summary>The scope that a route needs.</summary>
/// <param name="AnyOf">Any one of these will do; none, for a route that is open to everybody.</param>
/// <param name="Reach">What there is of an application in it.</param>
/// <param name="IsPage">True when a browser may ask for the key.</param>
sealed record RouteScope(IReadOnlyList<Scope> AnyOf, Reach Reach, bool IsPage)
{
    /// <summary>Open to everybody.</summary>
    public static RouteScope Everybody { get; } = new([], Reach.Common, IsPage: false);

    /// <summary>True for what is shown with the scripts and styles of the console.</summary>
    public bool IsOfConsole { get; init; }

    /// <summary>The words for the scopes.</summary>
    public IReadOnlyList<string> Words { get; } = [.. AnyOf.Select(scope => scope.Spell())];
}
