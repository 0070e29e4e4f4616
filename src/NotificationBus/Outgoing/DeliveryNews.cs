using MassTransit;
using Microsoft.Extensions.Logging;
using NotificationBus.Contracts;
using NotificationBus.Model;

namespace NotificationBus.Outgoing;

/// <summary>
/// Writes what other services are told of a delivery before there is an outcome. It is kept by the write that records what it tells of, and
/// leaves with the outgoing messages: whoever dies in between has told it or has not done it.
/// </summary>
/// <param name="publisher">Writes messages. It publishes by the bus, which is built after those who call providers.</param>
/// <param name="bus">The bus.</param>
/// <param name="clock">Tells the time.</param>
/// <param name="log">Told what could not be written.</param>
public sealed partial class DeliveryNews(Lazy<OutgoingPublisher> publisher, Lazy<IBus> bus, TimeProvider clock, ILogger<DeliveryNews> log)
{
    /// <summary>
    /// Writes that a call has failed, under an id that is the same for the same call. Null for nothing: what a provider has answered must
    /// not be lost because of it.
    /// </summary>
    public Task<OutgoingMessage?> Write(DeliveryAttemptFailed? failed) =>
        failed is null
            ? Task.FromResult<OutgoingMessage?>(null)
            : Write(
                failed,
                DeterministicId.From("delivery-attempt-failed", $"{failed.DeliveryId:N}", $"{failed.Attempt}"),
                failed.DeliveryId,
                failed.NotificationId
            );

    /// <summary>Writes that a delivery was put off. Null when that cannot be written: it waits all the same.</summary>
    /// <param name="waiting">What is told.</param>
    /// <param name="putOff">The id of the command as it is kept, the same when it is put off once more for the same command.</param>
    public Task<OutgoingMessage?> Write(DeliveryWaiting waiting, Guid putOff) =>
        Write(waiting, DeterministicId.From("delivery-waiting", $"{putOff:N}"), waiting.DeliveryId, waiting.NotificationId);

    async Task<OutgoingMessage?> Write<T>(T news, Guid id, Guid deliveryId, Guid notificationId)
        where T : class
    {
        try
        {
            if (bus.Value.Topology.TryGetPublishAddress<T>(out var address))
                return await publisher.Value.Write(address, news, id, conversationId: null) with { DueAt = clock.GetUtcNow() };
        }
        catch (Exception exception)
        {
            AttemptNotWritten(exception, deliveryId, notificationId);
        }

        return null;
    }

    [LoggerMessage(
        LogLevel.Error,
        "What became of an attempt of delivery {DeliveryId} of notification {NotificationId} could not be written for other services"
    )]
    partial void AttemptNotWritten(Exception exception, Guid deliveryId, Guid notificationId);
}
