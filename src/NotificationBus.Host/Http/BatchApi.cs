using Microsoft.Extensions.Options;
using NotificationBus.Contracts;
using NotificationBus.Host.Access;
using NotificationBus.Host.OpenApi;
using NotificationBus.Intake;
using NotificationBus.Intake.Maps;

namespace NotificationBus.Host.Http;

/// <summary>
/// <c>POST /v1/notifications/batch</c> and <c>POST /v1/events/{name}/batch</c>: up to 10,000 in one call. Each is taken or refused for
/// itself, as it would be alone. The same call again takes none of them twice that has an <c>eventId</c>, or a key of the call.
/// </summary>
static partial class BatchApi
{
    public const string Path = "/v1/notifications/batch";

    public const string EventsPath = "/v1/events/{name}/batch";

    /// <summary>The most items of a call.</summary>
    public const int MostItems = 10_000;

    // The key of an item is that of the call, a colon and a number below the most items.
    const int LongestKey = TextLengths.EventId - 6;

    // That many confirms of the broker are waited for at once, and never more than half of what this host publishes at the same time.
    const int Together = 64;

    // That many items are looked at before others have their turn.
    const int InOneRun = 256;

    // Of one item, and of all: whoever has more to mend has the same to mend.
    const int MostErrorsOfOne = 10;
    const int MostErrors = 1_000;

    const int InternalError = StatusCodes.Status500InternalServerError;

    public static void MapBatches(this IEndpointRouteBuilder routes)
    {
        routes
            .MapPost(Path, Request)
            .Describe("requestNotifications", NotificationsApi.Tag, "Asks for up to 10,000 notifications, each for itself.")
            .Takes<NotificationRequested[]>()
            .Heeds(
                NotificationsApi.IdempotencyKey,
                "Gives each item without an eventId one: the key, a colon and how many of those before it are for "
                    + "the same recipient. The same "
                    + "call again stays the same notifications."
            )
            .Answers<TakenBatch>(StatusCodes.Status202Accepted)
            .Answers<TakenBatch>(StatusCodes.Status207MultiStatus)
            .Refuses(413, 415, 429);

        var events = IncomingItems.Of(routes.ServiceProvider);
        string[] names = [.. events.Keys.Order(StringComparer.Ordinal)];
        routes
            .MapPost(
                EventsPath,
                (string name, HttpContext context) =>
                    !events.TryGetValue(name, out var item) ? Task.FromResult(Problems.UnknownEvent(name, names))
                    : EventsApi.RefuseKey(context.Request) is { } refusal ? Task.FromResult(refusal)
                    : Answer(context, item)
            )
            .Describe("postEvents", "Events", "Takes up to 10,000 events of a service, each for itself.")
            .Answers<TakenBatch>(StatusCodes.Status202Accepted)
            .Answers<TakenBatch>(StatusCodes.Status207MultiStatus)
            .Refuses(404, 413, 415, 429);
    }

    static Task<IResult> Request(HttpContext context, IEnumerable<IEventMap> maps) =>
        Answer(context, new IncomingItems.Requests(maps.OfType<NotificationRequestedMap>().Single()));

    /// <summary>202 when all items are taken, 207 when some are not. Either says so of each.</summary>
    static async Task<IResult> Answer(HttpContext context, IIncomingItem item)
    {
        var (prefer, refusal) = PreferHeader.Read(context.Request);
        if (refusal is not null)
            return refusal;

        (var key, refusal) = NotificationsApi.ReadKey(context.Request, LongestKey);
        if (refusal is not null)
            return refusal;

        (var items, refusal) = await JsonBody.ReadItems(context.Request, MostItems);
        if (refusal is not null)
            return refusal;

        using (items)
        {
            // The call itself is counted already.
            var limits = context.RequestServices.GetRequiredService<CallLimits>();
            if (items!.Count > 1 && limits.CountMore(context, items.Count - 1) is { } tooMany)
                return tooMany;

            prefer.WithoutWait().Apply(context.Response);
            var results = await Take(context, items, item, key, prefer.IsStrict);
            var taken = new TakenBatch(results.Count(one => one.Problem is null), results.Count(one => one.Problem is not null), results);
            return Results.Json(taken, statusCode: taken.Refused == 0 ? StatusCodes.Status202Accepted : StatusCodes.Status207MultiStatus);
        }
    }

