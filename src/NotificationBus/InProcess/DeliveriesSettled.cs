using NotificationBus.Model;

namespace NotificationBus.InProcess;

/// <summary>
/// Results of one notification that are taken in one step, because they are there at the same moment. Never leaves the process.
/// </summary>
public sealed record DeliveriesSettled
{
    /// <summary>The notification.</summary>
    public required Guid NotificationId { get; init; }

    /// <summary>The results, each of another delivery.</summary>
    public required IReadOnlyList<DeliveryResult> Results { get; init; }
}
