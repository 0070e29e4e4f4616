using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Notifications;

namespace NotificationBus.Saga;

/// <summary>What people do to a notification that is under way: they cancel it, and decide about what is held.</summary>
sealed class InterventionSteps(TimeProvider clock)
{
    /// <summary>
    /// Notes that the notification is cancelled. What a provider may have is no longer sent, but cannot be said to be cancelled.
    /// </summary>
    public void NoteStopped(NotificationState notification, DeliveriesStopped stopped)
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
                ResultSteps.Hold(notification, HeldAt(notification, found));
        }
    }

    static DeliveryHeld HeldAt(NotificationState notification, StoppedDelivery found) =>
        new()
        {
            NotificationId = notification.CorrelationId,
            DeliveryId = found.DeliveryId,
            Provider = found.Provider!,
            Reason = found.Reason ?? "in doubt",
            Attempts = found.Attempts,
        };

    /// <summary>
    /// Notes that a worker found a delivery cancelled. Then all of the notification is, and the next step must not begin. One that had
    /// ended says nothing of the others: it was closed by itself, to be sent again, and its command came once more.
    /// </summary>
    public void NoteCancelled(NotificationState notification, DeliveryCancelled cancelled)
    {
        var named = notification.Deliveries.FirstOrDefault(delivery => delivery.Id == cancelled.DeliveryId);
        if (named is not { Status: DeliveryStatus.Sending })
            return;

        named.Decisions = named.Decisions.Noting(cancelled.Decisions);
        foreach (var delivery in notification.Deliveries)
        {
            if (delivery == named || delivery.Status == DeliveryStatus.Waiting)
                Cancel(delivery, cancelled.Reason);
        }
    }

    /// <summary>Has all of a notification withdrawn that has just been planned: nothing of it is sent.</summary>
    public void Withdraw(NotificationState notification, string reason)
    {
        foreach (var delivery in notification.Deliveries)
            Cancel(delivery, reason);
    }

    void Cancel(DeliveryState delivery, string reason)
    {
        delivery.Status = DeliveryStatus.Cancelled;
        delivery.Cancellation = reason;
        delivery.Reason = reason;
        delivery.Code = CancellationReasons.CodeOf(reason);
        delivery.SettledAt = clock.GetUtcNow();
    }

    /// <summary>
    /// Does what was decided about a delivery that is held; nothing when it is no longer held, so that a second click does nothing.
    /// </summary>
    /// <returns>The delivery, when it is to be sent again.</returns>
    public DeliveryState? Decide(NotificationState notification, DecideDelivery decided)
    {
        var delivery = notification.Deliveries.FirstOrDefault(delivery => delivery.Id == decided.DeliveryId);
        if (delivery is not { Status: DeliveryStatus.Held })
            return null;

        if (decided.Decision == HeldDecision.Resend)
        {
            // The ledger grants no other call. Whether it was sent is still to be decided.
            if (delivery.Cancellation is not null || ErasedRecipient.Is(notification))
                return null;

            delivery.Status = DeliveryStatus.Sending;
            delivery.Code = null;
            return delivery;
        }

        delivery.Status = decided.Decision == HeldDecision.Sent ? DeliveryStatus.Sent : DeliveryStatus.Failed;
        delivery.Code = decided.Decision == HeldDecision.Sent ? null : ReasonCode.DecidedFailed;
        delivery.Reason = $"decided by an operator: {decided.Why}";
        delivery.SettledAt = clock.GetUtcNow();
        return null;
    }
}
