using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using NotificationBus.Channels.Chat;
using NotificationBus.Channels.Email;
using NotificationBus.Channels.Push;
using NotificationBus.Channels.Sms;
using NotificationBus.Channels.Webhook;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Sending;

namespace NotificationBus.Channels.Sandbox;

/// <summary>A caught delivery on its way from the host that caught it to one that shows it.</summary>
static class CaughtJson
{
    static readonly Dictionary<string, Type> Contents = new Type[]
    {
        typeof(EmailContent),
        typeof(PushContent),
        typeof(SmsContent),
        typeof(ChatContent),
        typeof(WebhookContent),
    }.ToDictionary(type => type.Name, StringComparer.Ordinal);

    public static CaughtText Write(CaughtDelivery caught)
    {
        var (delivery, content) = (caught.Delivery, caught.Delivery.Content);
        var written = new Written(
            delivery.NotificationId,
            delivery.Id,
            delivery.Channel,
            delivery.Address,
            delivery.RecipientName,
            delivery.Category,
            content.GetType().Name,
            JsonSerializer.SerializeToNode(content, content.GetType(), InboxItem.Json),
            delivery.Sender
        );
        return new CaughtText(caught.At, JsonSerializer.Serialize(written, InboxItem.Json));
    }

    public static CaughtDelivery Read(NumberedText text)
    {
        var written = JsonSerializer.Deserialize<Written>(text.Caught.Text, InboxItem.Json)!;
        var content = Contents.TryGetValue(written.Form, out var type)
            ? (Content)written.Content.Deserialize(type, InboxItem.Json)!
            : new OtherContent(written.Content.Deserialize<JsonElement>());
        return new CaughtDelivery(
            text.Number,
            text.Caught.At,
            new Delivery
            {
                NotificationId = written.NotificationId,
                Id = written.Id,
                Channel = written.Channel,
                Address = written.Address,
                RecipientName = written.RecipientName,
                Sender = written.Sender,
                Category = written.Category,
                Content = content,
            }
        );
    }

    sealed record Written(
        Guid NotificationId,
        Guid Id,
        string Channel,
        string Address,
        string? RecipientName,
        string Category,
        string Form,
        JsonNode? Content,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Sender? Sender = null
    );
}

/// <summary>The content of a channel of somebody's own, as it was written by the host that knows it.</summary>
sealed record OtherContent(JsonElement Fields) : Content;
