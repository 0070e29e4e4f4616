using NotificationBus.Intake;

namespace NotificationBus.Host.Http;

/// <summary>Takes an event for the API and answers what became of it.</summary>
static class Acceptance
{
    /// <summary>202 with the notification's id, or the problem.</summary>
    public static async Task<IResult> Accept<TEvent>(HttpContext context, EventMap<TEvent> map, TEvent happened)
        where TEvent : class
    {
        var (accepted, refusal) = await Take(context, map, happened);
        return refusal ?? Results.Accepted(value: new AcceptedEvent([accepted!]));
    }

    /// <summary>What was taken, or the problem.</summary>
    public static async Task<(AcceptedNotification? Accepted, IResult? Refusal)> Take<TEvent>(HttpContext context, EventMap<TEvent> map, TEvent happened)
        where TEvent : class
    {
        var services = context.RequestServices;
        var answer = await services.GetRequiredService<NotificationIntake>().Accept(map, happened);
        if (answer.Errors.Count > 0)
            return (null, Problems.Validation(answer.Errors));
        if (answer.TemplateError is { } templateError)
            return (null, Problems.TemplateVariables(templateError));

        services.GetRequiredService<RecentlyAccepted>().Remember(answer.NotificationId);
        return (AcceptedNotification.Of(answer.NotificationId), null);
    }
}

/// <summary>The answer to an event.</summary>
/// <param name="Notifications">The notifications it began, or had begun when it came before.</param>
public sealed record AcceptedEvent(IReadOnlyList<AcceptedNotification> Notifications);

/// <summary>A notification that will be worked on.</summary>
/// <param name="Id">The notification.</param>
/// <param name="Status">Always <c>accepted</c>.</param>
/// <param name="Links">Where to ask.</param>
public sealed record AcceptedNotification(Guid Id, string Status, NotificationLinks Links)
{
    /// <summary>The answer for that notification.</summary>
    public static AcceptedNotification Of(Guid id) => new(id, "accepted", new NotificationLinks($"/v1/notifications/{id}"));
}

/// <summary>Where to ask about a notification.</summary>
/// <param name="Self">The notification itself.</param>
public sealed record NotificationLinks(string Self);
