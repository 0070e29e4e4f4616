using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Security.Claims;
using System.Text;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using NotificationBus.Access;
using NotificationBus.Host.Access;
using NotificationBus.Host.OpenApi;
using NotificationBus.Intake;
using NotificationBus.Planning;
using NotificationBus.Saga;
using NotificationBus.Subscriptions;

namespace NotificationBus.Host.Http;

/// <summary>
/// <c>/v1/notifications/{id}/events</c> and <c>/v1/events</c>: what becomes of a notification, or of all that fit, as server-sent events
/// (WHATWG HTML, 9.2) with the types and data of webhooks.
/// </summary>
static class EventStreamsApi
{
    public const string LastEventId = "Last-Event-ID";

    /// <summary>The path of the stream by filter.</summary>
    public const string Path = "/v1/events";

    static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(15);

    // With what a key ring takes to learn of it, a revoked key is found out within 5 s.
    static readonly TimeSpan BetweenChecks = TimeSpan.FromSeconds(1.5);

    // Whoever takes longer for one event is let go, and may come again where it left off.
    static readonly TimeSpan LongestWrite = TimeSpan.FromSeconds(5);

    static readonly TimeSpan ComeAgainAfter = TimeSpan.FromSeconds(1);

    public static void MapEventStreams(this IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/v1/notifications/{id:guid}/events", Stream)
            .Describe("streamNotificationEvents", NotificationsApi.Tag, "Streams what becomes of one notification, until it has ended.")
            .Heeds(LastEventId, "The id of the last event that was received: what came after it is sent.")
            .Produces(StatusCodes.Status200OK, contentType: "text/event-stream")
            .Produces(StatusCodes.Status204NoContent)
            .Refuses(404, 429);
        routes
            .MapGet(Path, StreamAll)
            .Describe("streamEvents", NotificationsApi.Tag, "Streams what becomes of all notifications that fit, from now on.")
            .Asks("events", "The types, with commas between them, such as delivery.failed,notification.failed; by itself all.")
            .Asks("category", "The category.")
            .Asks("recipient", "The recipient's id.")
            .Asks("key", "A business key, such as order:4711.")
            .Heeds(
                LastEventId,
                "The id of the last event that was received: what came after it is sent, with the filter that the stream was opened with."
            )
            .Produces(StatusCodes.Status200OK, contentType: "text/event-stream")
            .Refuses(409, 410, 429);
    }

    /// <summary>
    /// 204 when it has ended and all was told: whoever reads as a browser does comes again when a stream has ended, and not after 204.
    /// </summary>
    static async Task<IResult> Stream(
        Guid id,
        HttpContext context,
        EventReader reader,
        RecentlyAccepted accepted,
        IOptions<StreamsOptions> options,
        IHostApplicationLifetime host,
        TimeProvider clock
    )
    {
        var place = EventPlace.Beginning;
        if (context.Request.Headers.TryGetValue(LastEventId, out var last) && last.ToString() is { Length: > 0 } said)
        {
            if (EventPlace.Parse(said) is not { } known)
                return Problems.Validation(LastEventId, "must be the id of an event of this stream; leave it out to have all of them");
            place = known;
        }

        var room = reader.Enter(context.User.FindFirst(ClaimTypes.Name)?.Value, out var taken);
        if (room != StreamRoom.Taken)
            return Problems.TooManyStreams(context, ofCaller: room == StreamRoom.NoneForCaller);

        context.Response.RegisterForDispose(taken!);
        var record = await reader.Read(id, context.RequestAborted);
        if (record is null && !accepted.Contains(id))
            return Problems.UnknownNotification();
        if (record?.Notification.CompletedAt is not null && !EventHistory.After(record, place).Any())
            return TypedResults.NoContent();

        return Answer(
            context,
            options.Value,
            host,
            clock,
            opening: null,
            leave => Events(reader.Follow(id, record, place, BetweenChecks, leave))
        );
    }

    /// <summary>The first line has an id, from which a reader goes on that is cut off before the first event.</summary>
    static async Task<IResult> StreamAll(
        HttpContext context,
        EventReader reader,
        EventFeed feed,
        PlanningRules planning,
        IOptions<StreamsOptions> options,
        IHostApplicationLifetime host,
        TimeProvider clock
    )
    {
        var query = new QueryReader(context.Request.Query);
        var wanted = ListenerOf(query, planning, context.Sight().Application);
        if (query.Errors.Count > 0)
            return Problems.Validation(query.Errors);

        StreamPlace? place = null;
        if (context.Request.Headers.TryGetValue(LastEventId, out var last) && last.ToString() is { Length: > 0 } said)
        {
            place = StreamPlace.Parse(said);
            if (place is null)
                return Problems.Validation(LastEventId, "must be the id of an event of this stream; leave it out to open another one");
            if (!await feed.Has(place, wanted.Application, context.RequestAborted))
                return Problems.StreamOver();
        }

        var room = reader.Enter(context.User.FindFirst(ClaimTypes.Name)?.Value, out var taken);
        if (room != StreamRoom.Taken)
            return Problems.TooManyStreams(context, ofCaller: room == StreamRoom.NoneForCaller);

        context.Response.RegisterForDispose(taken!);
        place ??= await feed.Open(wanted, context.RequestAborted);
        return place is null
            ? Problems.TooManyFilters()
            : Answer(context, options.Value, host, clock, $"{place}", leave => Events(place, feed.Follow(place, BetweenChecks, leave)));
    }

