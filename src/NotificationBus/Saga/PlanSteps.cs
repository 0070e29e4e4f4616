using MassTransit;
using NotificationBus.Contents;
using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Planning;

namespace NotificationBus.Saga;

/// <summary>How a notification begins, goes on with the next step of its plan, and ends.</summary>
sealed class PlanSteps(
    IntakeRules intake,
    PlanningRules planning,
    ContentPacking packing,
    IMessageApplications applications,
    TimeProvider clock
)
{
    /// <summary>The time by the record's clock.</summary>
    public DateTimeOffset Now => clock.GetUtcNow();

    /// <summary>The notification an event asks for, before planning.</summary>
    public NotificationState Begin<TEvent>(EventMap<TEvent> map, ConsumeContext<TEvent> context)
        where TEvent : class
    {
        var request = map.Read(context.Message, context.InputId(), applications.Of(context.ReceiveContext));
        intake.Demand(request, map.RecipientProperty);
        return NotificationState.From(request, clock.GetUtcNow());
    }

    /// <summary>The id of the notification that an event is about.</summary>
    public Guid NotificationOf<TEvent>(EventMap<TEvent> map, ConsumeContext<TEvent> context)
        where TEvent : class => map.NotificationId(context.Message, context.InputId(), applications.Of(context.ReceiveContext));

    /// <summary>Sees to it that an event whose notification exists repeats the one it was begun with.</summary>
    /// <exception cref="InvalidEventException">It is another one under the same name.</exception>
    public static void DemandTheSame<TEvent>(EventMap<TEvent> map, NotificationState notification, ConsumeContext<TEvent> context)
        where TEvent : class
    {
        if (
            notification.Fingerprint is not { } first
            || first == map.Read(context.Message, context.InputId(), notification.Application).Fingerprint()
        )
            return;

        var name = notification.EventId is null ? "message id" : "eventId";
        throw new InvalidEventException($"its {name} names notification {notification.CorrelationId}, which was begun with other content");
    }

    /// <summary>Plans the deliveries, and gives what they say. That is not part of the state, which only has its name.</summary>
    public PlannedContents? Plan(NotificationState notification)
    {
        var request = notification.ToRequest();
        // What it says has a place of its own from here on.
        notification.GivenContent = null;
        var plan = planning.Plan(request);
        notification.Mode = plan.Mode;
        notification.EscalateAfter = plan.EscalateAfter;
        notification.EscalateUnless = plan.EscalateUnless;
        if (notification.ExpiresAt == default)
            notification.ExpiresAt = (notification.SendAt ?? notification.CreatedAt) + plan.Lifetime;
        notification.Decisions = [.. notification.Decisions, .. plan.Decisions];
        notification.LeftOut = plan.LeftOut;
        notification.Refusal = plan.Refusal?.Reason;
        notification.Deliveries =
        [
            .. plan.Deliveries.Select(planned => new DeliveryState
            {
                Id = planned.Id,
                Channel = planned.Channel,
                Address = planned.Address,
                Step = planned.Step,
            }),
        ];
        // Also of a plan that says nothing: the record tells later that no template may say it instead.
        if (request.Content is not null)
            notification.TemplateVersion = GivenContent.Version;
        if (planning.Freeze(request, plan) is not { } frozen)
            return null;

        notification.Contents = frozen.Hash;
        notification.TemplateVersion = planning.TemplateVersionOf(request);
        return new PlannedContents(frozen, packing.Pack(frozen));
    }

    /// <summary>Begins the next step.</summary>
    /// <returns>Its deliveries.</returns>
    public IReadOnlyList<DeliveryState> BeginNextStep(NotificationState notification)
    {
        var next = notification.NextStep();
        var now = clock.GetUtcNow();
        var begun = notification.Deliveries.Where(delivery => delivery.Step == next).ToList();
        foreach (var delivery in begun)
        {
            delivery.Status = DeliveryStatus.Sending;
            delivery.BegunAt = notification.SendAt > now ? notification.SendAt : now;
        }

        return begun;
    }

    /// <summary>The time of the step that has just begun: then the next one begins in addition.</summary>
    public DateTime EscalateAt(NotificationState notification)
    {
        var now = clock.GetUtcNow();
        return ((notification.SendAt > now ? notification.SendAt.Value : now) + notification.EscalateAfter!.Value).UtcDateTime;
    }

    /// <summary>True when the timer should have rung and has not: it was published and lost.</summary>
    public bool EscalationIsLost(NotificationState notification)
    {
        if (!notification.MayEscalate())
            return false;

        var begunLast = notification.Deliveries.Last(delivery => delivery.Step == notification.LastBegun());
        return begunLast.BegunAt + notification.EscalateAfter <= clock.GetUtcNow();
    }

    /// <summary>Ends it.</summary>
    public void Close(NotificationState notification)
    {
        notification.CompletedAt = clock.GetUtcNow();
        // Also what an earlier step is still being tried for. Should a provider take it after all, the record will say so.
        foreach (var delivery in notification.Deliveries.Where(IsOpen))
        {
            delivery.Status = DeliveryStatus.NotNeeded;
            delivery.Code = ReasonCode.NotNeeded;
        }

        static bool IsOpen(DeliveryState delivery) =>
            delivery.Status is DeliveryStatus.Waiting or DeliveryStatus.Sending or DeliveryStatus.Held;
    }
}
