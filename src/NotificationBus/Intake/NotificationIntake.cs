using System.Collections.Frozen;
using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Planning;

namespace NotificationBus.Intake;

/// <summary>Takes events from producers without a bus of their own: checks them, and publishes them as a producer with one would.</summary>
public sealed class NotificationIntake(
    IBus bus,
    IntakeRules rules,
    PlanningRules planning,
    Repetitions repetitions,
    AcceptanceLog accepted,
    IntakeGate gate,
    IMessageApplications applications
)
{
    /// <summary>The header of an event that came by another way than the bus: which.</summary>
    internal const string ByHeader = "NB-By";

    /// <summary>What it says of those that are taken here.</summary>
    public const string Http = "http";

    /// <summary>The same of those that were published by SQL.</summary>
    public const string Sql = "sql";

    /// <summary>Takes one event.</summary>
    /// <param name="map">What the event means.</param>
    /// <param name="happened">The event.</param>
    /// <param name="isStrict">
    /// Refuses it also when the text of one channel cannot be filled; otherwise only that channel is left out.
    /// </param>
    /// <param name="application">The application it is taken for.</param>
    /// <returns>The notification's id, or why the event is not taken.</returns>
    /// <exception cref="IntakeClosedException">It would be lost.</exception>
    /// <exception cref="IntakeBusyException">Too much is being taken already.</exception>
    /// <exception cref="BrokerUnavailableException">
    /// The broker did not confirm in time. The event may have been taken all the same: with an event id, repeating the call is harmless.
    /// </exception>
    public Task<IntakeAnswer> Accept<TEvent>(
        EventMap<TEvent> map,
        TEvent happened,
        bool isStrict = false,
        string application = Applications.Default
    )
        where TEvent : class
    {
        var looked = Look(map, happened, isStrict, Http, application);
        return looked.Take is { } take ? take() : Task.FromResult(looked.Answer);
    }

    /// <summary>Looks at one event, and takes it when it is told to: the first half of <see cref="Accept"/>.</summary>
    /// <param name="map">What the event means.</param>
    /// <param name="happened">The event.</param>
    /// <param name="isStrict">
    /// Refuses it also when the text of one channel cannot be filled; otherwise only that channel is left out.
    /// </param>
    /// <param name="by">The way it came: <see cref="Http"/> or <see cref="Sql"/>.</param>
    /// <param name="application">The application it is taken for.</param>
    public LookedAt Look<TEvent>(
        EventMap<TEvent> map,
        TEvent happened,
        bool isStrict = false,
        string by = Http,
        string application = Applications.Default
    )
        where TEvent : class
    {
        var eventId = map.EventId(happened);
        var messageId = Guid.CreateVersion7();
        var request = map.Read(happened, messageId, application);
        var answer = new IntakeAnswer(request.NotificationId) { Schedule = request.Schedule };
        var errors = rules.Check(request, map.RecipientProperty);
        if (errors.Count > 0)
            return new LookedAt(answer with { Errors = errors });

        // The saga plans again; here a missing variable can still be answered to whoever forgot it.
        var plan = planning.Plan(request);
        if (rules.Place(plan.LeftOut, request.Recipient, map.RecipientProperty) is { Count: > 0 } uncallable)
            return new LookedAt(answer with { Errors = uncallable });
        if (plan.Refusal is { Cause: RefusalCause.Template } refusal)
            return new LookedAt(answer with { TemplateError = refusal.Reason });
        if (isStrict && plan.LeftOut.FirstOrDefault(left => left.Cause == RefusalCause.Template) is { } silent)
            return new LookedAt(answer with { TemplateError = $"{silent.Channel}: {silent.Reason}" });

        var fingerprint = request.Fingerprint();
        answer = answer with { Fingerprint = fingerprint };
        // A repetition gets the same message id, so that even the broker's tools show it as one.
        if (eventId is not null)
            messageId = Applications.IdIn(application, "event", map.Name, eventId, $"{fingerprint:N}");
        return new LookedAt(answer) { Take = () => Take(map, happened, new Origin(messageId, by, application), request.Category, answer) };
    }

    async Task<IntakeAnswer> Take<TEvent>(EventMap<TEvent> map, TEvent happened, Origin origin, string category, IntakeAnswer answer)
        where TEvent : class
    {
        var earlier = map.EventId(happened) is null ? null : await repetitions.Find(answer.NotificationId);
        answer = answer with { Earlier = earlier };
        if (earlier?.IsRepeatedBy(answer.Fingerprint) == false)
            return answer with { IsAnother = true };

        return earlier is { HasEnded: true } ? answer : await Publish(map, happened, origin, category, answer);
    }

    /// <summary>Publishes it, unless another event of its name is on its way.</summary>
    async Task<IntakeAnswer> Publish<TEvent>(EventMap<TEvent> map, TEvent happened, Origin origin, string category, IntakeAnswer answer)
        where TEvent : class
    {
        var isNew = !repetitions.Recently.Contains(answer.NotificationId);
        if (repetitions.Recently.Remember(answer.NotificationId, answer.Fingerprint, origin.Application) != answer.Fingerprint)
            return answer with { IsAnother = true };

        // On the bus an event goes where its type is bound; here its category is known.
        var lane = planning.RuleOf(category).Lane;
        try
        {
            await gate.Publish(() =>
                lane == planning.LaneOf(map.Name)
                    ? bus.Publish(happened, publish => Name(publish, origin), CancellationToken.None)
                    : Send(happened, origin, lane)
            );
        }
        catch when (isNew)
        {
            repetitions.Recently.Forget(answer.NotificationId);
            throw;
        }

        // What is on record, or was accepted here before, is no other promise.
        if (!isNew || answer.Earlier is not null)
            return answer;

        accepted.Add(answer.NotificationId, origin.MessageId);
        return answer with { IsNew = true };
    }

    async Task Send<TEvent>(TEvent happened, Origin origin, Lane lane)
        where TEvent : class
    {
        var endpoint = await bus.GetSendEndpoint(SagaEndpoint.Of(lane));
        await endpoint.Send(happened, send => Name(send, origin), CancellationToken.None);
    }

    void Name(SendContext message, Origin origin)
    {
        message.MessageId = origin.MessageId;
        message.Headers.Set(ByHeader, origin.By);
        applications.Name(message, origin.Application);
    }

    readonly record struct Origin(Guid MessageId, string By, string Application);
}

