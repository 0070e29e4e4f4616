using MassTransit;

using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Planning;
using NotificationBus.Sending;

namespace NotificationBus.Saga;

/// <summary>What the steps of the saga are made with: rules, channels, texts and the clock.</summary>
public sealed class NotificationSteps(IntakeRules intake, PlanningRules planning, TimeProvider clock)
{
    /// <summary>The notification an event asks for, before planning.</summary>
    internal NotificationState Begin<TEvent>(EventMap<TEvent> map, ConsumeContext<TEvent> context)
        where TEvent : class
    {
        var request = map.Read(context.Message, context.InputId());
        intake.Demand(request, map.RecipientProperty);
        return NotificationState.From(request, clock.GetUtcNow());
    }

    internal void Plan(NotificationState notification)
    {
        var plan = planning.Plan(notification.ToRequest());
        notification.Mode = plan.Mode;
        notification.ExpiresAt = notification.CreatedAt + plan.Lifetime;
        notification.Decisions = plan.Decisions;
        notification.Refusal = plan.Refusal?.Reason;
        notification.Deliveries = [.. plan.Deliveries.Select(planned => new DeliveryState
        {
            Id = planned.Id,
            Channel = planned.Channel,
            Address = planned.Address,
            Step = planned.Step,
        })];
    }

    internal void Close(NotificationState notification)
    {
        notification.CompletedAt = clock.GetUtcNow();
        foreach (var delivery in notification.Deliveries.Where(delivery => delivery.Status == DeliveryStatus.Waiting))
            delivery.Status = DeliveryStatus.NotNeeded;
    }

    internal void Settle(NotificationState notification, Guid deliveryId, Action<DeliveryState> settle)
    {
        var delivery = notification.Deliveries.FirstOrDefault(delivery => delivery.Id == deliveryId);
        // Sent stays sent, whatever arrives later.
        if (delivery is null or { Status: DeliveryStatus.Sent })
            return;

        settle(delivery);
        delivery.SettledAt = clock.GetUtcNow();
    }
}

/// <summary>The verbs of <see cref="NotificationStateMachine"/>.</summary>
static class NotificationVerbs
{
    public static EventActivityBinder<NotificationState, TEvent> PlanDeliveries<TEvent>(this EventActivityBinder<NotificationState, TEvent> step, NotificationStateMachine machine)
        where TEvent : class =>
        step.Then(context => machine.Steps.Plan(context.Saga));

    public static EventActivityBinder<NotificationState, DeliverySent> NoteSent(this EventActivityBinder<NotificationState, DeliverySent> step, NotificationStateMachine machine) =>
        step.Then(context => machine.Steps.Settle(context.Saga, context.Message.DeliveryId, delivery =>
        {
            delivery.Status = DeliveryStatus.Sent;
            delivery.Provider = context.Message.Provider;
            delivery.ProviderMessageId = context.Message.ProviderMessageId;
            delivery.Reason = null;
        }));

    public static EventActivityBinder<NotificationState, DeliveryFailed> NoteFailed(this EventActivityBinder<NotificationState, DeliveryFailed> step, NotificationStateMachine machine) =>
        step.Then(context => machine.Steps.Settle(context.Saga, context.Message.DeliveryId, delivery =>
        {
            delivery.Status = DeliveryStatus.Failed;
            delivery.Provider = context.Message.Provider;
            delivery.Reason = context.Message.Reason;
        }));

    public static EventActivityBinder<NotificationState, DeliveryExpired> NoteExpired(this EventActivityBinder<NotificationState, DeliveryExpired> step, NotificationStateMachine machine) =>
        step.Then(context => machine.Steps.Settle(context.Saga, context.Message.DeliveryId, delivery =>
        {
            delivery.Status = DeliveryStatus.Expired;
            delivery.Provider = context.Message.Provider;
            delivery.Reason = context.Message.Reason;
        }));

    public static EventActivityBinder<NotificationState, Fault<SendDelivery>> NoteGivenUp(this EventActivityBinder<NotificationState, Fault<SendDelivery>> step, NotificationStateMachine machine) =>
        step.Then(context => machine.Steps.Settle(context.Saga, context.Message.Message.DeliveryId, delivery =>
        {
            delivery.Status = DeliveryStatus.Failed;
            // The exception's own text may carry anything, an address included; its type is enough to find it among the failed messages.
            delivery.Reason = $"the worker failed ({context.Message.Exceptions?.FirstOrDefault()?.ExceptionType ?? "unknown"}); the order is among the failed messages";
        }));

