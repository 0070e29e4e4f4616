using NotificationBus.Model;
using NotificationBus.Notifications;

namespace NotificationBus.Embedded;

/// <summary>The traffic of the record in memory. What is kept no more is not counted.</summary>
public sealed class InMemoryTraffic(InMemoryNotificationStore store) : ITraffic
{
    /// <inheritdoc />
    public Task<IReadOnlyList<TrafficCount>?> Count(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<TrafficCount>?>(
            TrafficCount.Sum(store.Between(from, to).SelectMany(notification => notification.Deliveries).Select(Of))
        );

    static TrafficCount Of(DeliveryState delivery) =>
        new(
            delivery.Channel,
            delivery.Provider,
            Accepted: 1,
            Sent: delivery.Status is DeliveryStatus.Sent or DeliveryStatus.Confirmed ? 1 : 0,
            Confirmed: delivery.Status is DeliveryStatus.Confirmed ? 1 : 0,
            Failed: delivery.Status is DeliveryStatus.Failed or DeliveryStatus.Expired ? 1 : 0,
            Waiting: delivery.Status is DeliveryStatus.Waiting or DeliveryStatus.Sending or DeliveryStatus.Held ? 1 : 0
        );
}
