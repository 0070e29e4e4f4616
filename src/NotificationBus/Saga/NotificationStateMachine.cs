using System.Linq.Expressions;
using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.InProcess;
using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Receipts;

namespace NotificationBus.Saga;

/// <summary>
/// One notification from its event to its outcome. Read this file first: the verbs are in <see cref="NotificationVerbs"/>, what they do to
/// the notification is in <see cref="NotificationSteps"/>, a step is stored by <see cref="Persistence.NotificationRepository"/>, in one
/// statement, and what it causes is done after that.
/// </summary>
public sealed class NotificationStateMachine : MassTransitStateMachine<NotificationState>, IEventMapVisitor<Event>
{
    /// <summary>Builds the machine for every event there is a map for.</summary>
    public NotificationStateMachine(IEnumerable<IEventMap> events, NotificationSteps steps)
    {
        Steps = steps;
        InstanceState(notification => notification.CurrentState);

        Correlate(() => DeliverySent);
        Correlate(() => DeliveryFailed);
        Correlate(() => DeliveryExpired);
        Correlate(() => DeliveryHeld);
        Correlate(() => DeliveriesSettled);
        Correlate(() => DeliveriesStopped);
        Correlate(() => DeliveryCancelled);
        Correlate(() => DecideDelivery);
        Correlate(() => DeliveryReceiptReceived);
        Correlate(() => SendDeliveryFaulted);
        Event(
            () => ResumeNotification,
            resume => resume.CorrelateById(NotificationOf<ResumeNotification>).OnMissingInstance(missing => missing.Discard())
        );
        // A timer that was stopped, or put in the place of another, may be on its way already: one whose token is not the current one does
        // nothing.
        Schedule(
            () => Escalation,
            notification => notification.EscalationToken,
            timer =>
                timer.Received = due => due.CorrelateById(NotificationOf<EscalationDue>).OnMissingInstance(missing => missing.Discard())
        );

        foreach (var map in events)
            map.Accept(this);

        // Held differs from Sending for whoever looks at it: somebody has to decide before it can go on.
        foreach (var open in Open)
        {
            During(
                open,
                When(DeliverySent).NoteSent(this).SendNextStep(this).Conclude(this).StopEscalation(this),
                When(DeliveryFailed).NoteFailed(this).SendNextStep(this).Conclude(this).StopEscalation(this),
                When(DeliveryExpired).NoteExpired(this).SendNextStep(this).Conclude(this).StopEscalation(this),
                When(SendDeliveryFaulted).NoteGivenUp(this).SendNextStep(this).Conclude(this).StopEscalation(this),
                When(DeliveryHeld).NoteHeld().Conclude(this),
                When(DeliveriesSettled).NoteEach(this).SendNextStep(this).Conclude(this).StopEscalation(this),
                When(DeliveryReceiptReceived).NoteReceipt(this).SendNextStep(this).Conclude(this).StopEscalation(this),
                When(DecideDelivery).FollowDecision(this).SendNextStep(this).Conclude(this).StopEscalation(this),
                When(DeliveriesStopped).NoteStopped(this).Conclude(this).StopEscalation(this),
                When(DeliveryCancelled).NoteCancelled(this).Conclude(this).StopEscalation(this),
                When(Escalation.Received).Escalate(this).Conclude(this),
                When(ResumeNotification).SendAgain(this).EscalateIfForgotten(this).Conclude(this).StopEscalation(this)
            );
        }

        // A delivery that was given up and then replayed may be sent after all. Then the record and the outcome say so.
        foreach (var ended in (State[])[PartlyDelivered, Failed, Cancelled, Expired])
            During(ended, When(DeliverySent).NoteSent(this).Conclude(this), When(DeliveriesSettled).NoteEach(this).Conclude(this));
        During(Delivered, When(DeliverySent).NoteSent(this), When(DeliveriesSettled).NoteEach(this));

        // What arrived may come back days later. Then the next step begins, or the outcome is another one.
        foreach (var ended in Ends)
            During(ended, When(DeliveryReceiptReceived).NoteReceipt(this).SendNextStep(this).Conclude(this).StopEscalation(this));

        // After the end, a result that is late or comes twice changes nothing, and neither does a timer, or a cancellation that is too
        // late.
        foreach (var ended in Ends)
            During(
                ended,
                Ignore(DeliveryFailed),
                Ignore(DeliveryExpired),
                Ignore(SendDeliveryFaulted),
                Ignore(DeliveryHeld),
                Ignore(DeliveriesStopped),
                Ignore(DeliveryCancelled),
                Ignore(DecideDelivery),
                Ignore(Escalation.Received),
                Ignore(ResumeNotification)
            );
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
    public Event<DeliverySent> DeliverySent { get; private set; } = null!;

    /// <summary>No provider takes a delivery.</summary>
    public Event<DeliveryFailed> DeliveryFailed { get; private set; } = null!;

    /// <summary>A delivery was not sent while it was of use.</summary>
    public Event<DeliveryExpired> DeliveryExpired { get; private set; } = null!;

    /// <summary>Nobody knows whether a delivery went out, and it must not be sent again unasked.</summary>
    public Event<DeliveryHeld> DeliveryHeld { get; private set; } = null!;

    /// <summary>Several results are there at the same moment.</summary>
    public Event<DeliveriesSettled> DeliveriesSettled { get; private set; } = null!;

    /// <summary>Somebody has cancelled the notification, and no other call to a provider begins for it.</summary>
    public Event<DeliveriesStopped> DeliveriesStopped { get; private set; } = null!;

    /// <summary>A worker found that a delivery was cancelled before a provider took it.</summary>
    public Event<DeliveryCancelled> DeliveryCancelled { get; private set; } = null!;

    /// <summary>A vendor has reported what became of a delivery.</summary>
    public Event<DeliveryReceiptReceived> DeliveryReceiptReceived { get; private set; } = null!;

    /// <summary>An operator has decided about a delivery that is held.</summary>
    public Event<DecideDelivery> DecideDelivery { get; private set; } = null!;

    /// <summary>The worker failed in a way nobody planned, and the command ended in the error queue.</summary>
    public Event<Fault<SendDelivery>> SendDeliveryFaulted { get; private set; } = null!;

    /// <summary>The sweep found that nobody seems to work on the notification.</summary>
    public Event<ResumeNotification> ResumeNotification { get; private set; } = null!;

    /// <summary>The time of the step begun last. By then a provider must have taken it, or it must have arrived or been read.</summary>
    public Schedule<NotificationState, EscalationDue> Escalation { get; private set; } = null!;

    /// <summary>Takes a message for the notification it names, and sets it aside when there is none.</summary>
    void Correlate<TMessage>(Expression<Func<Event<TMessage>>> happened)
        where TMessage : class =>
        Event(happened, message => message.CorrelateById(NotificationOf<TMessage>).OnMissingInstance(missing => missing.Fault()));

    static Guid NotificationOf<TMessage>(ConsumeContext<TMessage> context)
        where TMessage : class => Notification<TMessage>.Of(context.Message);

    /// <summary>Looked up once for each type.</summary>
    static class Notification<TMessage>
        where TMessage : class
    {
        public static readonly Func<TMessage, Guid> Of = SagaMessages.NotificationOf<TMessage>();
    }

    /// <summary>Lets an event start notifications: one line of the saga for each kind of event.</summary>
    Event IEventMapVisitor<Event>.Visit<TEvent>(EventMap<TEvent> map)
    {
        var happened = Event<TEvent>(
            map.Name,
            start =>
            {
                start.CorrelateById(context => Steps.Plan.NotificationOf(map, context));
                start.InsertOnInitial = true;
                start.SetSagaFactory(context => Steps.Plan.Begin(map, context));
            }
        );

        Initially(When(happened).PlanDeliveries(this).HeedWithdrawal(this).TransitionTo(Sending).SendNextStep(this).Conclude(this));

        // The same occurrence again changes nothing, and another one under its name is set aside.
        foreach (var later in Open.Concat(Ends))
            During(later, When(happened).DemandTheSame(map));

        return happened;
    }
}
