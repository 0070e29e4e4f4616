using MassTransit;

using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Planning;
using NotificationBus.Receipts;

namespace NotificationBus.Saga;

/// <summary>The steps of the saga, made with rules, channels, texts and the clock.</summary>
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

    /// <summary>Sees to it that an event whose notification exists repeats the one it was begun with.</summary>
    /// <exception cref="InvalidEventException">It is another one under the same name.</exception>
    internal static void DemandTheSame<TEvent>(EventMap<TEvent> map, NotificationState notification, ConsumeContext<TEvent> context)
        where TEvent : class
    {
        if (notification.Fingerprint is { } first && first != map.Read(context.Message, context.InputId()).Fingerprint())
            throw new InvalidEventException($"its {(notification.EventId is null ? "message id" : "eventId")} names notification {notification.CorrelationId}, which was begun with other content");
    }

    /// <summary>Plans the deliveries, and gives what the first ones of them say. That is not part of the state.</summary>
    internal IReadOnlyDictionary<Guid, Content> Plan(NotificationState notification)
    {
        var plan = planning.Plan(notification.ToRequest());
        notification.Mode = plan.Mode;
        notification.EscalateAfter = plan.EscalateAfter;
        notification.EscalateUnless = plan.EscalateUnless;
        notification.ExpiresAt = notification.CreatedAt + plan.Lifetime;
        notification.Decisions = [.. notification.Decisions, .. plan.Decisions];
        notification.LeftOut = plan.LeftOut;
        notification.Refusal = plan.Refusal?.Reason;
        notification.Deliveries = [.. plan.Deliveries.Select(planned => new DeliveryState
        {
            Id = planned.Id,
            Channel = planned.Channel,
            Address = planned.Address,
            Step = planned.Step,
        })];
        return plan.Deliveries.Where(planned => planned.Step == 1).ToDictionary(planned => planned.Id, planned => planned.Content);
    }

    internal void Close(NotificationState notification)
    {
        notification.CompletedAt = clock.GetUtcNow();
        // Also what an earlier step is still being tried for. Should a provider take it after all, the record will say so.
        foreach (var delivery in notification.Deliveries.Where(delivery => delivery.Status is DeliveryStatus.Waiting or DeliveryStatus.Sending or DeliveryStatus.Held))
            delivery.Status = DeliveryStatus.NotNeeded;
    }

    internal IReadOnlyList<DeliveryState> BeginNextStep(NotificationState notification)
    {
        var next = notification.NextStep();
        var begun = notification.Deliveries.Where(delivery => delivery.Step == next).ToList();
        foreach (var delivery in begun)
        {
            delivery.Status = DeliveryStatus.Sending;
            delivery.BegunAt = clock.GetUtcNow();
        }

        return begun;
    }

    internal DateTime EscalateAt(NotificationState notification) => (clock.GetUtcNow() + notification.EscalateAfter!.Value).UtcDateTime;

    /// <summary>True when the timer should have rung and has not: it was published and lost.</summary>
    internal bool EscalationIsLost(NotificationState notification) =>
        notification.MayEscalate() && notification.Deliveries.Last(delivery => delivery.Step == notification.LastBegun()).BegunAt + notification.EscalateAfter <= clock.GetUtcNow();

    internal void Settle(NotificationState notification, Guid deliveryId, DeliveryStatus status, Action<DeliveryState> settle)
    {
        var delivery = notification.Deliveries.FirstOrDefault(delivery => delivery.Id == deliveryId);
        // Only a receipt says more than a provider that took it, or a receipt before; and only that it was sent says more than that it was
        // cancelled.
        if (delivery is null || delivery.IsSent() || delivery.BouncedAt is not null || (delivery.Status == DeliveryStatus.Cancelled && status != DeliveryStatus.Sent))
            return;

        delivery.Status = status;
        settle(delivery);
        delivery.SettledAt = clock.GetUtcNow();
    }

    /// <summary>Notes that a provider took a delivery. A receipt of it may have been faster, and says more.</summary>
    internal void NoteSent(NotificationState notification, DeliverySent sent)
    {
        if (notification.Deliveries.FirstOrDefault(delivery => delivery.Id == sent.DeliveryId) is not { } delivery)
            return;

        if (delivery.Status == DeliveryStatus.Confirmed || delivery.BouncedAt is not null)
        {
            delivery.Provider = sent.Provider;
            delivery.ProviderMessageId = sent.ProviderMessageId;
            return;
        }

        Settle(notification, sent.DeliveryId, DeliveryStatus.Sent, delivery =>
        {
            delivery.Provider = sent.Provider;
            delivery.ProviderMessageId = sent.ProviderMessageId;
            delivery.Reason = null;
        });
    }

    /// <summary>Notes that no provider takes a delivery.</summary>
    internal void NoteFailed(NotificationState notification, DeliveryFailed failed) =>
        Settle(notification, failed.DeliveryId, DeliveryStatus.Failed, delivery =>
        {
            delivery.Provider = failed.Provider;
            delivery.Reason = failed.Reason;
        });

    /// <summary>Notes that a delivery was not sent while it was of use.</summary>
    internal void NoteExpired(NotificationState notification, DeliveryExpired expired) =>
        Settle(notification, expired.DeliveryId, DeliveryStatus.Expired, delivery =>
        {
            delivery.Provider = expired.Provider;
            delivery.Reason = expired.Reason;
        });

    /// <summary>Notes any result.</summary>
    internal void Note(NotificationState notification, DeliveryResult result)
    {
        switch (result.Message)
        {
            case DeliverySent sent:
                NoteSent(notification, sent);
                break;

            case DeliveryFailed failed:
                NoteFailed(notification, failed);
                break;

            case DeliveryExpired expired:
                NoteExpired(notification, expired);
                break;

            case DeliveryHeld held:
                Hold(notification, held);
                break;

            case DeliveryCancelled cancelled:
                NoteCancelled(notification, cancelled);
                break;
        }
    }

    /// <summary>Notes what a vendor reports of a delivery, in whatever order and however often it does.</summary>
    /// <returns>The deliveries to go on with, now that nothing has arrived.</returns>
    internal IReadOnlyList<DeliveryState> NoteReceipt(NotificationState notification, DeliveryReceiptReceived receipt)
    {
        if (notification.Deliveries.FirstOrDefault(delivery => delivery.Id == receipt.DeliveryId) is not { BegunAt: not null } delivery)
            return [];

        var wasBounced = delivery.BouncedAt is not null;
        Stamp(delivery, receipt);
        if (receipt.Kind == ReceiptKind.SoftBounce || wasBounced)
            return [];

        if (receipt.Kind is ReceiptKind.HardBounce or ReceiptKind.Undelivered)
        {
            // A server may take a mail and send it back later: so this goes also for what was confirmed.
            Settle(delivery, DeliveryStatus.Failed, receipt);
            delivery.Reason = receipt.Reason ?? "it came back";
            return Reopen(notification);
        }

        if (receipt.Kind == ReceiptKind.Confirmed)
            Settle(delivery, DeliveryStatus.Confirmed, receipt);
        else if (!delivery.IsSent())
            Settle(delivery, DeliveryStatus.Sent, receipt); // Nobody opens, reads or complains about what was not sent.

        return [];
    }

    static void Stamp(DeliveryState delivery, DeliveryReceiptReceived receipt)
    {
        var at = receipt.At;
        switch (receipt.Kind)
        {
            case ReceiptKind.Confirmed:
                delivery.ConfirmedAt = Earlier(delivery.ConfirmedAt, at);
                break;

            case ReceiptKind.HardBounce or ReceiptKind.Undelivered:
                delivery.BouncedAt = Earlier(delivery.BouncedAt, at);
                break;

            case ReceiptKind.SoftBounce:
                delivery.SoftBouncedAt = delivery.SoftBouncedAt > at ? delivery.SoftBouncedAt : at;
                break;

            case ReceiptKind.Opened:
                delivery.OpenedAt = Earlier(delivery.OpenedAt, at);
                break;

            case ReceiptKind.Read:
                delivery.ReadAt = Earlier(delivery.ReadAt, at);
                break;

            case ReceiptKind.Complained:
                delivery.ComplainedAt = Earlier(delivery.ComplainedAt, at);
                break;

            case ReceiptKind.Unsubscribed or ReceiptKind.OptedOut:
                delivery.UnsubscribedAt = Earlier(delivery.UnsubscribedAt, at);
                break;
        }
    }

    static DateTimeOffset Earlier(DateTimeOffset? one, DateTimeOffset other) => one < other ? one.Value : other;

    void Settle(DeliveryState delivery, DeliveryStatus status, DeliveryReceiptReceived receipt)
    {
        if (!delivery.IsSent() || status == DeliveryStatus.Failed)
            delivery.SettledAt = clock.GetUtcNow();
        delivery.Status = status;
        delivery.Provider ??= receipt.Provider;
        delivery.ProviderMessageId ??= receipt.ProviderMessageId;
        delivery.Reason = null;
    }

    /// <summary>
    /// Reopens the rest of the plan, when it had ended with what came back now: it is needed after all, if it is not too late.
    /// </summary>
    List<DeliveryState> Reopen(NotificationState notification)
    {
        if (notification.CompletedAt is null || notification.Deliveries.Any(delivery => delivery.IsSent()) || notification.ExpiresAt <= clock.GetUtcNow())
            return [];

        var again = new List<DeliveryState>();
        foreach (var delivery in notification.Deliveries.Where(delivery => delivery.Status == DeliveryStatus.NotNeeded))
        {
            notification.CompletedAt = null;
            delivery.Status = delivery.BegunAt is null ? DeliveryStatus.Waiting : DeliveryStatus.Sending;
            if (delivery.BegunAt is null)
                continue;

            // A result may have come after the end, and changed nothing. The ledger will give the same one again, and this time it counts.
            delivery.Reopened++;
            again.Add(delivery);
        }

        return again;
    }

    /// <summary>Keeps a delivery for an operator to decide about.</summary>
    internal static void Hold(NotificationState notification, DeliveryHeld held)
    {
        // Only one that is on its way: a decision or a result may have been faster.
        if (notification.Deliveries.FirstOrDefault(delivery => delivery.Id == held.DeliveryId) is not { Status: DeliveryStatus.Sending } delivery)
            return;

        delivery.Status = DeliveryStatus.Held;
        delivery.Provider = held.Provider;
        delivery.Reason = held.Reason;
        delivery.Attempts = held.Attempts;
    }

    /// <summary>
    /// Notes that the notification is cancelled. What a provider may have is no longer sent, but cannot be said to be cancelled.
    /// </summary>
    internal void NoteStopped(NotificationState notification, DeliveriesStopped stopped)
    {
        foreach (var delivery in notification.Deliveries.Where(delivery => !delivery.IsSettled()))
        {
            var found = stopped.Deliveries.FirstOrDefault(one => one.DeliveryId == delivery.Id);
            if (found is null)
                continue;

            delivery.Cancellation = stopped.Reason;
            // What is held stays so: that may have been sent too.
            if (delivery.Status == DeliveryStatus.Held)
                continue;

            if (found.At == StoppedAt.Rest)
                Cancel(delivery, stopped.Reason);
            else if (found.At == StoppedAt.Doubt)
                Hold(notification, new DeliveryHeld { NotificationId = notification.CorrelationId, DeliveryId = delivery.Id, Provider = found.Provider!, Reason = found.Reason ?? "in doubt", Attempts = found.Attempts });
        }
    }

    /// <summary>
    /// Notes that a worker found a delivery cancelled. Then all of the notification is, and the next step must not begin.
    /// </summary>
    internal void NoteCancelled(NotificationState notification, DeliveryCancelled cancelled)
    {
        foreach (var delivery in notification.Deliveries)
        {
            if (delivery.Status == DeliveryStatus.Waiting || (delivery.Id == cancelled.DeliveryId && delivery.Status == DeliveryStatus.Sending))
                Cancel(delivery, cancelled.Reason);
        }
    }

    void Cancel(DeliveryState delivery, string reason)
    {
        delivery.Status = DeliveryStatus.Cancelled;
        delivery.Cancellation = reason;
        delivery.Reason = reason;
        delivery.SettledAt = clock.GetUtcNow();
    }

    /// <summary>
    /// Does what was decided about a delivery that is held; nothing when it is no longer held, so that a second click does nothing.
    /// </summary>
    /// <returns>The delivery, when it is to be sent again.</returns>
    internal DeliveryState? Decide(NotificationState notification, DecideDelivery decided)
    {
        if (notification.Deliveries.FirstOrDefault(delivery => delivery.Id == decided.DeliveryId) is not { Status: DeliveryStatus.Held } delivery)
            return null;

        if (decided.Decision == HeldDecision.Resend)
        {
            // The ledger grants no other call. Whether it was sent is still to be decided.
            if (delivery.Cancellation is not null)
                return null;

            delivery.Status = DeliveryStatus.Sending;
            return delivery;
        }

        delivery.Status = decided.Decision == HeldDecision.Sent ? DeliveryStatus.Sent : DeliveryStatus.Failed;
        delivery.Reason = $"decided by an operator: {decided.Why}";
        delivery.SettledAt = clock.GetUtcNow();
        return null;
    }

    /// <summary>
    /// Derives the consequences of a notification as it is: the commands of what is being sent, and the outcome. Some of it may not have
    /// left when whoever made the step ended, and nobody knows what.
    /// </summary>
    /// <param name="notification">The notification.</param>
    /// <param name="putOff">The deliveries whose commands come again by themselves.</param>
    internal Consequences Follow(NotificationState notification, IReadOnlySet<Guid> putOff)
    {
        var consequences = new Consequences { Outcome = notification.CompletedAt is null ? null : Outcome.Of(notification) };
        foreach (var delivery in notification.Deliveries.Where(delivery => delivery.Status == DeliveryStatus.Sending && !putOff.Contains(delivery.Id)))
            consequences.Commands.Add(Command(notification, delivery));
        return consequences;
    }

    /// <inheritdoc cref="PlanningRules.CommandFor" />
    internal SendDelivery Command(NotificationState notification, DeliveryState delivery) => planning.CommandFor(notification, delivery);
}
