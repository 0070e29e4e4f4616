using MassTransit;
using MassTransit.Middleware;

using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Receipts;
using NotificationBus.Saga;

namespace NotificationBus.Messaging;

/// <summary>
/// Takes what concerns one notification one after the other, however it comes: two results of one notification at the same moment would
/// race for its row, and the loser would work twice.
/// </summary>
public sealed class NotificationPartitions(IEnumerable<IEventMap> events) : IAsyncDisposable
{
    // Enough that two notifications rarely share one while either works on a hundred.
    const int Partitions = 256;

    readonly Partitioner _partitioner = new(Partitions, new Murmur3UnsafeHashGenerator());

    /// <summary>Has a pipe partition every message of the flow by its notification.</summary>
    internal void Use(IConsumePipeConfigurator pipe)
    {
        pipe.UsePartitioner<DeliverySent>(_partitioner, result => result.Message.NotificationId);
        pipe.UsePartitioner<DeliveryFailed>(_partitioner, result => result.Message.NotificationId);
        pipe.UsePartitioner<DeliveryExpired>(_partitioner, result => result.Message.NotificationId);
        pipe.UsePartitioner<DeliveryHeld>(_partitioner, result => result.Message.NotificationId);
        pipe.UsePartitioner<DecideDelivery>(_partitioner, decision => decision.Message.NotificationId);
        pipe.UsePartitioner<DeliveryReceiptReceived>(_partitioner, received => received.Message.NotificationId);
        pipe.UsePartitioner<Fault<SendDelivery>>(_partitioner, fault => fault.Message.Message.NotificationId);
        pipe.UsePartitioner<EscalationDue>(_partitioner, due => due.Message.NotificationId);
        pipe.UsePartitioner<ResumeNotification>(_partitioner, resumed => resumed.Message.NotificationId);
        foreach (var map in events)
            map.Accept(new PartitionEvent(pipe, _partitioner));
    }

    /// <summary>Ends with the host.</summary>
    public ValueTask DisposeAsync() => ((IAsyncDisposable)_partitioner).DisposeAsync();

    sealed class PartitionEvent(IConsumePipeConfigurator pipe, IPartitioner partitioner) : IEventMapVisitor<bool>
    {
        public bool Visit<TEvent>(EventMap<TEvent> map)
            where TEvent : class
        {
            pipe.UsePartitioner<TEvent>(partitioner, happened => map.NotificationId(happened.Message, happened.InputId()));
            return true;
        }
    }
}
