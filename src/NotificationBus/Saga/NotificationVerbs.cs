using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.InProcess;
using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Receipts;

namespace NotificationBus.Saga;

/// <summary>The verbs of <see cref="NotificationStateMachine"/>.</summary>
static class NotificationVerbs
{
    public static EventActivityBinder<NotificationState, TEvent> DemandTheSame<TEvent>(
        this EventActivityBinder<NotificationState, TEvent> step,
        EventMap<TEvent> map
    )
        where TEvent : class => step.Then(context => PlanSteps.DemandTheSame(map, context.Saga, context));

    public static EventActivityBinder<NotificationState, TEvent> PlanDeliveries<TEvent>(
        this EventActivityBinder<NotificationState, TEvent> step,
        NotificationStateMachine machine
    )
        where TEvent : class => step.Then(context => context.Effects().Contents = machine.Steps.Plan.Plan(context.Saga));

    /// <summary>Sends nothing of what is planned when its business key was withdrawn before.</summary>
    public static EventActivityBinder<NotificationState, TEvent> HeedWithdrawal<TEvent>(
        this EventActivityBinder<NotificationState, TEvent> step,
        NotificationStateMachine machine
    )
        where TEvent : class =>
        step.Then(context =>
        {
            if (context.Effects().Withdrawal is { } reason)
                machine.Steps.Interventions.Withdraw(context.Saga, reason);
        });

    public static EventActivityBinder<NotificationState, DeliverySent> NoteSent(
        this EventActivityBinder<NotificationState, DeliverySent> step,
        NotificationStateMachine machine
    ) => step.Then(context => machine.Steps.Results.NoteSent(context.Saga, context.Message));

    public static EventActivityBinder<NotificationState, DeliveryFailed> NoteFailed(
        this EventActivityBinder<NotificationState, DeliveryFailed> step,
        NotificationStateMachine machine
    ) => step.Then(context => machine.Steps.Results.NoteFailed(context.Saga, context.Message));

    public static EventActivityBinder<NotificationState, DeliveryExpired> NoteExpired(
        this EventActivityBinder<NotificationState, DeliveryExpired> step,
        NotificationStateMachine machine
    ) => step.Then(context => machine.Steps.Results.NoteExpired(context.Saga, context.Message));

    /// <summary>Notes several results, each as if it had come alone.</summary>
    public static EventActivityBinder<NotificationState, DeliveriesSettled> NoteEach(
        this EventActivityBinder<NotificationState, DeliveriesSettled> step,
        NotificationStateMachine machine
    ) =>
        step.Then(context =>
        {
            foreach (var result in context.Message.Results.Where(result => !context.Saga.ProcessedMessageIds.Contains(result.MessageId)))
            {
                // After the end a result says more only when it says that it was sent.
                if (context.Saga.CompletedAt is null || result.Sent is not null)
                    machine.Steps.Results.Note(context.Saga, result);
            }
        });

    public static EventActivityBinder<NotificationState, Fault<SendDelivery>> NoteGivenUp(
        this EventActivityBinder<NotificationState, Fault<SendDelivery>> step,
        NotificationStateMachine machine
    ) => step.Then(context => machine.Steps.Results.NoteGivenUp(context.Saga, context.Message));

    public static EventActivityBinder<NotificationState, DeliveryHeld> NoteHeld(
        this EventActivityBinder<NotificationState, DeliveryHeld> step
    ) => step.Then(context => ResultSteps.Hold(context.Saga, context.Message));

    /// <summary>Notes that the notification is cancelled, and for which deliveries that is certain.</summary>
    public static EventActivityBinder<NotificationState, DeliveriesStopped> NoteStopped(
        this EventActivityBinder<NotificationState, DeliveriesStopped> step,
        NotificationStateMachine machine
    ) => step.Then(context => machine.Steps.Interventions.NoteStopped(context.Saga, context.Message));

    public static EventActivityBinder<NotificationState, DeliveryCancelled> NoteCancelled(
        this EventActivityBinder<NotificationState, DeliveryCancelled> step,
        NotificationStateMachine machine
    ) => step.Then(context => machine.Steps.Interventions.NoteCancelled(context.Saga, context.Message));

    /// <summary>Notes what a vendor reports. What came back after the plan had ended makes it go on.</summary>
    public static EventActivityBinder<NotificationState, DeliveryReceiptReceived> NoteReceipt(
        this EventActivityBinder<NotificationState, DeliveryReceiptReceived> step,
        NotificationStateMachine machine
    ) => step.Then(context => context.SendCommands(machine, machine.Steps.Receipts.NoteReceipt(context.Saga, context.Message)));

    /// <summary>Does what an operator has decided about a delivery that is held; nothing when it is no longer held.</summary>
    public static EventActivityBinder<NotificationState, DecideDelivery> FollowDecision(
        this EventActivityBinder<NotificationState, DecideDelivery> step,
        NotificationStateMachine machine
    ) =>
        step.Then(context =>
        {
            if (machine.Steps.Interventions.Decide(context.Saga, context.Message) is { } resend)
                context.SendCommands(machine, [resend]);
        });

