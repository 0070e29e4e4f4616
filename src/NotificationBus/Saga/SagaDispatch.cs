using System.Collections.Frozen;

using MassTransit;
using MassTransit.Configuration;
using MassTransit.Saga;
using MassTransit.Transports;

using Microsoft.Extensions.DependencyInjection;

using NotificationBus.Contracts;
using NotificationBus.Messaging;
using NotificationBus.Saga.Persistence;
using NotificationBus.Sending;

using Polly;
using Polly.Retry;

namespace NotificationBus.Saga;

/// <summary>
/// Hands results to the state machine, each as if it had come from the queue as a message of its own: the same machine, repository and
/// partitions, without another hop.
/// </summary>
public sealed class SagaDispatch : IResultHandler
{
    // Another host wrote the notification first: the step is made again with what is there now.
    static readonly ResiliencePipeline LostRaces = new ResiliencePipelineBuilder()
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<ConcurrencyException>(),
            MaxRetryAttempts = 7,
            Delay = TimeSpan.FromMilliseconds(10),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
        })
        .Build();

    readonly FrozenDictionary<Lane, (IConsumePipe Pipe, SemaphoreSlim Places)> _lanes;

    /// <summary>Builds the way to the state machine, one for each lane.</summary>
    public SagaDispatch(NotificationStateMachine machine, NotificationPartitions partitions, IServiceProvider services)
    {
        var repository = new SagaRepository<NotificationState>(
            ActivatorUtilities.CreateInstance<NotificationRepository>(services, new SagaConsumeContextFactory<INotificationStore, NotificationState>()));
        _lanes = Enum.GetValues<Lane>().ToFrozenDictionary(lane => lane, lane =>
        {
            var specification = new ConsumePipeSpecification();
            partitions.Use(specification, lane);
            var pipe = specification.BuildConsumePipe();
            pipe.ConnectStateMachineSaga(machine, repository);
            // As many as when each came alone: a lane must not take more of the database because its results come together.
            return (pipe, new SemaphoreSlim(NotificationEndpoints.SagaConcurrency(lane)));
        });
    }

    /// <inheritdoc />
    public async Task Take(ConsumeContext context, Lane lane, DeliveryResult result)
    {
        var (pipe, places) = _lanes[lane];
        await places.WaitAsync(context.CancellationToken);
        try
        {
            await pipe.Send(Part(context, lane, result));
        }
        catch (ConcurrencyException)
        {
            await LostRaces.ExecuteAsync(async _ => await pipe.Send(Part(context, lane, result)), context.CancellationToken);
        }
        finally
        {
            places.Release();
        }
    }

    static PartContext Part(ConsumeContext context, Lane lane, DeliveryResult result) =>
        new(context, result.MessageId, result.ConversationId, result.Message, SagaEndpoint.QueueOf(lane));
}
