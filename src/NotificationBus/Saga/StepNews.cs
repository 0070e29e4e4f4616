using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Subscriptions;

namespace NotificationBus.Saga;

/// <summary>
/// What listeners are told of a step. It is stored with the step: whoever hears of it hears of what is on record, and of all of it. While
/// nobody listens this is one look at an empty list.
/// </summary>
sealed class StepNews(SubscriptionBoard? board, TimeProvider clock)
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>What is told of a step.</summary>
    /// <param name="before">The notification before it.</param>
    /// <param name="after">The notification after it, not yet stored.</param>
    /// <param name="effects">What it causes.</param>
    public IReadOnlyList<HeardEvent> Of(NotificationBefore before, NotificationState after, Effects effects)
    {
        if (board?.Listeners is not { IsEmpty: false } listeners)
            return [];

        var heard = new List<HeardEvent>();
        var numbers = new Dictionary<Guid, int>();
        var now = clock.GetUtcNow();
        foreach (var (type, data) in Happened(before, after, effects.Outcome))
        {
            string? written = null;
            foreach (var listener in listeners)
            {
                if (!listener.Wants(type, after))
                    continue;

                var number = numbers[listener.Id] = numbers.GetValueOrDefault(listener.Id) + 1;
                written ??= Write(data());
                heard.Add(new HeardEvent(Guid.CreateVersion7(), listener.Id, after.CorrelationId, number, type, now, written));
            }
        }

        return heard;
    }

    /// <summary>Wakes whoever tells it.</summary>
    public void Stored(IReadOnlyList<HeardEvent> heard)
    {
        if (heard.Count > 0)
            board?.Told();
    }

    /// <summary>First what became of deliveries, and then the end that follows from it.</summary>
    static IEnumerable<(string Type, Func<JsonObject> Data)> Happened(NotificationBefore before, NotificationState after, Outcome? outcome)
    {
        foreach (var delivery in after.Deliveries)
        {
            var earlier = before.Deliveries.FirstOrDefault(one => one.Id == delivery.Id);
            if (earlier?.Status != delivery.Status && TypeOf(delivery) is { } type)
                yield return (type, () => DataOf(after, delivery));
        }

        if (outcome is not null)
            yield return (TypeOf(outcome.Message), () => DataOf(after, outcome.Message));
    }

    /// <summary>What is told of a delivery that has come to this; null when nothing is.</summary>
    public static string? TypeOf(DeliveryState delivery) =>
        delivery.Status switch
        {
            DeliveryStatus.Sent => HeardEvents.DeliverySent,
            DeliveryStatus.Confirmed => HeardEvents.DeliveryConfirmed,
            DeliveryStatus.Failed when delivery.BouncedAt is not null => HeardEvents.DeliveryBounced,
            DeliveryStatus.Failed => HeardEvents.DeliveryFailed,
            DeliveryStatus.Expired => HeardEvents.DeliveryExpired,
            DeliveryStatus.Cancelled => HeardEvents.DeliveryCancelled,
            DeliveryStatus.Held => HeardEvents.DeliveryHeld,
            _ => null,
        };

    /// <summary>What is told of an end.</summary>
    public static string TypeOf(object outcome) =>
        outcome switch
        {
            NotificationDelivered => HeardEvents.Delivered,
            NotificationPartlyDelivered => HeardEvents.PartlyDelivered,
            NotificationCancelled => HeardEvents.Cancelled,
            NotificationExpired => HeardEvents.Expired,
            NotificationFailed => HeardEvents.Failed,
            _ => throw new NotSupportedException($"{outcome.GetType().Name} is no outcome that subscribers know"),
        };

    /// <summary>As the message on the bus, and without the reasons.</summary>
    public static JsonObject DataOf(NotificationState notification, object outcome)
    {
        var data = JsonSerializer.SerializeToNode(outcome, outcome.GetType(), Json)!.AsObject();
        RemoveReasons(data);
        data["category"] = notification.Category;
        AddKeys(data, notification);
        return data;
    }

    /// <summary>What is said of a delivery: without the reason, which a provider has written. One word says it.</summary>
    public static JsonObject DataOf(NotificationState notification, DeliveryState delivery)
    {
        var data = new JsonObject { ["notificationId"] = notification.CorrelationId, ["eventName"] = notification.EventName };
        if (notification.EventId is { } eventId)
            data["eventId"] = eventId;
        data["recipientId"] = notification.Recipient.Id;
        data["category"] = notification.Category;
        data["deliveryId"] = delivery.Id;
        data["channel"] = delivery.Channel;
        if (delivery.Provider is { } provider)
            data["provider"] = provider;
        if ((delivery.FinalCode() ?? (delivery.Status == DeliveryStatus.Held ? delivery.Code : null)) is { } code)
            data["code"] = code;
        AddKeys(data, notification);
        if (notification.Metadata.Count > 0)
            data["metadata"] = JsonSerializer.SerializeToNode(notification.Metadata, Json);
        return data;
    }

    // A subscriber may be anybody: a reason has what a provider has written, such as the name of a server. Its code says it in one word.
    static void RemoveReasons(JsonObject data)
    {
        data.Remove("reason");
        foreach (var result in data["results"]!.AsArray())
            result!.AsObject().Remove("reason");
    }

    /// <summary>As it is written.</summary>
    public static string Write(JsonObject data) => data.ToJsonString(Json);

    static void AddKeys(JsonObject data, NotificationState notification)
    {
        if (notification.Keys.Count > 0)
            data["keys"] = JsonSerializer.SerializeToNode(notification.Keys, Json);
    }
}