    /// <summary>Orders the first step, or the next one when the one before reached nobody.</summary>
    public static EventActivityBinder<NotificationState, TEvent> OrderNextStep<TEvent>(this EventActivityBinder<NotificationState, TEvent> step)
        where TEvent : class =>
        step.If(context => context.Saga.Progress() == NotificationProgress.StepFailed, next => next.ThenAsync(async context =>
        {
            var waiting = context.Saga.Deliveries.Where(delivery => delivery.Status == DeliveryStatus.Waiting).ToList();
            foreach (var delivery in waiting.Where(delivery => delivery.Step == waiting[0].Step))
            {
                delivery.Status = DeliveryStatus.Sending;
                await context.Send(ChannelEndpoint.Of(delivery.Channel), Order(context.Saga, delivery));
            }
        }));

    /// <summary>Announces the outcome when there is one, and again when a late result changes it.</summary>
    public static EventActivityBinder<NotificationState, TEvent> Conclude<TEvent>(this EventActivityBinder<NotificationState, TEvent> step, NotificationStateMachine machine)
        where TEvent : class =>
        step
            .If(context => context.Reached(NotificationProgress.Delivered, machine.Delivered), end => end
                .Then(context => machine.Steps.Close(context.Saga))
                .Publish(context => new NotificationDelivered
                {
                    NotificationId = context.Saga.CorrelationId,
                    EventName = context.Saga.EventName,
                    EventId = context.Saga.EventId,
                    RecipientId = context.Saga.Recipient.Id,
                    Channels = context.Saga.SentChannels(),
                })
                .TransitionTo(machine.Delivered))
            .If(context => context.Reached(NotificationProgress.PartlyDelivered, machine.PartlyDelivered), end => end
                .Then(context => machine.Steps.Close(context.Saga))
                .Publish(context => new NotificationPartlyDelivered
                {
                    NotificationId = context.Saga.CorrelationId,
                    EventName = context.Saga.EventName,
                    EventId = context.Saga.EventId,
                    RecipientId = context.Saga.Recipient.Id,
                    Channels = context.Saga.SentChannels(),
                    FailedChannels = context.Saga.FailedChannels(),
                    Reason = context.Saga.FailureReason(),
                })
                .TransitionTo(machine.PartlyDelivered))
            .If(context => context.Reached(NotificationProgress.Expired, machine.Expired), end => end
                .Then(context => machine.Steps.Close(context.Saga))
                .Publish(context => new NotificationExpired
                {
                    NotificationId = context.Saga.CorrelationId,
                    EventName = context.Saga.EventName,
                    EventId = context.Saga.EventId,
                    RecipientId = context.Saga.Recipient.Id,
                    Reason = context.Saga.FailureReason(),
                })
                .TransitionTo(machine.Expired))
            .If(context => context.Reached(NotificationProgress.Failed, machine.Failed), end => end
                .Then(context => machine.Steps.Close(context.Saga))
                .Publish(context => new NotificationFailed
                {
                    NotificationId = context.Saga.CorrelationId,
                    EventName = context.Saga.EventName,
                    EventId = context.Saga.EventId,
                    RecipientId = context.Saga.Recipient.Id,
                    Reason = context.Saga.FailureReason(),
                })
                .TransitionTo(machine.Failed));

    static bool Reached<TEvent>(this BehaviorContext<NotificationState, TEvent> context, NotificationProgress progress, State state)
        where TEvent : class =>
        context.Saga.Progress() == progress && context.Saga.CurrentState != state.Name;

    static SendDelivery Order(NotificationState notification, DeliveryState delivery) => new()
    {
        NotificationId = notification.CorrelationId,
        DeliveryId = delivery.Id,
        Channel = delivery.Channel,
        Address = delivery.Address,
        Category = notification.Category,
        RecipientId = notification.Recipient.Id,
        RecipientName = notification.Recipient.Name,
        Locale = notification.Recipient.Locale,
        Data = notification.Data,
        ExpiresAt = notification.ExpiresAt,
        AnotherChannelFollows = notification.Deliveries.Any(later => later.Step > delivery.Step),
    };
}
