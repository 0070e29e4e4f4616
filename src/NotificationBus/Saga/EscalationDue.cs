namespace NotificationBus.Saga;

/// <summary>The timer of a step: its time is up. Scheduled by the saga for itself.</summary>
public sealed record EscalationDue
{
    /// <summary>The notification.</summary>
    public required Guid NotificationId { get; init; }
}
