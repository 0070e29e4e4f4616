using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.Model;

namespace NotificationBus.Saga;

/// <summary>What a notification learns from the results of its deliveries, in whatever order and however often they come.</summary>
sealed class ResultSteps(InterventionSteps interventions, TimeProvider clock)
{
    /// <summary>Notes any result.</summary>
    public void Note(NotificationState notification, DeliveryResult result)
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
                interventions.NoteCancelled(notification, cancelled);
                break;
        }
    }

    /// <summary>Notes that a provider took a delivery. A receipt of it may have been faster, and says more.</summary>
    public void NoteSent(NotificationState notification, DeliverySent sent)
    {
        if (notification.Deliveries.FirstOrDefault(delivery => delivery.Id == sent.DeliveryId) is not { } delivery)
            return;

        if (delivery.Status == DeliveryStatus.Confirmed || delivery.BouncedAt is not null)
        {
            delivery.Provider = sent.Provider;
            delivery.ProviderMessageId = sent.ProviderMessageId;
            return;
        }

        Settle(
            notification,
            sent.DeliveryId,
            DeliveryStatus.Sent,
            delivery =>
            {
                delivery.Provider = sent.Provider;
                delivery.ProviderMessageId = sent.ProviderMessageId;
                delivery.Reason = null;
                delivery.Code = null;
                delivery.Decisions = delivery.Decisions.Noting(sent.Decisions);
            }
        );
    }

    /// <summary>Notes that no provider takes a delivery.</summary>
    public void NoteFailed(NotificationState notification, DeliveryFailed failed) =>
        Settle(
            notification,
            failed.DeliveryId,
            DeliveryStatus.Failed,
            delivery =>
            {
                delivery.Provider = failed.Provider;
                delivery.Reason = failed.Reason;
                delivery.Code = failed.Code ?? ReasonCode.NotRecorded;
                delivery.Decisions = delivery.Decisions.Noting(failed.Decisions);
            }
        );

    /// <summary>Notes that a delivery was not sent while it was of use.</summary>
    public void NoteExpired(NotificationState notification, DeliveryExpired expired) =>
        Settle(
            notification,
            expired.DeliveryId,
            DeliveryStatus.Expired,
            delivery =>
            {
                delivery.Provider = expired.Provider;
                delivery.Reason = expired.Reason;
                delivery.Code = ReasonCode.Expired;
                delivery.Decisions = delivery.Decisions.Noting(expired.Decisions);
            }
        );

    /// <summary>Notes that the worker failed with a delivery in a way nobody planned.</summary>
    public void NoteGivenUp(NotificationState notification, Fault<SendDelivery> fault) =>
        Settle(
            notification,
            fault.Message.DeliveryId,
            DeliveryStatus.Failed,
            delivery =>
            {
                // The exception's own text may carry anything, an address included; its type is enough to find it among the failed
                // messages.
                var type = fault.Exceptions?.FirstOrDefault()?.ExceptionType ?? "unknown";
                delivery.Reason = $"the worker failed ({type}); the command is among the failed messages";
                delivery.Code = ReasonCode.WorkerFailed;
                delivery.Decisions = delivery.Decisions.Noting(fault.Message.Decisions);
            }
        );

    /// <summary>Keeps a delivery for an operator to decide about.</summary>
    public static void Hold(NotificationState notification, DeliveryHeld held)
    {
        // Only one that is on its way: a decision or a result may have been faster.
        var delivery = notification.Deliveries.FirstOrDefault(delivery => delivery.Id == held.DeliveryId);
        if (delivery is not { Status: DeliveryStatus.Sending })
            return;

        delivery.Status = DeliveryStatus.Held;
        delivery.Provider = held.Provider;
        delivery.Reason = held.Reason;
        delivery.Code = ReasonCode.InDoubt;
        delivery.Decisions = delivery.Decisions.Noting(held.Decisions);
        delivery.Attempts = held.Attempts;
    }

    /// <summary>Settles a delivery, unless something is known that says more.</summary>
    public void Settle(NotificationState notification, Guid deliveryId, DeliveryStatus status, Action<DeliveryState> settle)
    {
        var delivery = notification.Deliveries.FirstOrDefault(delivery => delivery.Id == deliveryId);
        // Only a receipt says more than a provider that took it, or a receipt before; and only that it was sent says more than that it was
        // cancelled.
        if (delivery is null || delivery.IsSent() || delivery.BouncedAt is not null)
            return;
        if (delivery.Status == DeliveryStatus.Cancelled && status != DeliveryStatus.Sent)
            return;

        delivery.Status = status;
        settle(delivery);
        delivery.SettledAt = clock.GetUtcNow();
    }
}