    /// <summary>Has the first step sent, or the next one when the one before reached nobody.</summary>
    public static EventActivityBinder<NotificationState, TEvent> SendNextStep<TEvent>(
        this EventActivityBinder<NotificationState, TEvent> step,
        NotificationStateMachine machine
    )
        where TEvent : class =>
        step.If(context => context.Saga.Progress() == NotificationProgress.StepFailed, next => next.BeginNextStep(machine));

    /// <summary>Begins the next step in addition when the time of the last one is up and not enough is known of it.</summary>
    public static EventActivityBinder<NotificationState, EscalationDue> Escalate(
        this EventActivityBinder<NotificationState, EscalationDue> step,
        NotificationStateMachine machine
    ) => step.If(context => context.Saga.MayEscalate(), next => next.BeginNextStep(machine));

    /// <summary>Begins the next step if the timer that should have done so was lost.</summary>
    public static EventActivityBinder<NotificationState, ResumeNotification> EscalateIfForgotten(
        this EventActivityBinder<NotificationState, ResumeNotification> step,
        NotificationStateMachine machine
    ) => step.If(context => machine.Steps.Plan.EscalationIsLost(context.Saga), next => next.BeginNextStep(machine));

    /// <summary>Sends the commands again whose results are missing. What was sent already is only reported again.</summary>
    public static EventActivityBinder<NotificationState, ResumeNotification> SendAgain(
        this EventActivityBinder<NotificationState, ResumeNotification> step,
        NotificationStateMachine machine
    ) =>
        step.Then(context =>
            context.SendCommands(machine, context.Saga.Deliveries.Where(delivery => delivery.Status == DeliveryStatus.Sending))
        );

    /// <summary>Stops the timer when there is nothing left to begin, or no need to.</summary>
    public static EventActivityBinder<NotificationState, TEvent> StopEscalation<TEvent>(
        this EventActivityBinder<NotificationState, TEvent> step,
        NotificationStateMachine machine
    )
        where TEvent : class =>
        step.If(
            context => context.Saga.EscalationToken is not null && !context.Saga.MayEscalate(),
            stop => stop.Unschedule(machine.Escalation)
        );

    static EventActivityBinder<NotificationState, TEvent> BeginNextStep<TEvent>(
        this EventActivityBinder<NotificationState, TEvent> step,
        NotificationStateMachine machine
    )
        where TEvent : class =>
        step.Then(context => context.SendCommands(machine, machine.Steps.Plan.BeginNextStep(context.Saga)))
            .If(
                context => context.Saga.MayEscalate(),
                timer =>
                    timer.Schedule(
                        machine.Escalation,
                        context => new EscalationDue { NotificationId = context.Saga.CorrelationId },
                        context => machine.Steps.Plan.EscalateAt(context.Saga)
                    )
            );

    static void SendCommands(
        this BehaviorContext<NotificationState> context,
        NotificationStateMachine machine,
        IEnumerable<DeliveryState> deliveries
    )
    {
        var now = machine.Steps.Plan.Now;
        foreach (var delivery in deliveries)
        {
            var command = machine.Steps.Effects.Command(context.Saga, delivery);
            if (delivery.BegunAt is { } at && at > now)
                context.Effects().Later.Add(EffectSteps.Waiting(command, at, now));
            else
                context.Effects().Commands.Add(command);
        }
    }

    /// <summary>Announces the outcome when there is one, and again when a late result changes it.</summary>
    public static EventActivityBinder<NotificationState, TEvent> Conclude<TEvent>(
        this EventActivityBinder<NotificationState, TEvent> step,
        NotificationStateMachine machine
    )
        where TEvent : class =>
        // Most steps change nothing here, and asking after each outcome in turn is not free.
        step.If(
            context => context.HasMoved(),
            moved =>
                moved
                    .If(context => context.Reached(NotificationProgress.Held, machine.Held), held => held.TransitionTo(machine.Held))
                    .If(
                        context => context.Reached(NotificationProgress.Sending, machine.Sending),
                        sending => sending.TransitionTo(machine.Sending)
                    )
                    .EndAs(machine, NotificationProgress.Delivered, machine.Delivered)
                    .EndAs(machine, NotificationProgress.PartlyDelivered, machine.PartlyDelivered)
                    .EndAs(machine, NotificationProgress.Cancelled, machine.Cancelled)
                    .EndAs(machine, NotificationProgress.Expired, machine.Expired)
                    .EndAs(machine, NotificationProgress.Failed, machine.Failed)
        );

    static EventActivityBinder<NotificationState, TEvent> EndAs<TEvent>(
        this EventActivityBinder<NotificationState, TEvent> step,
        NotificationStateMachine machine,
        NotificationProgress progress,
        State state
    )
        where TEvent : class =>
        step.If(
            context => context.Reached(progress, state),
            end =>
                end.Then(context => machine.Steps.Plan.Close(context.Saga))
                    .TransitionTo(state)
                    .Then(context => context.Effects().Outcome = Outcome.Of(context.Saga))
        );

    static Effects Effects(this PipeContext context) => context.GetPayload<Effects>();

    static bool HasMoved(this BehaviorContext<NotificationState> context) =>
        context.Saga.Progress() is not NotificationProgress.StepFailed and var progress && context.Saga.CurrentState != $"{progress}";

    static bool Reached<TEvent>(this BehaviorContext<NotificationState, TEvent> context, NotificationProgress progress, State state)
        where TEvent : class => context.Saga.Progress() == progress && context.Saga.CurrentState != state.Name;
}
