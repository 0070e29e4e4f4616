using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Telemetry;

namespace NotificationBus.Saga.Persistence;

/// <summary>
/// Counts what one step has changed, once it is stored: whatever comes again makes no other step, and a step that lost its race is not
/// counted. Made before the step, to compare with.
/// </summary>
sealed class StepCount
{
    readonly FlowMetrics _metrics;
    readonly bool _isNew;
    readonly bool _hadEnded;
    readonly DeliveryStatus[] _before;

    public StepCount(FlowMetrics metrics, NotificationState? before)
    {
        (_metrics, _isNew, _hadEnded) = (metrics, before is null, before?.CompletedAt is not null);
        _before = before is not null && metrics.CountsSteps ? [.. before.Deliveries.Select(delivery => delivery.Status)] : [];
    }

    /// <summary>Counts the step.</summary>
    /// <param name="notification">The notification as it was stored.</param>
    /// <param name="by">The way its event came.</param>
    /// <param name="timeIsUp">True when the step was made because a time was up.</param>
    public void Stored(NotificationState notification, string by, bool timeIsUp)
    {
        if (!_metrics.CountsSteps)
            return;

        if (_isNew)
            _metrics.Accepted(notification.Category, by);

        var begins = false;
        for (var index = 0; index < notification.Deliveries.Count; index++)
        {
            var delivery = notification.Deliveries[index];
            var before = index < _before.Length ? _before[index] : DeliveryStatus.Waiting;
            begins |= before == DeliveryStatus.Waiting && delivery.Status == DeliveryStatus.Sending;
            if (before != delivery.Status && IsSettled(delivery.Status))
                _metrics.Settled(notification.Category, delivery.Channel, Label<DeliveryStatus>.Of(delivery.Status));
        }

        if (timeIsUp && begins)
            _metrics.Escalated(notification.Category);
        if (!_hadEnded && notification.CompletedAt is { } endedAt)
            _metrics.Ended(notification.Category, NotificationView.StatusOf(notification.CurrentState), endedAt - notification.CreatedAt);
    }

    static bool IsSettled(DeliveryStatus status) =>
        status is not (DeliveryStatus.Waiting or DeliveryStatus.Sending or DeliveryStatus.NotNeeded);
}
