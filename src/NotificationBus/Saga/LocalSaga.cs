using MassTransit;
using MassTransit.Configuration;
using MassTransit.Transports;
using NotificationBus.Contracts;
using NotificationBus.InProcess;
using NotificationBus.Model;

namespace NotificationBus.Saga;

/// <summary>Builds the way to the state machine that does without a queue.</summary>
sealed class LocalSaga(NotificationStateMachine machine, ISagaRepository<NotificationState> repository, NotificationPartitions partitions)
    : ILocalSaga
{
    public IConsumePipe PipeOf(Lane lane)
    {
        var specification = new ConsumePipeSpecification();
        partitions.Use(specification, lane);
        var pipe = specification.BuildConsumePipe();
        pipe.ConnectStateMachineSaga(machine, repository);
        return pipe;
    }
}
