using MassTransit;

using NotificationBus.Contracts;
using NotificationBus.InProcess;
using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Receipts;

namespace NotificationBus.Saga;

/// <summary>
/// One notification from its event to its outcome. Read this file first: the verbs are in <see cref="NotificationSteps"/>,
/// a step is stored by <see cref="Persistence.NotificationRepository"/>, in one statement, and what it causes is done after that.
/// </summary>
public sealed class NotificationStateMachine : MassTransitStateMachine<NotificationState>, IEventMapVisitor<Event>
{
    /// <summary>Builds the machine for every event there is a map for.</summary>
    public NotificationStateMachine(IEnumerable<IEventMap> events, NotificationSteps steps)
    {
        Steps = steps;
        InstanceState(notification => notification.CurrentState);

        Event(() => Sent, result => result.CorrelateById(context => context.Message.NotificationId).OnMissingInstance(missing => missing.Fault()));
        Event(() => Refused, result => result.CorrelateById(context => context.Message.NotificationId).OnMissingInstance(missing => missing.Fault()));
        Event(() => Lapsed, result => result.CorrelateById(context => context.Message.NotificationId).OnMissingInstance(missing => missing.Fault()));
        Event(() => LeftInDoubt, result => result.CorrelateById(context => context.Message.NotificationId).OnMissingInstance(missing => missing.Fault()));
        Event(() => Settled, settled => settled.CorrelateById(context => context.Message.NotificationId).OnMissingInstance(missing => missing.Fault()));
        Event(() => Stopped, stopped => stopped.CorrelateById(context => context.Message.NotificationId).OnMissingInstance(missing => missing.Fault()));
        Event(() => CalledOff, result => result.CorrelateById(context => context.Message.NotificationId).OnMissingInstance(missing => missing.Fault()));
        Event(() => Decided, decision => decision.CorrelateById(context => context.Message.NotificationId).OnMissingInstance(missing => missing.Fault()));
        Event(() => Reported, receipt => receipt.CorrelateById(context => context.Message.NotificationId).OnMissingInstance(missing => missing.Fault()));
        Event(() => GivenUp, result => result.CorrelateById(context => context.Message.Message.NotificationId).OnMissingInstance(missing => missing.Fault()));

        Event(() => Resumed, resumed => resumed.CorrelateById(context => context.Message.NotificationId).OnMissingInstance(missing => missing.Discard()));
        // A timer that was stopped, or put in the place of another, may be on its way already: one whose token is not the current one does nothing.
        Schedule(() => Escalation, notification => notification.EscalationToken, timer => timer.Received = due =>
            due.CorrelateById(context => context.Message.NotificationId).OnMissingInstance(missing => missing.Discard()));

        foreach (var map in events)
            map.Accept(this);

        // Held differs from Sending for whoever looks at it: somebody has to decide before it can go on.
        foreach (var open in Open)
        {
            During(open,
                When(Sent).NoteSent(this).SendNextStep(this).Conclude(this).StopEscalation(this),
                When(Refused).NoteFailed(this).SendNextStep(this).Conclude(this).StopEscalation(this),
                When(Lapsed).NoteExpired(this).SendNextStep(this).Conclude(this).StopEscalation(this),
                When(GivenUp).NoteGivenUp(this).SendNextStep(this).Conclude(this).StopEscalation(this),
                When(LeftInDoubt).NoteHeld().Conclude(this),
                When(Settled).NoteEach(this).SendNextStep(this).Conclude(this).StopEscalation(this),
                When(Reported).NoteReceipt(this).SendNextStep(this).Conclude(this).StopEscalation(this),
                When(Decided).FollowDecision(this).SendNextStep(this).Conclude(this).StopEscalation(this),
                When(Stopped).NoteStopped(this).Conclude(this).StopEscalation(this),
                When(CalledOff).NoteCancelled(this).Conclude(this).StopEscalation(this),
                When(Escalation.Received).Escalate(this).Conclude(this),
                When(Resumed).SendAgain(this).EscalateIfForgotten(this).Conclude(this).StopEscalation(this));
        }

        // A delivery that was given up and then replayed may be sent after all. Then the record and the outcome say so.
        foreach (var ended in (State[])[PartlyDelivered, Failed, Cancelled, Expired])
            During(ended, When(Sent).NoteSent(this).Conclude(this), When(Settled).NoteEach(this).Conclude(this));
        During(Delivered, When(Sent).NoteSent(this), When(Settled).NoteEach(this));

        // What arrived may come back days later. Then the next step begins, or the outcome is another one.
        foreach (var ended in Ends)
            During(ended, When(Reported).NoteReceipt(this).SendNextStep(this).Conclude(this).StopEscalation(this));

        // After the end, a result that is late or comes twice changes nothing, and neither does a timer, or a cancellation that is too late.
        foreach (var ended in Ends)
            During(ended, Ignore(Refused), Ignore(Lapsed), Ignore(GivenUp), Ignore(LeftInDoubt), Ignore(Stopped), Ignore(CalledOff), Ignore(Decided), Ignore(Escalation.Received), Ignore(Resumed));
    }

