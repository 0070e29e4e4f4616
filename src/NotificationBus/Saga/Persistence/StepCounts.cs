using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Telemetry;

namespace NotificationBus.Saga.Persistence;

/// <summary>Counts what steps change, and remembers what the saga took off the bus.</summary>
sealed class StepCounts(FlowMetrics metrics, AcceptanceLog accepted)
{
    /// <summary>Begins to count a step.</summary>
    /// <param name="before">The notification before it; null when it begins one.</param>
    public StepCount Before(NotificationState? before) => new(metrics, before);

    /// <summary>A notification has begun. Of what came over HTTP the host that took it knows.</summary>
    public void Began(Guid notificationId, string by)
    {
        if (by != NotificationIntake.Http)
            accepted.Add(notificationId);
    }
}
