using System.Collections.Frozen;
using NotificationBus.Host.OpenApi;
using NotificationBus.Intake;

namespace NotificationBus.Host.Http;

/// <summary><c>POST /v1/events/{name}</c>: the same events as on the bus, for producers without one.</summary>
static class EventsApi
{
    public const string Path = "/v1/events/{name}";

    public static void MapEvents(this IEndpointRouteBuilder routes)
    {
        var events = routes
            .ServiceProvider.GetServices<IEventMap>()
            .ToFrozenDictionary(map => map.Name, map => map.Accept(new Handler()), StringComparer.Ordinal);
        string[] names = [.. events.Keys.Order(StringComparer.Ordinal)];

        routes
            .MapPost(
                Path,
                (string name, HttpContext context) =>
                    events.TryGetValue(name, out var handle) ? handle(context) : Task.FromResult(Problems.UnknownEvent(name, names))
            )
            .Describe("postEvent", "Events", "Takes an event of a service, as the bus does.")
            .Waits()
            .Answers<AcceptedEvent>(StatusCodes.Status202Accepted)
            .Answers<ConcludedEvent>()
            .Refuses(404, 413, 415, 422, 429);
    }

    sealed class Handler : IEventMapVisitor<Func<HttpContext, Task<IResult>>>
    {
        public Func<HttpContext, Task<IResult>> Visit<TEvent>(EventMap<TEvent> map)
            where TEvent : class =>
            async context =>
            {
                // Passed over in silence it would look like a promise.
                if (context.Request.Headers.ContainsKey(NotificationsApi.IdempotencyKey))
                    return Problems.Validation(NotificationsApi.IdempotencyKey, "is for /v1/notifications; an event has an eventId");

                var (prefer, refused) = PreferHeader.Read(context.Request);
                if (refused is not null)
                    return refused;

                var (happened, refusal) = await JsonBody.Read<TEvent>(context.Request);
                return refusal ?? await Acceptance.Accept(context, map, happened!, prefer);
            };
    }
}
