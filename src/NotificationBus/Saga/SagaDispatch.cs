using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

using MassTransit;
using MassTransit.Configuration;
using MassTransit.Context;
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
/// Hands results that came in one message to the state machine, each as if it had come alone: the same machine, repository and
/// partitions as for what comes from the queue, without another hop.
/// </summary>
public sealed class SagaDispatch
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

    /// <summary>Has the state machine take one result.</summary>
    /// <param name="context">The message that brought it.</param>
    /// <param name="lane">The lane it came by.</param>
    /// <param name="result">The result.</param>
    public async Task Take(ConsumeContext context, Lane lane, DeliveryResult result)
    {
        var (pipe, places) = _lanes[lane];
        await places.WaitAsync(context.CancellationToken);
        try
        {
            await pipe.Send(new ResultContext(context, result));
        }
        catch (ConcurrencyException)
        {
            await LostRaces.ExecuteAsync(async _ => await pipe.Send(new ResultContext(context, result)), context.CancellationToken);
        }
        finally
        {
            places.Release();
        }
    }

    /// <summary>A result as a message of its own. How it comes out, whoever took the whole message says.</summary>
    sealed class ResultContext(ConsumeContext context, DeliveryResult result) : ConsumeContextScope(context)
    {
        readonly object _message = result.Message;

        public override Guid? MessageId => result.MessageId;

        public override Guid? ConversationId => result.ConversationId;

        public override bool HasMessageType(Type messageType) => messageType.IsInstanceOfType(_message);

        public override bool TryGetMessage<T>([NotNullWhen(true)] out ConsumeContext<T>? consumeContext)
        {
            consumeContext = _message is T message ? new MessageConsumeContext<T>(this, message) : null;
            return consumeContext is not null;
        }

        public override Task NotifyConsumed<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType) => Task.CompletedTask;

        public override Task NotifyFaulted<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception) => Task.CompletedTask;
    }
}
