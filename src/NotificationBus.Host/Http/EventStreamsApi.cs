using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using NotificationBus.Access;
using NotificationBus.Host.OpenApi;
using NotificationBus.Intake;
using NotificationBus.Saga;

namespace NotificationBus.Host.Http;

/// <summary>
/// <c>/v1/notifications/{id}/events</c>: what becomes of a notification, as server-sent events (WHATWG HTML, 9.2) with the types and data
/// of webhooks.
/// </summary>
static class EventStreamsApi
{
    public const string LastEventId = "Last-Event-ID";

    static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(15);

    // With what a key ring takes to learn of it, a revoked key is found out within 5 s.
    static readonly TimeSpan BetweenChecks = TimeSpan.FromSeconds(1.5);

    // Whoever takes longer for one event is let go, and may come again where it left off.
    static readonly TimeSpan LongestWrite = TimeSpan.FromSeconds(5);

    static readonly TimeSpan ComeAgainAfter = TimeSpan.FromSeconds(1);

    public static void MapEventStreams(this IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/v1/notifications/{id:guid}/events", Stream)
            .Describe("streamNotificationEvents", NotificationsApi.Tag, "Streams what becomes of one notification, until it has ended.")
            .Heeds(LastEventId, "The id of the last event that was received: what came after it is sent.")
            .Produces(StatusCodes.Status200OK, contentType: "text/event-stream")
            .Produces(StatusCodes.Status204NoContent)
            .Refuses(404, 429);

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

        var slow = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        context.Response.RegisterForDispose(slow);
        slow.Token.Register(context.Abort);
        var over = new CancellationTokenSource(options.Value.Longest, clock);
        context.Response.RegisterForDispose(over);
        // A stream that outlives the host would hold its stop up until the timeout.
        var leave = CancellationTokenSource.CreateLinkedTokenSource(over.Token, host.ApplicationStopping);
        context.Response.RegisterForDispose(leave);
        context.Response.Headers["X-Accel-Buffering"] = "no";
        return new UnstoredResult(
            TypedResults.ServerSentEvents(Tell(reader.Follow(id, record, place, BetweenChecks, leave.Token), context, slow, clock))
        );
    }

    static async IAsyncEnumerable<SseItem<string>> Tell(
        IAsyncEnumerable<ToldEvent?> events,
        HttpContext context,
        CancellationTokenSource slow,
        TimeProvider clock,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        // Comments, which readers pass over. The first one says that it is open; later ones notice who is gone without a word.
        await Comment(": open\n\n"u8.ToArray());
        var spoken = clock.Steady();
        await foreach (var happened in events.WithCancellation(cancellationToken))
        {
            if (!MayStay(context, clock))
                yield break;

            if (happened is not null)
            {
                slow.CancelAfter(LongestWrite);
                spoken = clock.Steady();
                yield return new SseItem<string>(happened.Body, happened.Type)
                {
                    EventId = $"{happened.Place}",
                    ReconnectionInterval = ComeAgainAfter,
                };
                slow.CancelAfter(Timeout.InfiniteTimeSpan);
            }
            else if (clock.Steady() - spoken >= LongestSilence)
            {
                spoken = clock.Steady();
                await Comment(": still here\n\n"u8.ToArray());
            }
        }

        async Task Comment(byte[] line)
        {
            slow.CancelAfter(LongestWrite);
            await context.Response.Body.WriteAsync(line, cancellationToken).AsTask().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
