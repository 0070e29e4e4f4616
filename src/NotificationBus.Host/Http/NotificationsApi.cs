using System.Data.Common;
using NotificationBus.Contracts;
using NotificationBus.Host.Access;
using NotificationBus.Host.OpenApi;
using NotificationBus.Intake;
using NotificationBus.Intake.Maps;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Repairs;

namespace NotificationBus.Host.Http;

/// <summary><c>/v1/notifications</c>: ask for one, and ask about them.</summary>
static class NotificationsApi
{
    public const string IdempotencyKey = "Idempotency-Key";

    public const string Tag = "Notifications";

    const int LongestKey = 255;

    public static void MapNotifications(this IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/v1/notifications", Request)
            .Describe("requestNotification", Tag, "Asks for a notification of one category.")
            .Takes<NotificationRequested>()
            .Heeds(IdempotencyKey, "The eventId under another name: the same call again stays one notification.")
            .Waits()
            .Answers<AcceptedNotification>(StatusCodes.Status202Accepted)
            .Answers<NotificationView>()
            .Refuses(413, 415, 422, 429);
        routes
            .MapRead("/v1/notifications/{id:guid}", Find)
            .Describe("getNotification", Tag, "Returns one notification, its deliveries and their attempts.")
            .AnswersEither<NotificationView, AcceptedNotification>()
            .Refuses(404);
        routes
            .MapRead("/v1/notifications/{id:guid}/steps", Steps)
            .Describe("listNotificationSteps", Tag, "Returns the steps of one notification's saga, in order and without a gap.")
            .Answers<SagaStepList>()
            .Refuses(404);
        routes
            .MapRead("/v1/notifications", Search)
            .Describe("listNotifications", Tag, "Lists notifications, the newest first.")
            .Asks("eventId", "The producer's name for the occurrence.")
            .Asks("key", "A business key, such as order:4711.")
            .Asks("recipient", "The recipient's id.")
            .Asks("address", "An address of the plan, however it is written; on any channel, unless channel says which.")
            .Asks("status", "sending, held, delivered, partly-delivered, cancelled, expired or failed.")
            .Asks("category", "The category.")
            .Asks("templateVersion", "The version of the texts with which it was planned.")
            .Asks("channel", "A channel of the plan, used or not.")
            .Asks("provider", "An account that was asked, and has answered or is not waited for any more.")
            .Asks("providerMessageId", "A provider's own id for a delivery.")
            .Asks("from", "When it began: then or later. A time with its offset from UTC, or a day by UTC.")
            .Asks("to", "When it began: before then.")
            .Pages()
            .Answers<NotificationPage>()
            .Refuses();
    }

    /// <summary>202 at once; with <c>Prefer: wait=10</c> 200 with the outcome when it is known in time.</summary>
    static async Task<IResult> Request(HttpContext context, IEnumerable<IEventMap> maps)
    {
        var (prefer, refused) = PreferHeader.Read(context.Request);
        if (refused is not null)
            return refused;

        var (requested, refusal) = await JsonBody.Read<NotificationRequested>(context.Request);
        if (refusal is null)
            (requested, refusal) = WithIdempotencyKey(context.Request, requested!);
        if (refusal is not null)
            return refusal;

        var map = maps.OfType<NotificationRequestedMap>().Single();
        var (accepted, problem) = await Acceptance.Take(context, map, requested!, prefer);
        if (problem is not null)
            return problem;

        prefer.Apply(context.Response);
        if (prefer.Wait is { } seconds && await Outcome(accepted!.Id, TimeSpan.FromSeconds(seconds), context) is { } notification)
            return notification.WasBegunWith(accepted.Fingerprint) ? Results.Ok(notification) : Problems.AnotherEvent(accepted.Id);

        return Results.Accepted(accepted!.Links.Self, accepted);
    }

