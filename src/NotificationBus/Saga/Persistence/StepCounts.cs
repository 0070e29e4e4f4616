using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Telemetry;

namespace NotificationBus.Saga.Persistence;

/// <summary>Counts what steps change, and remembers what the saga took off the bus.</summary>
sealed class StepCounts(FlowMetrics metrics, AcceptanceLog accepted)
{
    /// <summary>
    /// Counts a step that was stored: whatever comes again makes no other step, and a step that lost its race is not counted. Of what came
    /// over HTTP the host that took it knows.
    /// </summary>
    /// <param name="earlier">The notification before it.</param>
    /// <param name="notification">The notification as it was stored.</param>
    /// <param name="by">The way its event came.</param>
    /// <param name="timeIsUp">True when the step was made because a time was up.</param>
    public void Stored(NotificationBefore earlier, NotificationState notification, string by, bool timeIsUp)
    {
        if (earlier.IsNone && by != NotificationIntake.Http)
            accepted.Add(notification.CorrelationId);
        if (!metrics.CountsSteps)
            return;

        if (earlier.IsNone)
            metrics.Accepted(notification.Category, by);

        var begins = false;
        for (var index = 0; index < notification.Deliveries.Count; index++)
        {
            var delivery = notification.Deliveries[index];
            var before = index < earlier.Deliveries.Count ? earlier.Deliveries[index].Status : DeliveryStatus.Waiting;
            begins |= before == DeliveryStatus.Waiting && delivery.Status == DeliveryStatus.Sending;
            if (before != delivery.Status && IsSettled(delivery.Status))
                metrics.Settled(
                    notification.Category,
                    delivery.Channel,
                    Label<DeliveryStatus>.Of(delivery.Status),
                    delivery.FinalCode() ?? delivery.Code
                );
        }

        if (timeIsUp && begins)
            metrics.Escalated(notification.Category);
        if (!earlier.HadEnded && notification.CompletedAt is { } endedAt)
            metrics.Ended(
                notification.Category,
                NotificationView.StatusOf(notification.CurrentState),
                // Almost all are delivered, and have none.
                notification.CurrentState == nameof(NotificationStateMachine.Delivered)
                    ? null
                    : notification.FailureCode(),
                endedAt - notification.CreatedAt
            );
    }

    static bool IsSettled(DeliveryStatus status) =>
        status is not (DeliveryStatus.Waiting or DeliveryStatus.Sending or DeliveryStatus.NotNeeded);
}
