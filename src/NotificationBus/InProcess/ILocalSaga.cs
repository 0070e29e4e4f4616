using MassTransit.Transports;
using NotificationBus.Contracts;

namespace NotificationBus.InProcess;

/// <summary>The saga of this process, as its queues would reach it.</summary>
public interface ILocalSaga
{
    /// <summary>The way to the state machine, of a lane: the same machine, repository and partitions.</summary>
    IConsumePipe PipeOf(Lane lane);
}
