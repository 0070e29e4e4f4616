using System.Collections.Frozen;
using System.Data.Common;
using MassTransit;
using MassTransit.Context;
using MassTransit.Saga;
using NotificationBus.Contracts;
using NotificationBus.InProcess;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Outgoing;
using NotificationBus.Telemetry;

namespace NotificationBus.Saga.Persistence;

/// <summary>
/// The saga repository: takes a message to its notification and makes one step of it. State, taken input and what is scheduled
/// are stored in one statement; what the step causes is published after it, and only then is the input acknowledged.
/// <list type="bullet">
/// <item>A crash before the statement: the input comes again, and nothing had happened.</item>
/// <item>
/// A crash after it: the input comes again, the row has already taken it, and what follows from the row is published again under the same
/// ids.
/// </item>
/// <item>The input does not come again: <see cref="Sweep"/> finds the notification, unless it has ended.</item>
/// </list>
/// </summary>
sealed class NotificationRepository(
    INotificationStore store,
    NotificationCache cache,
    IOutgoingMessages outgoing,
    NotificationSteps steps,
    Lazy<EffectsPublisher> publisher,
    IEnumerable<IEventMap> events,
    StepCounts counts
) : ISagaRepositoryContextFactory<NotificationState>
{
    readonly SagaConsumeContextFactory<INotificationStore, NotificationState> _contexts = new();
    readonly FrozenSet<Type> _beginnings = events.Select(map => map.EventType).ToFrozenSet();

    public async Task Send<T>(ConsumeContext<T> context, IPipe<SagaRepositoryContext<NotificationState, T>> next)
        where T : class
    {
        var notificationId = context.CorrelationId!.Value;

        // An event that is here for the first time most likely begins a notification: insert without looking. If the row
        // exists after all, the insert says so, and the step is made again with what is there.
        var begins = _beginnings.Contains(typeof(T));
        using var span = begins ? FlowTracing.Take(typeof(T).Name, TextOf(context, FlowTracing.ParentHeader)) : null;
        var firstTime = begins && context.GetRetryAttempt() == 0 && !context.ReceiveContext.Redelivered;
        if (firstTime && await MakeStep(context, next, existing: null, begins))
            return;

        if (await MakeStepAsRemembered(context, next, notificationId, begins))
            return;

        var existing = await store.Load(notificationId, context.CancellationToken);
        var repeated = existing is not null && IsTaken(context, existing) ? existing : null;
        if (repeated is not null)
            await store.Confirm(context.CancellationToken);

        // What begins a notification may be another event under the same message id: the machine looks. What the broker gives once more is
        // not.
        var isLookedAt = repeated is null || (begins && !context.ReceiveContext.Redelivered);
        if (isLookedAt && !await MakeStep(context, next, existing, begins))
            throw new ConcurrencyException("Somebody else wrote the notification first", typeof(NotificationState), notificationId);

        // Who repeats himself is heard once, and whoever took it first sees to what follows; unless that may have been in vain.
        if (repeated is not null && MayHaveBeenInVain(context))
            await PublishAgain(context, repeated);
    }

    static string? TextOf<T>(ConsumeContext<T> context, string header)
        where T : class => context.ReceiveContext.TransportHeaders.TryGetHeader(header, out var value) ? value as string : null;

    // A result comes again because its command does, which may be a copy of the one that came before.
    static bool MayHaveBeenInVain<T>(ConsumeContext<T> context)
        where T : class =>
        context.ReceiveContext.Redelivered
        || context.GetRetryAttempt() > 0
        || context.ReceiveContext.TransportHeaders.TryGetHeader(OutgoingMessage.ReplayOfHeader, out _)
        || context.Message is DeliverySent or DeliveryFailed or DeliveryExpired or DeliveryHeld or DeliveryCancelled or DeliveriesSettled;

    static bool IsTaken<T>(ConsumeContext<T> context, NotificationState notification)
        where T : class =>
        notification.ProcessedMessageIds.Contains(context.InputId()) && OtherInputs(context).All(notification.ProcessedMessageIds.Contains);

    /// <summary>The ids of what is taken together with the message whose id the context has.</summary>
    static IEnumerable<Guid> OtherInputs<T>(ConsumeContext<T> context)
        where T : class => context.Message is DeliveriesSettled settled ? settled.Results.Skip(1).Select(result => result.MessageId) : [];

    async Task PublishAgain(ConsumeContext input, NotificationState notification)
    {
        var waiting = await outgoing.WaitingOf(notification.CorrelationId, input.CancellationToken);
        var putOff = waiting.Select(delivery => delivery.DeliveryId).ToHashSet();
        await publisher.Value.Publish(input, steps.Effects.Follow(notification, putOff));
    }

    /// <summary>
    /// Makes the step without loading, when this process has stored the one before. False when it has not, or when what it remembers is
    /// outdated.
    /// </summary>
    async Task<bool> MakeStepAsRemembered<T>(
        ConsumeContext<T> context,
        IPipe<SagaRepositoryContext<NotificationState, T>> next,
        Guid notificationId,
        bool begins
    )
        where T : class =>
        !begins
        && cache.Take(notificationId) is { } remembered
        && !IsTaken(context, remembered)
        && await MakeStep(context, next, remembered, begins, mayBeOutdated: true);

    /// <summary>
    /// Makes the step and publishes what it causes. False when somebody else wrote the row, or when the step fails before it is stored and
    /// that may be so; then nothing has happened.
    /// </summary>
    async Task<bool> MakeStep<T>(
        ConsumeContext<T> context,
        IPipe<SagaRepositoryContext<NotificationState, T>> next,
        NotificationState? existing,
        bool begins,
        bool mayBeOutdated = false,
        string? withdrawal = null
    )
        where T : class
    {
        var step = new SagaStepContext<T>(context, withdrawal);
        var repository = new StepRepositoryContext<T>(step, store, existing, begins, _contexts, counts, steps)
        {
            WriteLater = () => publisher.Value.WriteLater(step.Effects, context.ConversationId),
        };
        try
        {
            await next.Send(repository);
        }
        catch (Exception failure) when (mayBeOutdated && repository.Written is null && !Outages.IsOutage(failure))
        {
            return false;
        }
        catch (DbException)
        {
            cache.Clear();
            throw;
        }

        // Its business key was withdrawn before: it begins, and nothing of it is sent.
        if (repository.Withdrawal is { } reason)
            return await MakeStep(context, next, existing, begins, withdrawal: reason);
        if (repository.LostRace)
            return false;

        if (repository.Written is { } written)
            cache.Keep(written);
        else
            await store.Confirm(context.CancellationToken);
        await publisher.Value.Publish(context, step.Effects);
        return true;
    }

    public Task SendQuery<T>(
        ConsumeContext<T> context,
        ISagaQuery<NotificationState> query,
        IPipe<SagaRepositoryQueryContext<NotificationState, T>> next
    )
        where T : class => throw new NotSupportedException("Every message names its notification: correlate by id");

    public void Probe(ProbeContext context) => context.CreateScope("notificationRepository").Add("store", store.GetType().Name);

    /// <summary>The repository context that MassTransit asks for while it makes one step.</summary>
    sealed class StepRepositoryContext<T>(
        SagaStepContext<T> step,
        INotificationStore store,
        NotificationState? existing,
        bool begins,
        ISagaConsumeContextFactory<INotificationStore, NotificationState> contexts,
        StepCounts counts,
        NotificationSteps steps
    ) : ConsumeContextScope<T>(step), SagaRepositoryContext<NotificationState, T>
        where T : class
    {
        /// <summary>Writes the commands that are to be sent later.</summary>
        public required Func<Task<IReadOnlyList<OutgoingMessage>>> WriteLater { get; init; }

        readonly NotificationBefore _before = StepNotes.Before(existing);

        /// <summary>True when somebody else wrote the row since it was loaded, so that the step was not stored.</summary>
        public bool LostRace { get; private set; }

        /// <summary>The reason why the step was not stored: what it begins is withdrawn. Null when it is not.</summary>
        public string? Withdrawal { get; private set; }

        /// <summary>The notification as it was handed to the store; null when it was not.</summary>
        public NotificationState? Written { get; private set; }

        public Task<SagaConsumeContext<NotificationState, T>> Add(NotificationState instance) =>
            contexts.CreateSagaConsumeContext(store, step, instance, SagaConsumeContextMode.Add);

        /// <summary>Writes nothing yet: the row is inserted with the state after the step. Null when the row is known to exist.</summary>
        public async Task<SagaConsumeContext<NotificationState, T>> Insert(NotificationState instance) =>
            existing is not null ? null! : await contexts.CreateSagaConsumeContext(store, step, instance, SagaConsumeContextMode.Insert);

        public async Task<SagaConsumeContext<NotificationState, T>> Load(Guid correlationId) =>
            existing is null ? null! : await contexts.CreateSagaConsumeContext(store, step, existing, SagaConsumeContextMode.Load);

        public Task Save(SagaConsumeContext<NotificationState> context) => Store(context);

        public Task Update(SagaConsumeContext<NotificationState> context) => Store(context);

        public Task Delete(SagaConsumeContext<NotificationState> context) =>
            throw new NotSupportedException("A notification stays after its end, so that a late repetition finds it");

        public Task Discard(SagaConsumeContext<NotificationState> context) => Task.CompletedTask;

        public Task Undo(SagaConsumeContext<NotificationState> context) => Task.CompletedTask;

        public Task<SagaConsumeContext<NotificationState, TOther>> CreateSagaConsumeContext<TOther>(
            ConsumeContext<TOther> consumeContext,
            NotificationState instance,
            SagaConsumeContextMode mode
        )
            where TOther : class => contexts.CreateSagaConsumeContext(store, consumeContext, instance, mode);

        async Task Store(SagaConsumeContext<NotificationState> context)
        {
            var notification = context.Saga;

            // Writing that nothing happened would only make a thousand repetitions of one event race for its row.
            if (existing is not null && begins)
                return;

            Written = notification;
            IReadOnlyList<Guid> others = [.. OtherInputs(step)];
            if (step.Effects.Later.Count > 0)
            {
                foreach (var message in await WriteLater())
                    await step.Keep(message, replace: false, step.CancellationToken);
            }

            var written = new NotificationStep(notification, step.InputId(), step.Scheduled)
            {
                OtherInputs = others,
                Cancelled = step.Cancelled,
                Contents = step.Effects.Contents?.Packed,
                Withdrawal = step.Effects.Withdrawal,
                Heard = steps.News.Of(_before, notification, step.Effects),
                Reopens = _before.HadEnded && notification.CompletedAt is null,
                Kept = steps.Notes.Of(
                    _before,
                    notification,
                    new TakenMessage(step.Message, ShortName<T>.Value, [step.InputId(), .. others]),
                    new CausedByStep(step.Effects, step.Scheduled, step.Cancelled.Count)
                ),
            };
            var stored =
                notification.Version == 0
                    ? await store.Insert(written, step.CancellationToken)
                    : await store.Update(written, step.CancellationToken);
            LostRace = !stored;
            Withdrawal = stored || step.Effects.Withdrawal is not null ? null : written.Withdrawal;
            if (stored)
            {
                steps.News.Stored(written.Heard);
                Count(notification);
            }
        }

        void Count(NotificationState notification)
        {
            // Of three words, whatever a producer writes into the header.
            var by = TextOf(step, NotificationIntake.ByHeader) switch
            {
                NotificationIntake.Http => FlowMetrics.ByHttp,
                NotificationIntake.Sql => FlowMetrics.BySql,
                _ => FlowMetrics.ByBus,
            };
            counts.Stored(_before, notification, by, timeIsUp: step.Message is EscalationDue or ResumeNotification);
        }
    }
}