    static StreamListener ListenerOf(QueryReader query, PlanningRules planning, string? application)
    {
        var events = query.One("events")?.Split(',', StringSplitOptions.TrimEntries);
        foreach (var unknown in events?.Except(HeardEvents.All, StringComparer.Ordinal) ?? [])
            query.Refuse("events", Spelling.Unknown(unknown, HeardEvents.All));
        return new StreamListener
        {
            Id = Guid.CreateVersion7(),
            Application = application,
            Events = events ?? HeardEvents.All,
            Category = query.Word("category", planning.Categories),
            Recipient = query.One("recipient"),
            Key = NotificationSearch.Key(query),
        };
    }

    static async IAsyncEnumerable<SseItem<string>?> Events(IAsyncEnumerable<ToldEvent?> events)
    {
        await foreach (var told in events)
            yield return told is null ? null : Item(told.Type, told.Body, $"{told.Place}");
    }

    static async IAsyncEnumerable<SseItem<string>?> Events(StreamPlace place, IAsyncEnumerable<StreamedEvent?> events)
    {
        await foreach (var told in events)
            yield return told is null ? null : Item(told.Type, told.Body, $"{place with { Number = told.Number }}");
    }

    static SseItem<string> Item(string type, string body, string id) =>
        new(body, type) { EventId = id, ReconnectionInterval = ComeAgainAfter };

    static UnstoredResult Answer(
        HttpContext context,
        StreamsOptions options,
        IHostApplicationLifetime host,
        TimeProvider clock,
        string? opening,
        Func<CancellationToken, IAsyncEnumerable<SseItem<string>?>> events
    )
    {
        var slow = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        context.Response.RegisterForDispose(slow);
        slow.Token.Register(context.Abort);
        var over = new CancellationTokenSource(options.Longest, clock);
        context.Response.RegisterForDispose(over);
        // A stream that outlives the host would hold its stop up until the timeout.
        var leave = CancellationTokenSource.CreateLinkedTokenSource(over.Token, host.ApplicationStopping);
        context.Response.RegisterForDispose(leave);
        context.Response.Headers["X-Accel-Buffering"] = "no";
        return new UnstoredResult(TypedResults.ServerSentEvents(Tell(events(leave.Token), context, opening, slow, clock)));
    }

    static async IAsyncEnumerable<SseItem<string>> Tell(
        IAsyncEnumerable<SseItem<string>?> events,
        HttpContext context,
        string? opening,
        CancellationTokenSource slow,
        TimeProvider clock,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        // Comments, which readers pass over. The first one says that it is open; later ones notice who is gone without a word.
        await Write(opening is null ? ": open\n\n" : $": open\nid: {opening}\n\n");
        var spoken = clock.Steady();
        await foreach (var happened in events.WithCancellation(cancellationToken))
        {
            if (!MayStay(context, clock))
                yield break;

            if (happened is { } item)
            {
                slow.CancelAfter(LongestWrite);
                spoken = clock.Steady();
                yield return item;
                slow.CancelAfter(Timeout.InfiniteTimeSpan);
            }
            else if (clock.Steady() - spoken >= LongestSilence)
            {
                spoken = clock.Steady();
                await Write(": still here\n\n");
            }
        }

        async Task Write(string line)
        {
            slow.CancelAfter(LongestWrite);
            await context
                .Response.Body.WriteAsync(Encoding.UTF8.GetBytes(line), cancellationToken)
                .AsTask()
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await context.Response.Body.FlushAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            slow.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>True while the caller would be let in again: a key may be revoked meanwhile, and a person's token runs out.</summary>
    static bool MayStay(HttpContext context, TimeProvider clock)
    {
        var until = context.Features.Get<IAuthenticateResultFeature>()?.AuthenticateResult?.Properties?.ExpiresUtc;
        if (until <= clock.GetUtcNow())
            return false;

        const string Bearer = "Bearer ";
        var said = context.Request.Headers.Authorization.ToString();
        var isKey = context.User.Identity?.AuthenticationType == KeyHolder.Kind;
        if (!isKey || !said.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
            return true;

        try
        {
            return context.RequestServices.GetService<KeyRing>()?.Check(said.AsSpan(Bearer.Length).Trim(' ')) is not null;
        }
        catch (KeysOutdatedException)
        {
            return false;
        }
    }

    /// <summary>An answer that no cache may keep. The framework says that it may, as long as it asks.</summary>
    sealed class UnstoredResult(IResult inner) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.OnStarting(
                static response =>
                {
                    ((HttpResponse)response).Headers.CacheControl = "no-store";
                    return Task.CompletedTask;
                },
                httpContext.Response
            );
            return inner.ExecuteAsync(httpContext);
        }
    }
}
