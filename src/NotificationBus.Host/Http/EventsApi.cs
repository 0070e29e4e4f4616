using System.Collections.Frozen;
using MassTransit;
using NotificationBus.Host.Access;
using NotificationBus.Host.OpenApi;
using NotificationBus.Intake;
using NotificationBus.Notifications;

namespace NotificationBus.Host.Http;

/// <summary><c>POST /v1/events/{name}</c>: the same events as on the bus, for producers without one.</summary>
static class EventsApi
{
    public const string Path = "/v1/events/{name}";

    public static void MapEvents(this IEndpointRouteBuilder routes)
    {
        var handler = new Handler();
        var events = routes
            .ServiceProvider.GetServices<IEventMap>()
            .Select(map => (map.Name, Handle: map.Accept(handler)))
            .Concat(routes.ServiceProvider.GetServices<IWithdrawalMap>().Select(map => (map.Name, Handle: map.Accept(handler))))
            .ToFrozenDictionary(one => one.Name, one => one.Handle, StringComparer.Ordinal);
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

    /// <summary>Says what is wrong with an event that withdraws; null when nothing is.</summary>
    public static IResult? Check<TEvent>(WithdrawalMap<TEvent> map, TEvent happened)
        where TEvent : class
    {
        var errors = new FieldErrors();
        foreach (var breach in errors.UntilFull(WithdrawalRules.Check(map, happened)))
            errors.Add(breach.Path, breach.Error);
        return errors.Any ? Problems.Validation(errors.ByField) : null;
    }

    /// <summary>Publishes an event that withdraws.</summary>
    public static Task Publish<TEvent>(IServiceProvider services, TEvent happened, string application)
        where TEvent : class
    {
        var bus = services.GetRequiredService<IBus>();
        var applications = services.GetRequiredService<IMessageApplications>();
        return services
            .GetRequiredService<IntakeGate>()
            .Publish(() => bus.Publish(happened, publish => applications.Name(publish, application), CancellationToken.None));
    }

    /// <summary>Says that an event has no key; null when it was given none.</summary>
    public static IResult? RefuseKey(HttpRequest request) =>
        // Passed over in silence it would look like a promise.
        request.Headers.ContainsKey(NotificationsApi.IdempotencyKey)
            ? Problems.Validation(NotificationsApi.IdempotencyKey, "is for /v1/notifications; an event has an eventId")
            : null;

    sealed class Handler : IEventMapVisitor<Func<HttpContext, Task<IResult>>>, IWithdrawalMapVisitor<Func<HttpContext, Task<IResult>>>
    {
        public Func<HttpContext, Task<IResult>> Visit<TEvent>(EventMap<TEvent> map)
            where TEvent : class =>
            async context =>
            {
                var (prefer, happened, refusal) = await Read<TEvent>(context);
                return refusal ?? await Acceptance.Accept(context, map, happened!, prefer);
            };

        /// <summary>It begins no notification, and there is none to wait for.</summary>
        public Func<HttpContext, Task<IResult>> Visit<TEvent>(WithdrawalMap<TEvent> map)
            where TEvent : class =>
            async context =>
            {
                var (_, happened, refusal) = await Read<TEvent>(context);
                if (refusal is not null)
                    return refusal;

                if (Check(map, happened!) is { } wrong)
                    return wrong;

                await Publish(context.RequestServices, happened!, context.ActsFor());
                return Results.Accepted(value: new AcceptedEvent([]));
            };

        static async Task<(PreferHeader Prefer, TEvent? Happened, IResult? Refusal)> Read<TEvent>(HttpContext context)
            where TEvent : class
        {
            if (RefuseKey(context.Request) is { } unasked)
                return (null!, null, unasked);

            var (prefer, refused) = PreferHeader.Read(context.Request);
            if (refused is not null)
                return (prefer, null, refused);

            var (happened, refusal) = await JsonBody.Read<TEvent>(context.Request);
            return (prefer, happened, refusal);
        }
    }
}
