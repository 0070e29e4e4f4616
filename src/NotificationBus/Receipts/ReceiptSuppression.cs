using Microsoft.Extensions.Logging;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Sending;

namespace NotificationBus.Receipts;

/// <summary>Suppresses the address of a delivery when its receipt says so.</summary>
public sealed partial class ReceiptSuppression(ISuppressions suppressions, ChannelSet channels, ILogger<ReceiptSuppression> log)
{
    /// <summary>True when it is about nobody but those who were sent a copy: what becomes of one is no news of the delivery.</summary>
    internal bool IsOfCopy(LocatedDelivery located, Receipt receipt)
    {
        if (located.Notification.Extras is not { } extras || receipt.Addresses.Count == 0)
            return false;

        var channel = channels.Find(located.Delivery.Channel);
        var copies = extras.Copies().Select(Canonical).ToHashSet(StringComparer.Ordinal);
        return receipt.Addresses.All(named => copies.Contains(Canonical(named)));

        string Canonical(string written) => channel?.Canonical(written) ?? written;
    }

    /// <summary>
    /// The address of the delivery is not used again, unless the receipt is about another one: a vendor that has misread the address
    /// reports of somebody who does not exist.
    /// </summary>
    internal async Task Consider(LocatedDelivery located, string provider, Receipt receipt, CancellationToken cancellationToken)
    {
        if (WhyNotToUse(receipt) is not { } reason)
            return;

        var delivery = located.Delivery;
        var channel = channels.Find(delivery.Channel);
        if (ErasedRecipient.Is(located.Notification))
        {
            await OfErased();
            return;
        }

        var address = Canonical(delivery.Address);
        if (receipt.Addresses.Count > 0 && !receipt.Addresses.Any(named => Canonical(named) == address))
        {
            OfSomebodyElse(provider, receipt.Kind, delivery.Id, located.Notification.CorrelationId);
            return;
        }

        await suppressions.Add(SuppressionOf(address), cancellationToken);

        // Who leaves announcements goes on getting orders; who calls one spam, or cannot be reached, gets nothing more there.
        Suppression SuppressionOf(string suppressed) =>
            new(
                delivery.Channel,
                suppressed,
                receipt.Kind == ReceiptKind.Unsubscribed ? located.Notification.Category : null,
                reason,
                provider
            );

        // The vendor alone knows the address any more. What the recipient has asked for holds, under the name in the address's place.
        async Task OfErased()
        {
            if (receipt.Addresses is [{ Length: > 0 } named])
                await suppressions.AddErased(SuppressionOf(Canonical(named)), cancellationToken);
            else
                OfNobodyKnown(provider, receipt.Kind, delivery.Id, located.Notification.CorrelationId);
        }

        string Canonical(string written) => channel?.Canonical(written) ?? written;
    }

    static string? WhyNotToUse(Receipt receipt) =>
        receipt.Kind switch
        {
            ReceiptKind.HardBounce => receipt.Reason is { } reason ? $"bounced: {reason}" : "bounced",
            ReceiptKind.Complained => "the recipient called it spam",
            ReceiptKind.Unsubscribed or ReceiptKind.OptedOut => "the recipient wants no more of it",
            _ => null,
        };

    [LoggerMessage(
        LogLevel.Warning,
        "{Provider} reports {Kind} of delivery {DeliveryId} of notification {NotificationId} for another address than it was sent to; "
            + "no address is suppressed"
    )]
    partial void OfSomebodyElse(string provider, ReceiptKind kind, Guid deliveryId, Guid notificationId);

    [LoggerMessage(
        LogLevel.Information,
        "{Provider} reports {Kind} of delivery {DeliveryId} of notification {NotificationId}, whose recipient is erased, and names no "
            + "address; no address is suppressed"
    )]
    partial void OfNobodyKnown(string provider, ReceiptKind kind, Guid deliveryId, Guid notificationId);
}
