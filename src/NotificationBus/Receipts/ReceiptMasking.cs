using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Templates;

namespace NotificationBus.Receipts;

/// <summary>
/// Hides in the words of a receipt the recipient, and what the recipient was told as far as it is known: the template may be another one by
/// now, and then the event's own data still has what matters, such as a one-time code.
/// </summary>
public sealed class ReceiptMasking(ChannelSet channels, ITemplates templates)
{
    /// <summary>The receipt with the beginning of its reason, as anybody may read it.</summary>
    internal Receipt Mask(Receipt receipt, LocatedDelivery located) =>
        receipt with
        {
            Reason = receipt.Reason is { } words ? MaskingOf(located.Notification, located.Delivery).Excerpt(words) : null,
        };

    Masking MaskingOf(NotificationState notification, DeliveryState delivery) =>
        Masking.Of(
            delivery.Address,
            notification.Recipient.Name,
            TextsOf(notification, delivery).Concat(JsonText.Within(notification.Data)),
            JsonText.Within(notification.Data)
        );

    IEnumerable<string> TextsOf(NotificationState notification, DeliveryState delivery)
    {
        if (channels.Find(delivery.Channel) is not { } channel)
            return [];

        try
        {
            var recipient = notification.Recipient;
            return templates.Render(notification.Category, channel, recipient.Locale, recipient.Name, notification.Data).Texts;
        }
        catch (TemplateException)
        {
            return [];
        }
    }
}
