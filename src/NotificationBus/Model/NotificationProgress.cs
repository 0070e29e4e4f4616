using System.Text.Json;
using NotificationBus.Contracts;

namespace NotificationBus.Model;

/// <summary>
/// The progress of a notification, read off its deliveries alone, so that the order in which results arrive cannot matter.
/// </summary>
public enum NotificationProgress
{
    /// <summary>A delivery is on its way.</summary>
    Sending,

    /// <summary>Nothing is on its way, and a delivery waits for an operator's decision.</summary>
    Held,

    /// <summary>The step begun last is settled and nobody was reached; another step follows.</summary>
    StepFailed,

    /// <summary>Every channel that was needed took it.</summary>
    Delivered,

    /// <summary>All channels at once, and not all of them took it, or some were cancelled.</summary>
    PartlyDelivered,

    /// <summary>It was cancelled before any channel took it.</summary>
    Cancelled,

    /// <summary>No channel took it while it was of use.</summary>
    Expired,

    /// <summary>No channel took it.</summary>
    Failed,
}

/// <summary>Reads the progress.</summary>
public static class NotificationProgressReader
{
    // One address that was reached says more than all that were not.
    static readonly DeliveryStatus[] MostTelling =
    [
        DeliveryStatus.Confirmed,
        DeliveryStatus.Sent,
        DeliveryStatus.Held,
        DeliveryStatus.Sending,
        DeliveryStatus.Waiting,
        DeliveryStatus.Failed,
        DeliveryStatus.Expired,
        DeliveryStatus.Cancelled,
        DeliveryStatus.NotNeeded,
    ];

    /// <summary>Reads the progress of the notification.</summary>
    public static NotificationProgress Progress(this NotificationState notification)
    {
        var deliveries = notification.Deliveries;
        // After an escalation an earlier step may still be tried. It is no longer waited for when a later one is settled.
        if (!deliveries.Any(delivery => delivery.Has(notification.EscalateUnless) && deliveries.IsSettled(delivery.Step)))
        {
            var last = notification.LastBegun();
            if (
                notification.NextStep() is not null
                && deliveries.IsSettled(last)
                && !deliveries.Any(delivery => delivery.Step == last && delivery.IsSent())
            )
                return NotificationProgress.StepFailed;
            if (deliveries.Any(delivery => delivery.Status == DeliveryStatus.Sending))
                return NotificationProgress.Sending;
            if (deliveries.Any(delivery => delivery.Status == DeliveryStatus.Held))
                return NotificationProgress.Held;

            var sent = deliveries.Any(IsSent);
            // More than that is asked for, and may still be known before the next step begins.
            if (sent && notification.MayEscalate())
                return NotificationProgress.Sending;
            // What came back was sent, whatever was cancelled beside it.
            if (
                !sent
                && deliveries.Any(delivery => delivery.Status == DeliveryStatus.Cancelled)
                && !deliveries.Any(delivery => delivery.BouncedAt is not null)
            )
                return NotificationProgress.Cancelled;
            if (!sent)
                return deliveries.Any(delivery => delivery.Status == DeliveryStatus.Expired)
                    ? NotificationProgress.Expired
                    : NotificationProgress.Failed;
        }

        return notification.Mode == DeliveryMode.AllAtOnce && deliveries.Any(NotSent) && notification.FailedChannels().Count > 0
            ? NotificationProgress.PartlyDelivered
            : NotificationProgress.Delivered;
    }

    /// <summary>The step that has not begun and is next; null when all have.</summary>
    public static int? NextStep(this NotificationState notification) =>
        notification.Deliveries.FirstOrDefault(delivery => delivery.Status == DeliveryStatus.Waiting)?.Step;

    /// <summary>The step that began last; null before the first.</summary>
    public static int? LastBegun(this NotificationState notification) =>
        notification.Deliveries.LastOrDefault(delivery => delivery.Status != DeliveryStatus.Waiting)?.Step;

    /// <summary>
    /// True when the next step may begin though the last one has not failed: there is one, and not enough is known of any delivery.
    /// </summary>
    public static bool MayEscalate(this NotificationState notification) =>
        notification.EscalateAfter is not null
        && notification.NextStep() is not null
        && !notification.Deliveries.Any(delivery => delivery.Has(notification.EscalateUnless));

