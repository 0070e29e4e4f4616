using NotificationBus.Planning;

namespace NotificationBus.Saga;

/// <summary>Where a notification stands, read off its deliveries alone, so that the order in which results arrive cannot matter.</summary>
public enum NotificationProgress
{
    /// <summary>A delivery is on its way.</summary>
    Sending,

    /// <summary>Nothing is on its way, and a delivery waits for an operator's decision.</summary>
    Held,

    /// <summary>The open step is settled and reached nobody; another step follows.</summary>
    StepFailed,

    /// <summary>Every channel that was needed took it.</summary>
    Delivered,

    /// <summary>All channels at once, and not all of them took it.</summary>
    PartlyDelivered,

    /// <summary>No channel took it while it was of use.</summary>
    Expired,

    /// <summary>No channel took it.</summary>
    Failed,
}

/// <summary>Reads the progress.</summary>
public static class NotificationProgressReader
{
    /// <summary>Where the notification stands.</summary>
    public static NotificationProgress Progress(this NotificationState notification)
    {
        var deliveries = notification.Deliveries;
        if (deliveries.Any(delivery => delivery.Status == DeliveryStatus.Sending))
            return NotificationProgress.Sending;

        if (deliveries.Any(delivery => delivery.Status == DeliveryStatus.Held))
            return NotificationProgress.Held;

        var sent = deliveries.Any(delivery => delivery.Status == DeliveryStatus.Sent);
        if (!sent)
        {
            return deliveries.Any(delivery => delivery.Status == DeliveryStatus.Waiting) ? NotificationProgress.StepFailed
                : deliveries.Any(delivery => delivery.Status == DeliveryStatus.Expired) ? NotificationProgress.Expired
                : NotificationProgress.Failed;
        }

        return notification.Mode == DeliveryMode.AllAtOnce && notification.FailedChannels().Count > 0
            ? NotificationProgress.PartlyDelivered
            : NotificationProgress.Delivered;
    }

    /// <summary>The channels that took it: at least one address of theirs was reached.</summary>
    public static IReadOnlyList<string> SentChannels(this NotificationState notification) =>
        [.. notification.Deliveries.Where(delivery => delivery.Status == DeliveryStatus.Sent).Select(delivery => delivery.Channel).Distinct(StringComparer.Ordinal)];

    /// <summary>The channels that were tried and did not take it at any address.</summary>
    public static IReadOnlyList<string> FailedChannels(this NotificationState notification) =>
        [.. notification.Deliveries.Where(NotSent).Select(delivery => delivery.Channel)
            .Distinct(StringComparer.Ordinal).Except(notification.SentChannels(), StringComparer.Ordinal)];

    /// <summary>Why what failed has failed, for a person to read.</summary>
    public static string FailureReason(this NotificationState notification) =>
        notification.Refusal ?? string.Join("; ", notification.Deliveries
            .Where(NotSent)
            .Select(delivery => $"{delivery.Channel}: {delivery.Reason}")
            .Distinct(StringComparer.Ordinal));

    static bool NotSent(DeliveryState delivery) => delivery.Status is DeliveryStatus.Failed or DeliveryStatus.Expired;
}