/// <summary>An event that was looked at.</summary>
/// <param name="Answer">What is wrong with it; when nothing is, the notification it would begin, and with what.</param>
public sealed record LookedAt(IntakeAnswer Answer)
{
    /// <summary>Takes it; null when it is not to be taken. Throws what <see cref="NotificationIntake.Accept"/> does.</summary>
    public Func<Task<IntakeAnswer>>? Take { get; init; }
}

/// <summary>The answer of the intake.</summary>
/// <param name="NotificationId">The notification, whether it began now or earlier.</param>
public sealed record IntakeAnswer(Guid NotificationId)
{
    /// <summary>The errors, by JSON path; empty when nothing is wrong.</summary>
    public IReadOnlyDictionary<string, string[]> Errors { get; init; } = FrozenDictionary<string, string[]>.Empty;

    /// <summary>The variable that a template misses; null when none does.</summary>
    public string? TemplateError { get; init; }

    /// <summary>True when this call has begun the notification, as far as this host knows.</summary>
    public bool IsNew { get; init; }

    /// <summary>The fingerprint with which the notification is begun: see <see cref="NotificationRequest.Fingerprint"/>.</summary>
    public Guid Fingerprint { get; init; }

    /// <summary>When it is to be sent, as the producer says; null for at once.</summary>
    public SendSchedule? Schedule { get; init; }

    /// <summary>The notification as the record has it already; null when it does not, or does not answer.</summary>
    public EarlierNotification? Earlier { get; init; }

    /// <summary>True when the notification was begun by another event of that name. Then nothing was taken.</summary>
    public bool IsAnother { get; init; }
}
