using System.Collections.Frozen;
using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Telemetry;

namespace NotificationBus.Saga;

/// <summary>
/// Takes what concerns one notification one after the other, however it comes: two results of one notification at the same moment would
/// race for its row, and the loser would work twice.
/// </summary>
public sealed class NotificationPartitions(IEnumerable<IEventMap> events, IMessageApplications applications) : IGate
{
    // One for each lane, in which a notification has all that concerns it.
    readonly FrozenDictionary<Lane, ExactPartitioner> _lanes = Enum.GetValues<Lane>()
        .ToFrozenDictionary(lane => lane, _ => new ExactPartitioner());

    /// <summary>The notifications at which somebody is: each lets one message in at a time.</summary>
    public IEnumerable<GateUse> Uses =>
        _lanes.Select(lane => new GateUse("partitions", lane.Value.Count, Limit: null, [new("lane", Label<Lane>.Of(lane.Key))]));

    /// <summary>Has a pipe partition every message of a lane by its notification.</summary>
    internal void Use(IConsumePipeConfigurator pipe, Lane lane)
    {
        var partitioner = _lanes[lane];
        foreach (var message in SagaMessages.All)
            message.Partition(pipe, partitioner);
        foreach (var map in events)
            map.Accept(new PartitionEvent(pipe, partitioner, applications));
    }

    sealed class PartitionEvent(IConsumePipeConfigurator pipe, IPartitioner partitioner, IMessageApplications applications)
        : IEventMapVisitor<bool>
    {
        public bool Visit<TEvent>(EventMap<TEvent> map)
            where TEvent : class
        {
            pipe.UsePartitioner<TEvent>(
                partitioner,
                happened => map.NotificationId(happened.Message, happened.InputId(), applications.Of(happened.ReceiveContext))
            );
            return true;
        }
    }
}