    /// <summary>
    /// Looks at one after the other, so that of two under one name the first is taken, and waits for the confirms of several at once.
    /// </summary>
    static async Task<IReadOnlyList<BatchItem>> Take(HttpContext context, JsonItems items, IIncomingItem item, string? key, bool isStrict)
    {
        var services = context.RequestServices;
        var stopping = services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        var together = Math.Clamp(services.GetRequiredService<IOptions<IntakeOptions>>().Value.ConcurrencyLimit / 2, 1, Together);
        var outcomes = new IncomingItem[items.Count];
        var first = new Dictionary<Guid, int>(items.Count);
        using var places = new SemaphoreSlim(together);
        var keys = key is null ? null : new ItemKeys(key);
        try
        {
            for (var index = 0; index < items.Count; index++)
            {
                // What is refused waits for nothing, and ten thousand of it are not to hold a thread in one run.
                if (index % InOneRun == InOneRun - 1)
                    await Task.Yield();

                // Nobody would read the answer. What was taken under a name is not taken again when the caller comes back.
                context.RequestAborted.ThrowIfCancellationRequested();
                if (stopping.IsCancellationRequested)
                {
                    outcomes[index] = new IncomingItem { Refusal = Problems.Stopping(context) };
                    continue;
                }

                var looked = outcomes[index] = Look(context, item, items[index], keys, isStrict);
                if (looked.Take is null)
                    continue;

                if (looked.Answer is { } fit)
                {
                    if (!first.TryAdd(fit.NotificationId, index))
                    {
                        var before = first[fit.NotificationId];
                        outcomes[index] =
                            outcomes[before].Answer!.Fingerprint == fit.Fingerprint
                                ? looked with
                                {
                                    DuplicateOf = before,
                                    Take = null,
                                }
                                : looked with
                                {
                                    Refusal = Problems.AnotherEvent(fit.NotificationId),
                                    Take = null,
                                };
                        continue;
                    }
                }

                await places.WaitAsync(context.RequestAborted);
                _ = Run(looked, index);
            }
        }
        finally
        {
            // What was begun comes to its end: the bytes are given back after that, and the places.
            for (var place = 0; place < together; place++)
                await places.WaitAsync(CancellationToken.None);
        }

        return Say(context, outcomes);

        async Task Run(IncomingItem looked, int index)
        {
            try
            {
                outcomes[index] = looked with { Answer = await looked.Take!(), Take = null };
            }
            catch (Exception exception)
            {
                outcomes[index] = looked with { Failure = exception, Take = null };
            }
            finally
            {
                places.Release();
            }
        }
    }

    static IncomingItem Look(HttpContext context, IIncomingItem item, ReadOnlyMemory<byte> json, ItemKeys? keys, bool isStrict)
    {
        try
        {
            return item.Look(
                context.RequestServices,
                json,
                new IncomingWay
                {
                    Keys = keys,
                    IsStrict = isStrict,
                    Application = context.ActsFor(),
                }
            );
        }
        catch (Exception exception)
        {
            return new IncomingItem { Failure = exception };
        }
    }

    static List<BatchItem> Say(HttpContext context, IncomingItem[] outcomes)
    {
        var now = context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        var items = new List<BatchItem>(outcomes.Length);
        var errors = MostErrors;
        var unplanned = 0;
        foreach (var (index, outcome) in outcomes.Index())
        {
            // Of two that are the same, one was taken or was not.
            var decided = outcome.DuplicateOf is { } first ? outcomes[first] : outcome;
            var (accepted, refusal) =
                decided.Refusal is { } refused ? (null, refused)
                : decided.Failure is { } failure ? (null, Problems.ForException(context, failure))
                : decided.Answer is { } answer ? Acceptance.Say(answer, now)
                : (null, null);
            var problem = refusal is null ? null : Problems.Within(refusal, Math.Min(errors, MostErrorsOfOne));
            errors -= problem?.Extensions.Count > 0 ? MostErrorsOfOne : 0;
            if (problem?.Status == InternalError)
            {
                // Of all others the caller is told what to do. This one somebody must look for.
                Problems.AddTraceId(problem, context);
                unplanned++;
            }

            items.Add(
                new BatchItem(index, problem?.Status ?? StatusCodes.Status202Accepted)
                {
                    EventId = outcome.EventId,
                    Notification = accepted,
                    DuplicateOf = outcome.DuplicateOf,
                    Problem = problem,
                }
            );
        }

        if (unplanned > 0)
            Unplanned(Log(context), unplanned, outcomes.First(IsUnplanned).Failure!);
        return items;

        bool IsUnplanned(IncomingItem outcome) =>
            outcome.Failure is { } failure && Problems.Within(Problems.ForException(context, failure), 0).Status == InternalError;
    }

    static ILogger Log(HttpContext context) => context.RequestServices.GetRequiredService<ILogger<TakenBatch>>();

    [LoggerMessage(LogLevel.Error, "{Count} items of a call failed as none should; the first of them so")]
    static partial void Unplanned(ILogger log, int count, Exception exception);
}
