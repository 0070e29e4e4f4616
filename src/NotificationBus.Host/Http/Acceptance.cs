using NotificationBus.Host.Access;
using NotificationBus.Intake;
using NotificationBus.Notifications;

namespace NotificationBus.Host.Http;

/// <summary>Takes an event for the API and answers what became of it.</summary>
static class Acceptance
{
    /// <summary>
    /// 202 with the notification's id, 200 with its outcome when the caller waits for it and it is known in time, or the problem.
    /// </summary>
    public static async Task<IResult> Accept<TEvent>(HttpContext context, EventMap<TEvent> map, TEvent happened, PreferHeader prefer)
        where TEvent : class
    {
        var (accepted, refusal) = await Take(context, map, happened, prefer);
        if (refusal is not null)
            return refusal;

        prefer.Apply(context.Response);
        if (
            prefer.Wait is { } seconds
            && await NotificationsApi.Outcome(accepted!.Id, TimeSpan.FromSeconds(seconds), context) is { } notification
        )
            return notification.WasBegunWith(accepted.Fingerprint)
                ? Results.Ok(new ConcludedEvent([notification]))
                : Problems.AnotherEvent(accepted.Id);

        return Results.Accepted(value: new AcceptedEvent([accepted!]));
    }

    /// <summary>Takes an event: answers what was taken, or the problem.</summary>
    public static async Task<(AcceptedNotification? Accepted, IResult? Refusal)> Take<TEvent>(
        HttpContext context,
        EventMap<TEvent> map,
        TEvent happened,
        PreferHeader prefer
    )
        where TEvent : class
    {
        var services = context.RequestServices;
        var answer = await services.GetRequiredService<NotificationIntake>().Accept(map, happened, prefer.IsStrict, context.ActsFor());
        return Say(answer, services.GetRequiredService<TimeProvider>().GetUtcNow());
    }

    /// <summary>Says what became of an event.</summary>
    public static (AcceptedNotification? Accepted, IResult? Refusal) Say(IntakeAnswer answer, DateTimeOffset now)
    {
        if (answer.Errors.Count > 0)
            return (null, Problems.Validation(answer.Errors));
        if (answer.TemplateError is { } templateError)
            return (null, Problems.TemplateVariables(templateError));
        if (answer.IsAnother)
            return (null, Problems.AnotherEvent(answer.NotificationId));

        var status = answer.Earlier is { HasEnded: true, State: var state } ? NotificationView.StatusOf(state) : "accepted";
        return (
            AcceptedNotification.Of(answer.NotificationId, status) with
            {
                Fingerprint = answer.Fingerprint,
                SendAt = answer.Schedule?.SendAt(now),
                Note = answer.Schedule?.Note(now),
            },
            null
        );
    }
}
