using NotificationBus.Contents;
using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Providers;
using NotificationBus.Templates;

namespace NotificationBus.Receipts;

/// <summary>
/// Hides in the words of a receipt the recipient, and what the recipient was told: as it is kept, or else as the template says it now, and
/// each text of the event's own data, such as a one-time code.
/// </summary>
public sealed class ReceiptMasking(ChannelSet channels, ITemplates templates, KeptContents kept)
{
    /// <summary>The receipt with the beginning of its reason, as anybody may read it; without one when nobody knows what to hide.</summary>
    internal async Task<Receipt> Mask(Receipt receipt, LocatedDelivery located, CancellationToken cancellationToken)
    {
        var (notification, delivery, _) = located;
        // What to hide is gone, and what vendors write about somebody would bring it back.
        if (ErasedRecipient.Is(notification))
            return receipt with { Reason = null, Click = null };
        if (receipt.Reason is not { } words)
            return receipt;

        var said = await Said(located, cancellationToken);
        return receipt with
        {
            Reason = said is null
                ? null
                : Masking
                    .Of(
                        delivery.Address,
                        notification.Recipient.Name,
                        said.Concat(JsonText.Within(notification.Data)),
                        JsonText.Within(notification.Data)
                    )
                    .Excerpt(words),
        };
    }

    /// <summary>The texts of a delivery; null when its producer gave them and they are no longer to be had.</summary>
    async Task<IEnumerable<string>?> Said(LocatedDelivery located, CancellationToken cancellationToken)
    {
        var (notification, delivery, call) = located;
        try
        {
            if (await kept.Of(notification, delivery, call.Content, cancellationToken) is { } content)
                return content.Parts.Select(part => part.Text);
        }
        catch (Exception exception) when (exception is ContentKeyException or InvalidDataException)
        {
            // Another host has the key, or nobody. The receipt counts all the same.
        }

        return notification.TemplateVersion == GivenContent.Version ? null : Filled(notification, delivery);
    }

    IEnumerable<string> Filled(NotificationState notification, DeliveryState delivery)
    {
        if (channels.Find(delivery.Channel) is not { } channel)
            return [];

        try
        {
            var recipient = notification.Recipient;
            return templates
                .For(notification.Application)
                .Render(notification.Category, channel, recipient.Locale, recipient.Name, notification.Data)
                .Texts;
        }
        catch (TemplateException)
        {
            return [];
        }
    }
}
