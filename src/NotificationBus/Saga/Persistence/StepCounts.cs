using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Telemetry;

namespace NotificationBus.Saga.Persistence;

/// <summary>Counts what steps change, and remembers what the saga took off the bus.</summary>
sealed class StepCounts(FlowMetrics metrics, AcceptanceLog accepted)
{
    /// <summary>Counts a step that was stored. Of what came over HTTP the host that took it knows.</summary>
    /// <inheritdoc cref="StepCount.Stored"/>
    public void Stored(NotificationBefore earlier, NotificationState notification, string by, bool timeIsUp)
    {
        if (earlier.IsNone && by != NotificationIntake.Http)
            accepted.Add(notification.CorrelationId);
        StepCount.Stored(metrics, earlier, notification, by, timeIsUp);
    }
}