    /// <summary>True when a provider took it, and it did not come back.</summary>
    internal static bool IsSent(this DeliveryState delivery) => delivery.Status is DeliveryStatus.Sent or DeliveryStatus.Confirmed;

    /// <summary>The channels that took it: at least one address of theirs was reached.</summary>
    public static IReadOnlyList<string> SentChannels(this NotificationState notification) =>
        [.. notification.Deliveries.Where(IsSent).Select(delivery => delivery.Channel).Distinct(StringComparer.Ordinal)];

    /// <summary>The channels that did not take it at any address, or were cancelled.</summary>
    public static IReadOnlyList<string> FailedChannels(this NotificationState notification) =>
        [
            .. notification
                .Deliveries.Where(NotSent)
                .Select(delivery => delivery.Channel)
                .Distinct(StringComparer.Ordinal)
                .Except(notification.SentChannels(), StringComparer.Ordinal),
        ];

    /// <summary>Lists the outcome on each channel: those of the plan in order, and those it could not use.</summary>
    public static IReadOnlyList<ChannelResult> Results(this NotificationState notification) =>
        [
            .. notification
                .Deliveries.Select(delivery => delivery.Channel)
                .Concat(notification.LeftOut.Select(left => left.Channel))
                .Distinct(StringComparer.Ordinal)
                .Select(channel => ResultOf(notification, channel)),
        ];

    static ChannelResult ResultOf(NotificationState notification, string channel)
    {
        var deliveries = notification.Deliveries.Where(delivery => delivery.Channel == channel).ToList();
        var reasons = notification
            .LeftOut.Where(left => left.Channel == channel)
            .Select(left => left.Reason)
            .Concat(deliveries.Where(delivery => !delivery.IsSent()).Select(delivery => delivery.Reason))
            .Where(reason => !string.IsNullOrEmpty(reason))
            .Distinct(StringComparer.Ordinal);
        var reason = string.Join("; ", reasons);
        DeliveryStatus? result =
            deliveries.Count == 0 ? null : MostTelling.First(status => deliveries.Exists(delivery => delivery.Status == status));
        return new ChannelResult
        {
            Channel = channel,
            Result = result is null ? "left-out" : JsonNamingPolicy.KebabCaseLower.ConvertName($"{result}"),
            Reason = reason.Length > 0 ? reason : null,
            Code =
                notification.LeftOut.FirstOrDefault(left => left.Channel == channel)?.Code
                ?? deliveries
                    // That one address of a channel was not needed says nothing of a channel that another was told on.
                    .Where(delivery => !delivery.IsSent() && (delivery.Status != DeliveryStatus.NotNeeded || delivery.Status == result))
                    .Select(delivery => delivery.FinalCode() ?? delivery.Code)
                    .FirstOrDefault(),
        };
    }

    /// <summary>Gives the reasons why what was not sent was not, for a person to read.</summary>
    public static string FailureReason(this NotificationState notification) =>
        notification.Refusal
        ?? string.Join(
            "; ",
            notification
                .Deliveries.Where(NotSent)
                .Select(delivery => $"{delivery.Channel}: {delivery.Reason}")
                .Distinct(StringComparer.Ordinal)
        );

    static bool Has(this DeliveryState delivery, DeliveryProof proof) =>
        delivery.IsSent()
        && proof switch
        {
            DeliveryProof.Read => delivery.ReadAt is not null,
            // A program that follows its links has it as well.
            DeliveryProof.Confirmed => delivery.ConfirmedAt is not null
                || delivery.OpenedAt is not null
                || delivery.ReadAt is not null
                || delivery.AutomaticReadAt is not null,
            _ => true,
        };

    /// <summary>True when nothing more is expected of it, unless a vendor reports something.</summary>
    internal static bool IsSettled(this DeliveryState delivery) =>
        delivery.Status is not (DeliveryStatus.Waiting or DeliveryStatus.Sending or DeliveryStatus.Held);

    static bool IsSettled(this IReadOnlyList<DeliveryState> deliveries, int? step) =>
        deliveries.All(delivery => delivery.Step != step || delivery.IsSettled());

    internal static bool NotSent(DeliveryState delivery) =>
        delivery.Status is DeliveryStatus.Failed or DeliveryStatus.Expired or DeliveryStatus.Cancelled;
}
