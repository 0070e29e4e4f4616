using System.Collections.Concurrent;
using System.Collections.Frozen;
using MassTransit;
using MassTransit.Transports;
using NotificationBus.Contracts;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Telemetry;
using Polly;
using Polly.Retry;

namespace NotificationBus.InProcess;

/// <summary>
/// Hands results to the state machine, each as if it had come from the queue as a message of its own: the same machine, repository and
/// partitions, without another hop. Those of one notification that are there at almost the same moment are one step, which is much of what
/// notifications cost that go out on several channels.
/// </summary>
public sealed class LocalSagaDispatcher : IResultHandler, IGate
{
    // Another host wrote the notification first: the step is made again with what is there now.
    static readonly ResiliencePipeline LostRaces = new ResiliencePipelineBuilder()
        .AddRetry(
            new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<ConcurrencyException>(),
                MaxRetryAttempts = 7,
                Delay = TimeSpan.FromMilliseconds(10),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
            }
        )
        .Build();

    static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);

    readonly ConcurrentDictionary<Guid, Group> _groups = new();
    readonly FrozenDictionary<Lane, (IConsumePipe Pipe, SemaphoreSlim Places)> _lanes;

    /// <summary>Hands results to that saga, by one way for each lane.</summary>
    public LocalSagaDispatcher(ILocalSaga saga) =>
        // As many as when each came alone: a lane must not take more of the database because its results come together.
        _lanes = Enum.GetValues<Lane>()
            .ToFrozenDictionary(lane => lane, lane => (saga.PipeOf(lane), new SemaphoreSlim(SagaEndpoint.ConcurrencyOf(lane))));

    /// <inheritdoc />
    public IEnumerable<GateUse> Uses =>
        _lanes.Select(lane => new GateUse(
            "results",
            SagaEndpoint.ConcurrencyOf(lane.Key) - lane.Value.Places.CurrentCount,
            SagaEndpoint.ConcurrencyOf(lane.Key),
            [new("lane", Label<Lane>.Of(lane.Key))]
        ));

    /// <inheritdoc />
    public Task Take(ConsumeContext context, Lane lane, DeliveryResult result)
    {
        // What comes again may have been taken already, and then has more to do than to be noted.
        if (context.ReceiveContext.Redelivered || context.GetRetryAttempt() > 0)
            return Take(context, lane, () => [result]);

        var group = _groups.GetOrAdd(result.NotificationId, _ => new Group());
        return group.TryJoin(result, out var isFirst)
            ? isFirst
                ? TakeGroup(context, lane, result.NotificationId, group)
                : group.Taken
            : Take(context, lane, () => [result]);
    }

    async Task TakeGroup(ConsumeContext context, Lane lane, Guid notificationId, Group group)
    {
        try
        {
            await WaitForOthers(context, group);
            await Take(context, lane, () => Close(notificationId, group));
            group.Settle(failure: null);
        }
        catch (Exception failure)
        {
            Close(notificationId, group);
            group.Settle(failure);
            throw;
        }
    }

    /// <summary>
    /// Waits a moment for what was sent together: it is on record in the ledger, so that it can wait. Otherwise yields to those that can
    /// run already: they may bring another result.
    /// </summary>
    static async Task WaitForOthers(ConsumeContext context, Group group)
    {
        if (!context.TryGetPayload(out SentHere? sent))
            await Task.Yield();
        else if (sent.Together > 1)
            await group.Has(sent.Together).WaitAsync(Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    IReadOnlyList<DeliveryResult> Close(Guid notificationId, Group group)
    {
        _groups.TryRemove(new KeyValuePair<Guid, Group>(notificationId, group));
        return group.Close();
    }

    async Task Take(ConsumeContext context, Lane lane, Func<IReadOnlyList<DeliveryResult>> gather)
    {
        var (pipe, places) = _lanes[lane];
        await places.WaitAsync(context.CancellationToken);
        try
        {
            var results = gather();
            try
            {
                await pipe.Send(Part(context, lane, results));
            }
            catch (ConcurrencyException)
            {
                await LostRaces.ExecuteAsync(async _ => await pipe.Send(Part(context, lane, results)), context.CancellationToken);
            }
        }
        finally
        {
            places.Release();
        }
    }

    static PartContext Part(ConsumeContext context, Lane lane, IReadOnlyList<DeliveryResult> results)
    {
        var first = results[0];
        var message =
            results.Count == 1 ? first.Message : new DeliveriesSettled { NotificationId = first.NotificationId, Results = results };
        return new PartContext(context, first.MessageId, first.ConversationId, message, SagaEndpoint.QueueOf(lane));
    }

    /// <summary>Results that wait to be taken in one step. Whoever is first takes them.</summary>
    sealed class Group
    {
        readonly List<DeliveryResult> _results = [];
        readonly TaskCompletionSource _taken = new(TaskCreationOptions.RunContinuationsAsynchronously);
        readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int _wanted = int.MaxValue;
        bool _isClosed;

        public Task Taken => _taken.Task;

        public bool TryJoin(DeliveryResult result, out bool isFirst)
        {
            lock (_results)
            {
                isFirst = _results.Count == 0;
                // One delivery may have two results, such as a repeated one; these are two steps.
                if (_isClosed || _results.Exists(other => other.DeliveryId == result.DeliveryId))
                    return false;

                _results.Add(result);
                if (_results.Count >= _wanted)
                    _complete.TrySetResult();
                return true;
            }
        }

        /// <summary>Completes when there are so many.</summary>
        public Task Has(int wanted)
        {
            lock (_results)
            {
                _wanted = wanted;
                return _results.Count >= wanted ? Task.CompletedTask : _complete.Task;
            }
        }

        public IReadOnlyList<DeliveryResult> Close()
        {
            lock (_results)
            {
                _isClosed = true;
                return [.. _results];
            }
        }

        public void Settle(Exception? failure)
        {
            if (failure is null)
                _taken.SetResult();
            else
                _taken.SetException(failure);
        }
    }
}
