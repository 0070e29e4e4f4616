using System.Globalization;

namespace NotificationBus.Subscriptions;

/// <summary>The events that subscribers are told: a name for each, which programs may rely on.</summary>
public static class HeardEvents
{
    /// <summary>Every channel that was needed took it.</summary>
    public const string Delivered = "notification.delivered";

    /// <summary>Some channels took it, and some did not.</summary>
    public const string PartlyDelivered = "notification.partly-delivered";

    /// <summary>No channel took it, or there was nothing to send.</summary>
    public const string Failed = "notification.failed";

    /// <summary>No channel took it while it was of use.</summary>
    public const string Expired = "notification.expired";

    /// <summary>It was cancelled before any channel took it.</summary>
    public const string Cancelled = "notification.cancelled";

    /// <summary>A provider took a delivery.</summary>
    public const string DeliverySent = "delivery.sent";

    /// <summary>The vendor has reported that a delivery arrived.</summary>
    public const string DeliveryConfirmed = "delivery.confirmed";

    /// <summary>A delivery came back for good.</summary>
    public const string DeliveryBounced = "delivery.bounced";

    /// <summary>No provider takes a delivery.</summary>
    public const string DeliveryFailed = "delivery.failed";

    /// <summary>A delivery was not sent while it was of use.</summary>
    public const string DeliveryExpired = "delivery.expired";

    /// <summary>A delivery was cancelled.</summary>
    public const string DeliveryCancelled = "delivery.cancelled";

    /// <summary>A delivery may or may not have been sent, and waits for an operator.</summary>
    public const string DeliveryHeld = "delivery.held";

    /// <summary>A test, which nobody subscribes to and every subscriber may be sent.</summary>
    public const string Test = "test";

    /// <summary>Those a subscriber may ask for.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        Delivered,
        PartlyDelivered,
        Failed,
        Expired,
        Cancelled,
        DeliverySent,
        DeliveryConfirmed,
        DeliveryBounced,
        DeliveryFailed,
        DeliveryExpired,
        DeliveryCancelled,
        DeliveryHeld,
    ];

    /// <summary>The five ends of a notification: what a subscriber is told who asks for nothing in particular.</summary>
    public static IReadOnlyList<string> Outcomes { get; } = [Delivered, PartlyDelivered, Failed, Expired, Cancelled];

    /// <summary>An event as it is told, whichever way: a JSON object in one line.</summary>
    /// <param name="type">One of these.</param>
    /// <param name="at">The time at which it happened.</param>
    /// <param name="sequence">Its number among those of its notification, from 1.</param>
    /// <param name="data">What is told, a JSON object that is not empty.</param>
    public static string Write(string type, DateTimeOffset at, int sequence, string data)
    {
        var time = at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
        return $$"""{"type":"{{type}}","timestamp":"{{time}}","data":{"sequence":{{sequence}},{{data.AsSpan(1)}}}""";
    }
}
