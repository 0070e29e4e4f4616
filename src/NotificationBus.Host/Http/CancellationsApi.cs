using System.Text.Json;
using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.Host.Access;
using NotificationBus.Host.OpenApi;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Host.Http;

/// <summary><c>POST /v1/notifications/{id}/cancel</c>: ends a notification that is not sent yet.</summary>
static class CancellationsApi
{
    const int UsualWait = 5;

    public static void MapCancellations(this IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/v1/notifications/{id:guid}/cancel", Cancel)
            .Describe("cancelNotification", NotificationsApi.Tag, "Ends what is not sent yet.")
            .Takes<Cancellation>()
            .Waits()
            .Answers<NotificationView>()
            .Answers<Cancelling>(StatusCodes.Status202Accepted)
            .Refuses(409, 413, 415, 429);

    /// <summary>
    /// 200 when it is cancelled, now or before; 409 when it is too late for that; 202 when neither is known in time, five seconds unless
    /// <c>Prefer: wait</c> says otherwise. It is also asked for when no such notification is on record: another host may have taken its
    /// event, or the event may wait in a long queue.
    /// </summary>
    static async Task<IResult> Cancel(
        Guid id,
        HttpContext context,
        INotificationQueries queries,
        IControls controls,
        RecentlyAccepted accepted,
        UnknownCancellations unknown,
        IntakeGate gate,
        IBus bus,
        IMessageApplications applications,
        CancellationToken cancellationToken
    )
    {
        var (prefer, refused) = PreferHeader.Read(context.Request);
        if (refused is not null)
            return refused;

        var (body, refusal) = await JsonBody.Read<Cancellation>(context.Request);
        if (refusal is not null)
            return refusal;

        var errors = new FieldErrors();
        var by = errors.ReadBy(context.Request, body!.By, body.Why);
        if (errors.Any)
            return Problems.Validation(errors.ByField);

        var sight = context.Sight();
        var before = await Look();
        if (before is { CompletedAt: not null })
            return Answer(before);
        var isKnown = before is not null || (accepted.ApplicationOf(id) is { } taken && sight.Includes(taken));
        if (!isKnown && !unknown.MayAsk(context.Connection.RemoteIpAddress))
            return Problems.TooManyUnknown(context);

        await gate.Publish(() =>
            Send(
                bus,
                new CancelNotification
                {
                    NotificationId = id,
                    By = by.Who,
                    Why = by.Why,
                },
                send => applications.Name(send, sight.Application ?? Applications.Platform)
            )
        );
        // Only now: what nobody got was not cancelled. The deliveries themselves say who and why, should this fail; and of what is not on
        // record only they do, for anybody may ask to cancel what never was.
        if (before is not null && !IsCalledOff(before))
            await controls.Note($"notification {id}", by, JsonSerializer.SerializeToElement(new { cancel = true }), CancellationToken.None);

        // What is held stays so; nothing else of it is on its way.
        if (before?.Status == Held)
            return Answer(before);

        prefer.Apply(context.Response);
        var after = await Outcome(id, TimeSpan.FromSeconds(prefer.Wait ?? UsualWait), context) ?? await Look();
        return after is { CompletedAt: not null } or { Status: Held }
            ? Answer(after)
            : Results.Accepted($"/v1/notifications/{id}", Cancelling.Of(after));

        async Task<NotificationView?> Look() =>
            await queries.Find(id, cancellationToken) is { } found && sight.Includes(found.Application) ? found : null;
    }

    /// <summary>
    /// The outcome, when it is known in time. What belongs to another application is waited for as what is not there: to come back sooner
    /// would say that it is.
    /// </summary>
    static async Task<NotificationView?> Outcome(Guid id, TimeSpan atMost, HttpContext context)
    {
        var clock = context.RequestServices.GetRequiredService<TimeProvider>();
        var began = clock.GetTimestamp();
        var outcome = await NotificationsApi.Outcome(id, atMost, context);
        if (outcome is null || context.Sight().Includes(outcome.Application))
            return outcome;

        var stopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        if (atMost - clock.GetElapsedTime(began) is var left && left > TimeSpan.Zero)
            await Task.Delay(left, clock, leave.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return null;
    }

    const string Held = "held";

    /// <summary>
    /// True when whoever asks again changes nothing: all that is not sent is called off, and an operator has to decide what became of it.
    /// </summary>
    static bool IsCalledOff(NotificationView notification) =>
        notification.Deliveries.Count > 0
        && notification
            .Deliveries.Where(delivery => delivery.Status is DeliveryStatus.Waiting or DeliveryStatus.Sending or DeliveryStatus.Held)
            .All(delivery => delivery.Cancellation is not null);

    static IResult Answer(NotificationView notification) =>
        notification.Status == "cancelled" ? Results.Ok(notification) : Problems.TooLate(notification.Status);

    static async Task Send(IBus bus, CancelNotification command, Action<SendContext<CancelNotification>> name)
    {
        var saga = await bus.GetSendEndpoint(SagaEndpoint.Of(Lane.Transactional));
        await saga.Send(command, name, CancellationToken.None);
    }
}

/// <summary>The cancellation of a notification: who asks for it, and why.</summary>
public sealed record Cancellation
{
    /// <summary>Name of whoever cancels it; for whom, when there is a key.</summary>
    public string? By { get; init; }

    /// <summary>The reason, which has to be said.</summary>
    public string? Why { get; init; }
}

/// <summary>The answer while it is not known whether a notification is cancelled.</summary>
/// <param name="Status">Always <c>cancelling</c>.</param>
/// <param name="Detail">What is missing; null when the notification is on record.</param>
public sealed record Cancelling(string Status, string? Detail)
{
    /// <summary>The answer for a notification that may not be on record.</summary>
    public static Cancelling Of(NotificationView? notification) =>
        new(
            "cancelling",
            notification is null
                ? "No such notification is on record yet. Its event is waited for, for a day; "
                    + "what it sends before that is noticed is not called back."
                : null
        );
}
