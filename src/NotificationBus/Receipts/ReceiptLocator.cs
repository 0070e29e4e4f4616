using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Providers;

namespace NotificationBus.Receipts;

/// <summary>Finds the delivery a receipt is about.</summary>
public sealed class ReceiptLocator(IAttemptLedger ledger, INotificationStore store)
{
    /// <summary>Only what this account was asked to send: no vendor can report of another's deliveries.</summary>
    /// <returns>Null when it is not on record.</returns>
    internal async Task<LocatedDelivery?> Find(string provider, Receipt receipt, CancellationToken cancellationToken)
    {
        var attempt = receipt.DeliveryId is { } deliveryId ? await ledger.FindByDelivery(provider, deliveryId, cancellationToken) : null;
        if (attempt is null && !string.IsNullOrEmpty(receipt.ProviderMessageId))
            attempt = await ledger.FindByMessage(provider, receipt.ProviderMessageId, cancellationToken);
        if (attempt is null || await store.Load(attempt.NotificationId, cancellationToken) is not { } notification)
            return null;

        return notification.Deliveries.FirstOrDefault(delivery => delivery.Id == attempt.DeliveryId) is { } delivery
            ? new LocatedDelivery(notification, delivery, attempt)
            : null;
    }
}

/// <summary>What a receipt is about.</summary>
/// <param name="Notification">The notification.</param>
/// <param name="Delivery">Its delivery.</param>
/// <param name="Attempt">The call of the account that reports, as the ledger has it.</param>
sealed record LocatedDelivery(NotificationState Notification, DeliveryState Delivery, DeliveryAttempt Attempt);