    internal NotificationSteps Steps { get; }

    State[] Open => [Sending, Held];

    State[] Ends => [Delivered, PartlyDelivered, Cancelled, Expired, Failed];

    /// <summary>Deliveries are on their way.</summary>
    public State Sending { get; private set; } = null!;

    /// <summary>A delivery is in doubt and waits for an operator's decision.</summary>
    public State Held { get; private set; } = null!;

    /// <summary>Every channel that was needed took it.</summary>
    public State Delivered { get; private set; } = null!;

    /// <summary>Some channels took it and some did not, or were cancelled.</summary>
    public State PartlyDelivered { get; private set; } = null!;

    /// <summary>It was cancelled before any channel took it.</summary>
    public State Cancelled { get; private set; } = null!;

    /// <summary>No channel took it while it was of use.</summary>
    public State Expired { get; private set; } = null!;

    /// <summary>No channel took it.</summary>
    public State Failed { get; private set; } = null!;

    /// <summary>A provider took a delivery.</summary>
    public Event<DeliverySent> Sent { get; private set; } = null!;

    /// <summary>No provider takes a delivery.</summary>
    public Event<DeliveryFailed> Refused { get; private set; } = null!;

    /// <summary>A delivery was not sent while it was of use.</summary>
    public Event<DeliveryExpired> Lapsed { get; private set; } = null!;

    /// <summary>Nobody knows whether a delivery went out, and it must not be sent again unasked.</summary>
    public Event<DeliveryHeld> LeftInDoubt { get; private set; } = null!;

    /// <summary>Several results are there at the same moment.</summary>
    public Event<DeliveriesSettled> Settled { get; private set; } = null!;

    /// <summary>Somebody has cancelled the notification, and no other call to a provider begins for it.</summary>
    public Event<DeliveriesStopped> Stopped { get; private set; } = null!;

    /// <summary>A worker found that a delivery was cancelled before a provider took it.</summary>
    public Event<DeliveryCancelled> CalledOff { get; private set; } = null!;

    /// <summary>A vendor has reported what became of a delivery.</summary>
    public Event<DeliveryReceiptReceived> Reported { get; private set; } = null!;

    /// <summary>An operator has decided about a delivery that is held.</summary>
    public Event<DecideDelivery> Decided { get; private set; } = null!;

    /// <summary>The worker failed in a way nobody planned, and the command ended in the error queue.</summary>
    public Event<Fault<SendDelivery>> GivenUp { get; private set; } = null!;

    /// <summary>The sweep found that nobody seems to work on the notification.</summary>
    public Event<ResumeNotification> Resumed { get; private set; } = null!;

    /// <summary>The time of the step begun last. By then a provider must have taken it, or it must have arrived or been read.</summary>
    public Schedule<NotificationState, EscalationDue> Escalation { get; private set; } = null!;

    /// <summary>Lets an event start notifications: one line of the saga for each kind of event.</summary>
    Event IEventMapVisitor<Event>.Visit<TEvent>(EventMap<TEvent> map)
    {
        var happened = Event<TEvent>(map.Name, start =>
        {
            start.CorrelateById(context => map.NotificationId(context.Message, context.InputId()));
            start.InsertOnInitial = true;
            start.SetSagaFactory(context => Steps.Begin(map, context));
        });

        Initially(
            When(happened).PlanDeliveries(this).TransitionTo(Sending).SendNextStep(this).Conclude(this));

        // The same occurrence again changes nothing, and another one under its name is set aside.
        foreach (var later in Open.Concat(Ends))
            During(later, When(happened).DemandTheSame(map));

        return happened;
    }
}
