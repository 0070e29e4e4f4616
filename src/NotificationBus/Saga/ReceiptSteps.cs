using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Receipts;

namespace NotificationBus.Saga;

/// <summary>What a notification learns from the receipts of vendors, which may come days later and take back what was known.</summary>
sealed class ReceiptSteps(ClickRules clicks, TimeProvider clock)
{
    /// <summary>Notes what a vendor reports of a delivery, in whatever order and however often it does.</summary>
    /// <returns>The deliveries to go on with, now that nothing has arrived.</returns>
    public IReadOnlyList<DeliveryState> NoteReceipt(NotificationState notification, DeliveryReceiptReceived receipt)
    {
        if (notification.Deliveries.FirstOrDefault(delivery => delivery.Id == receipt.DeliveryId) is not { BegunAt: not null } delivery)
            return [];

        var again = Note(notification, delivery, receipt);
        clicks.Judge(delivery);
        return again;
    }

    List<DeliveryState> Note(NotificationState notification, DeliveryState delivery, DeliveryReceiptReceived receipt)
    {
        var wasBounced = delivery.BouncedAt is not null;
        Stamp(notification, delivery, receipt);
        if (receipt.Kind == ReceiptKind.SoftBounce || wasBounced)
            return [];

        if (receipt.Kind is ReceiptKind.HardBounce or ReceiptKind.Undelivered)
        {
            // A server may take a mail and send it back later: so this goes also for what was confirmed.
            Settle(delivery, DeliveryStatus.Failed, receipt);
            delivery.Reason = receipt.Reason ?? "it came back";
            delivery.Code = ReasonCode.Bounced;
            return Reopen(notification);
        }

        if (receipt.Kind == ReceiptKind.Confirmed)
            Settle(delivery, DeliveryStatus.Confirmed, receipt);
        else if (!delivery.IsSent())
            Settle(delivery, DeliveryStatus.Sent, receipt); // Nobody opens, reads or complains about what was not sent.

        return [];
    }

    static void Stamp(NotificationState notification, DeliveryState delivery, DeliveryReceiptReceived receipt)
    {
        var at = receipt.At;
        switch (receipt.Kind)
        {
            case ReceiptKind.Confirmed:
                delivery.ConfirmedAt = Earlier(delivery.ConfirmedAt, at);
                break;

            case ReceiptKind.HardBounce
            or ReceiptKind.Undelivered:
                delivery.BouncedAt = Earlier(delivery.BouncedAt, at);
                break;

            case ReceiptKind.SoftBounce:
                delivery.SoftBouncedAt = delivery.SoftBouncedAt > at ? delivery.SoftBouncedAt : at;
                break;

            case ReceiptKind.Opened:
                delivery.OpenedAt = Earlier(delivery.OpenedAt, at);
                break;

            case ReceiptKind.Read when receipt.Click is not null:
                ClickRules.Note(delivery, receipt, decides: notification is { EscalateUnless: DeliveryProof.Read, CompletedAt: null });
                break;

            case ReceiptKind.Read:
                delivery.ReadAt = Earlier(delivery.ReadAt, at);
                break;

            case ReceiptKind.Complained:
                delivery.ComplainedAt = Earlier(delivery.ComplainedAt, at);
                break;

            case ReceiptKind.Unsubscribed
            or ReceiptKind.OptedOut:
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
        delivery.Code = null;
    }

    /// <summary>
    /// Reopens the rest of the plan, when it had ended with what came back now: it is needed after all, if it is not too late.
    /// </summary>
    List<DeliveryState> Reopen(NotificationState notification)
    {
        var isTooLate = notification.ExpiresAt <= clock.GetUtcNow();
        if (isTooLate || notification.CompletedAt is null || notification.Deliveries.Any(delivery => delivery.IsSent()))
            return [];

        var again = new List<DeliveryState>();
        foreach (var delivery in notification.Deliveries.Where(delivery => delivery.Status == DeliveryStatus.NotNeeded))
        {
            notification.CompletedAt = null;
            delivery.Status = delivery.BegunAt is null ? DeliveryStatus.Waiting : DeliveryStatus.Sending;
            delivery.Code = null;
            if (delivery.BegunAt is null)
                continue;

            // A result may have come after the end, and changed nothing. The ledger will give the same one again, and this time it counts.
            delivery.Reopened++;
            again.Add(delivery);
        }

        return again;
    }
}
