using NotificationBus.Model;

namespace NotificationBus.Sending;

/// <summary>
/// The results of several deliveries, in one message: under load the hops are what a notification costs most. A result that comes alone
/// goes as itself.
/// </summary>
public sealed record DeliveryResults
{
    /// <summary>The results, each of another delivery.</summary>
    public required IReadOnlyList<DeliveryResult> Results { get; init; }
}
