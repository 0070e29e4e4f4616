using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

using NotificationBus.Channels.Email;

namespace NotificationBus.Channels.Sandbox;

/// <summary>A caught delivery as the page reads it.</summary>
sealed record InboxItem(
    long Number,
    DateTimeOffset At,
    string Channel,
    string Address,
    string? RecipientName,
    string Category,
    Guid NotificationId,
    Guid DeliveryId,
    object Content)
{
    /// <summary>Independent of the host's own options, for the page relies on the form. Thai stays readable in a terminal.</summary>
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.Create(UnicodeRanges.All),
    };

    public static InboxItem Of(CaughtDelivery caught)
    {
        var delivery = caught.Delivery;
        return new InboxItem(
            caught.Number,
            caught.At,
            delivery.Channel,
            delivery.Address,
            delivery.RecipientName,
            delivery.Category,
            delivery.NotificationId,
            delivery.Id,
            delivery.Content switch
            {
                // The HTML has an address of its own, where its policy holds it.
                EmailContent mail => new { mail.Subject, mail.Text },
                var content => content,
            });
    }
}
