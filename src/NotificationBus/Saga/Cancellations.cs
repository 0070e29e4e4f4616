using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Providers;

namespace NotificationBus.Saga;

/// <summary>
/// Calls a notification off: first in the ledger, so that no call begins any more whatever the saga and the workers know, then in the saga,
/// which is told what the ledger says. Both may be done twice.
/// </summary>
public sealed class Cancellations(IAttemptLedger ledger, IBus bus, PublishLimit limit, TimeProvider clock)
{
    /// <summary>Calls off what is not sent of a notification that has not ended.</summary>
    /// <param name="notification">The notification.</param>
    /// <param name="reason">Who does so and why: see <see cref="CancellationReasons"/>.</param>
    /// <param name="messageId">The id under which the saga is told: the same whenever the same is done again.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The deliveries that were not sent, and what the ledger has of each.</returns>
    public async Task<IReadOnlyList<CalledOff>> CallOff(
        NotificationState notification,
        string reason,
        Guid messageId,
        CancellationToken cancellationToken
    )
    {
        var calledOff = new List<CalledOff>();
        // Also what was given up: its command may be among the failed messages, and be replayed.
        foreach (var delivery in notification.Deliveries.Where(delivery => !delivery.IsSent()))
            calledOff.Add(await CallOff(notification, delivery, reason, cancellationToken));

        var now = clock.GetUtcNow();
        var saga = await bus.GetSendEndpoint(SagaEndpoint.Of(Lane.Transactional));
        await limit.Await(
            saga.Send(
                new DeliveriesStopped
                {
                    NotificationId = notification.CorrelationId,
                    Reason = reason,
                    Deliveries =
                    [
                        .. calledOff
                            .Where(one => !one.Delivery.IsSettled())
                            .Select(one => StoppedDelivery.Read(one.Delivery.Id, one.Attempts, now)),
                    ],
                },
                send => send.MessageId = messageId,
                CancellationToken.None
            )
        );
        return calledOff;
    }

    /// <summary>
    /// Calls off what may still be sent of a notification, however it stands. When what was sent comes back, what was not needed is needed
    /// after all, and must not be sent then.
    /// </summary>
    /// <inheritdoc cref="CallOff(NotificationState, string, Guid, CancellationToken)" path="/param"/>
    /// <inheritdoc cref="CallOff(NotificationState, string, Guid, CancellationToken)" path="/returns"/>
    public async Task<IReadOnlyList<CalledOff>> CallOffWhatMayBeSent(
        NotificationState notification,
        string reason,
        Guid messageId,
        CancellationToken cancellationToken
    )
    {
        if (notification.CompletedAt is null)
            return await CallOff(notification, reason, messageId, cancellationToken);

        var calledOff = new List<CalledOff>();
        foreach (var delivery in notification.Deliveries.Where(delivery => delivery.Status == DeliveryStatus.NotNeeded))
            calledOff.Add(await CallOff(notification, delivery, reason, cancellationToken));
        return calledOff;
    }

    /// <summary>Calls off one delivery, in the ledger alone.</summary>
    public async Task<CalledOff> CallOff(
        NotificationState notification,
        DeliveryState delivery,
        string reason,
        CancellationToken cancellationToken
    ) => new(delivery, await ledger.Cancel(notification.CorrelationId, delivery.Id, delivery.Channel, reason, cancellationToken));
}

/// <summary>A delivery that is called off, unless it was sent before.</summary>
/// <param name="Delivery">The delivery.</param>
/// <param name="Attempts">Its attempts since then: see <see cref="IAttemptLedger.Cancel"/>.</param>
public sealed record CalledOff(DeliveryState Delivery, IReadOnlyList<DeliveryAttempt> Attempts);
