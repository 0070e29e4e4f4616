using NotificationBus.Access;
using NotificationBus.Host.Http;
using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Repairs;
using NotificationBus.Subscriptions;

namespace NotificationBus.Host.Access;

/// <summary>
/// Keeps the applications apart. A caller sees and changes the one it belongs to; who sees all may name one. What belongs to another is
/// answered as what is not there. Each route says in <see cref="RouteScopes"/> what there is of an application in it.
/// </summary>
static class ApplicationWall
{
    /// <summary>The parameter by which whoever sees all names one.</summary>
    public const string Parameter = "application";

    /// <summary>Looks at each call before its handler does. Needs to know who calls.</summary>
    public static void UseApplicationWall(this WebApplication app)
    {
        var asks = app.Services.GetRequiredService<AskedForKeys>().Value;
        app.Use(
            async (context, next) =>
            {
                if (context.GetEndpoint()?.Metadata.GetMetadata<RouteScope>() is not { AnyOf.Count: > 0 } route)
                {
                    await next(context);
                    return;
                }

                var (place, refusal) = Stand(context, asks, route);
                if (refusal is null && place!.Sight.Application is { } application)
                {
                    context.Features.Set(place);
                    refusal = await Refuse(context, route.Reach, application, place.SeesAll);
                }

                if (refusal is not null)
                {
                    await refusal.ExecuteAsync(context);
                    return;
                }

                context.Features.Set(place);
                await next(context);
            }
        );
    }

    /// <summary>What the caller may see. Nothing is answered where nobody has looked.</summary>
    public static Sight Sight(this HttpContext context) => Of(context).Sight;

    /// <summary>The application for which the caller acts: the one it has named, or its own.</summary>
    public static string ActsFor(this HttpContext context) => Of(context).ActsFor;

    /// <summary>
    /// True when the caller sees all and has named none, so that what it does might be meant for any. Where nobody is asked for a key there
    /// is one application.
    /// </summary>
    public static bool HasToNameOne(this HttpContext context) =>
        Of(context) is { SeesAll: true, Sight.Application: null } && context.RequestServices.GetRequiredService<AskedForKeys>().Value;

    static Standing Of(HttpContext context) =>
        context.Features.Get<Standing>() ?? throw new InvalidOperationException("nobody has looked what the caller may see");

    static (Standing? Standing, IResult? Refusal) Stand(HttpContext context, bool asks, RouteScope route)
    {
        var own = context.User.FindFirst(KeyHolder.ApplicationClaim)?.Value;
        var seesAll = !asks || KeyHolder.SeesAll(context.User);
        // Whoever is neither of an application nor for all sees nothing: there is no application without a name.
        own ??= seesAll ? Applications.Default : "";
        var query = context.Request.Query;
        if (!query.TryGetValue(Parameter, out var named))
            return (new Standing(seesAll ? Model.Sight.OfAll : new Sight(own), own, seesAll), null);

        // Passed over in silence it would look like an answer about that one.
        if (route is { IsPage: false, Reach: Reach.Common or Reach.OfAll })
            return (null, Problems.Validation(Parameter, "is for what belongs to one application; this is the same for all"));
        if (named is not [{ } name] || KeyText.RefuseApplication(name) is not null)
            return (null, Problems.Validation(Parameter, KeyText.RefuseApplication($"{named}") ?? "stands more than once"));

        return seesAll || name == own ? (new Standing(new Sight(name), name, seesAll), null) : (null, Problems.OfOneApplication(own));
    }

    /// <summary>The answer to whoever may see one application alone; null when the handler may look.</summary>
    static async Task<IResult?> Refuse(HttpContext context, Reach reach, string application, bool seesAll)
    {
        switch (reach)
        {
            case Reach.Common or Reach.Own:
                return null;
            case Reach.OfAll:
                return seesAll ? null : Problems.OfOneApplication(application);
            case Reach.Notification:
                return await ApplicationOfNotification(context) == application ? null : Problems.UnknownNotification();
            case Reach.Subscription:
                return await ApplicationOfSubscription(context) == application ? null : Problems.UnknownSubscription();
            case Reach.Repair:
                return await ApplicationOfRepair(context) == application ? null : Problems.UnknownRepair();
            default:
                throw new InvalidOperationException(
                    $"{context.GetEndpoint()?.DisplayName} does not say what there is of an application in it"
                );
        }
    }

    static Guid IdIn(HttpContext context) => Guid.Parse((string)context.GetRouteValue("id")!);

    // The record first: what is in it says so for good.
    static async Task<string?> ApplicationOfNotification(HttpContext context)
    {
        var id = IdIn(context);
        return await context.RequestServices.GetRequiredService<INotificationQueries>().ApplicationOf(id, context.RequestAborted)
            ?? context.RequestServices.GetRequiredService<RecentlyAccepted>().ApplicationOf(id);
    }

    static async Task<string?> ApplicationOfSubscription(HttpContext context)
    {
        var id = IdIn(context);
        var all = await context.RequestServices.GetRequiredService<ISubscriptions>().Load(context.RequestAborted);
        return all.FirstOrDefault(one => one.Id == id)?.Application;
    }

    static async Task<string?> ApplicationOfRepair(HttpContext context) =>
        (await context.RequestServices.GetRequiredService<IRepairs>().Find(IdIn(context), context.RequestAborted))?.Application;

    /// <summary>Where a caller stands.</summary>
    /// <param name="Sight">What it may see.</param>
    /// <param name="ActsFor">The application for which it acts.</param>
    /// <param name="SeesAll">True when it may see all, though it may have named one.</param>
    sealed record Standing(Sight Sight, string ActsFor, bool SeesAll);
}

/// <summary>What there is of an application in a route.</summary>
enum Reach
{
    /// <summary>Nobody has said: it is closed.</summary>
    Unsaid,

    /// <summary>Nothing: it is the same for all applications, and everybody with the scope may see it.</summary>
    Common,

    /// <summary>The handler looks at what is the caller's, and at nothing else.</summary>
    Own,

    /// <summary>Its <c>id</c> is a notification, which belongs to the caller, or is not there.</summary>
    Notification,

    /// <summary>Its <c>id</c> is a subscription, the same.</summary>
    Subscription,

    /// <summary>Its <c>id</c> is a repair, the same.</summary>
    Repair,

    /// <summary>It concerns all applications at once: for those who see all.</summary>
    OfAll,
}