    /// <summary>
    /// Waits for the outcome, but not when the host is about to stop: the time it has is for what is being sent. Null when it is
    /// not known in time, or cannot be asked for: the notification was taken all the same.
    /// </summary>
    public static async Task<NotificationView?> Outcome(Guid id, TimeSpan atMost, HttpContext context)
    {
        var outcomes = context.RequestServices.GetRequiredService<OutcomeWatch>();
        var queries = context.RequestServices.GetRequiredService<INotificationQueries>();
        var stopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            return await outcomes.Outcome(id, atMost, leave.Token) ? await queries.Find(id, leave.Token) : null;
        }
        catch (Exception exception) when (exception is DbException || stopping.IsCancellationRequested)
        {
            return null;
        }
    }

    static async Task<IResult> Find(
        Guid id,
        INotificationQueries queries,
        IRepairs repairs,
        RecentlyAccepted accepted,
        CancellationToken cancellationToken
    ) =>
        await queries.Find(id, cancellationToken) is { } notification
            ? Results.Ok(await WithRepair(notification, repairs, cancellationToken))
        : accepted.Contains(id) ? Results.Ok(AcceptedNotification.Of(id))
        : Problems.UnknownNotification();

    /// <summary>Adds what was begun in its place. Only what has ended is repaired.</summary>
    static async Task<NotificationView> WithRepair(NotificationView notification, IRepairs repairs, CancellationToken cancellationToken) =>
        notification.CompletedAt is not null && (await repairs.RepairedAmong([notification.Id], cancellationToken)).Count > 0
            ? notification with
            {
                RepairedBy = RepairRequests.IdOf(notification),
            }
            : notification;

    /// <summary>An empty list for one that was taken and not begun yet.</summary>
    static async Task<IResult> Steps(
        Guid id,
        INotificationQueries queries,
        RecentlyAccepted accepted,
        CancellationToken cancellationToken
    ) =>
        await queries.StepsOf(id, cancellationToken) is { } steps ? Results.Ok(new SagaStepList(steps))
        : accepted.Contains(id) ? Results.Ok(new SagaStepList([]))
        : Problems.UnknownNotification();

    static async Task<IResult> Search(
        HttpRequest request,
        INotificationQueries queries,
        ChannelSet channels,
        CancellationToken cancellationToken
    )
    {
        var (filter, errors) = NotificationSearch.Read(request.Query, channels, request.HttpContext.Sight());
        if (errors.Count > 0)
            return Problems.Validation(errors);

        FoundNotifications found;
        try
        {
            found = await queries.Search(filter with { Reader = request.HttpContext.Reader() }, cancellationToken);
        }
        catch (TookTooLongException)
        {
            return Problems.TookTooLong();
        }

        var next = found.Next is { } place ? Keyset.Next(request, place.CreatedAt, place.Id) : null;
        return Results.Ok(new NotificationPage(found.Notifications, next, found.EndsEarly ? found.Next?.CreatedAt : null));
    }

    /// <summary>The header is the event id under another name; a body that has one too must say the same.</summary>
    static (NotificationRequested?, IResult?) WithIdempotencyKey(HttpRequest request, NotificationRequested requested)
    {
        var (key, refusal) = ReadKey(request, LongestKey);
        if (key is null)
            return (requested, refusal);
        if (requested.EventId is { } eventId && eventId != key)
            return (null, Problems.Validation(IdempotencyKey, "differs from the eventId of the body; send one of them"));

        return (requested with { EventId = key }, null);
    }

    /// <summary>The key of a call; null when it has none, or one that is refused.</summary>
    public static (string? Key, IResult? Refusal) ReadKey(HttpRequest request, int longest)
    {
        if (!request.Headers.TryGetValue(IdempotencyKey, out var values))
            return (null, null);

        var key = values.ToString();
        return values.Count > 1 || !PlainText.IsName(key, longest)
            ? (null, Problems.Validation(IdempotencyKey, $"must stand once and be 1 to {longest} characters without control characters"))
            : (key, null);
    }
}
