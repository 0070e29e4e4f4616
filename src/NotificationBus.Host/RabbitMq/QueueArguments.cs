using NotificationBus.Failures;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// Arguments with which queues are declared so that the broker cannot drop a good message. They cannot be changed on a queue that exists.
/// </summary>
static class QueueArguments
{
    /// <summary>The number of times a message may come back to a queue. Nobody reaches it.</summary>
    public const int DeliveryLimit = 100_000;

    /// <summary>
    /// Of a queue the flow works on. RabbitMQ 4 drops a message of a quorum queue after 20 returns unless told otherwise, and a
    /// worker that crashes returns everything it had prefetched. Unlimited (-1) is dropped at the first return by RabbitMQ 3.10,
    /// so it is a number nobody reaches, and a dead-letter exchange for whoever does.
    /// </summary>
    public static readonly IReadOnlyDictionary<string, object> Working = new Dictionary<string, object>(StringComparer.Ordinal)
    {
        ["x-queue-type"] = "quorum",
        ["x-delivery-limit"] = DeliveryLimit,
        ["x-dead-letter-exchange"] = FailedMessageEndpoint.DeadLetters,
    };

    /// <summary>Of the queue of dead letters itself.</summary>
    public static readonly IReadOnlyDictionary<string, object> OfDeadLetters = new Dictionary<string, object>(StringComparer.Ordinal)
    {
        ["x-queue-type"] = "quorum",
        ["x-delivery-limit"] = DeliveryLimit,
    };
}
