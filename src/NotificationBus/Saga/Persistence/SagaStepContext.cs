using MassTransit;
using MassTransit.Context;
using MassTransit.Middleware;
using MassTransit.Middleware.Outbox;
using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Outgoing;

namespace NotificationBus.Saga.Persistence;

/// <summary>
/// The consume context a step of the saga runs in. What the step schedules or cancels does not happen: it is kept, to be stored together
/// with the state. So a step that loses a race leaves no timer behind. What it causes at once is its <see cref="Effects"/>.
/// </summary>
sealed class SagaStepContext<TMessage> : ConsumeContextScope<TMessage>, OutboxSendContext, IScheduledMessages
    where TMessage : class
{
    readonly ConsumeContext<TMessage> _input;
    readonly List<OutgoingMessage> _scheduled = [];
    readonly List<Guid> _cancelled = [];
    int _messages;

    /// <summary>Makes the context.</summary>
    /// <param name="input">The message that causes the step.</param>
    /// <param name="withdrawal">The reason why the notification that begins is withdrawn; null when it is not.</param>
    public SagaStepContext(ConsumeContext<TMessage> input, string? withdrawal = null)
        : base(input)
    {
        Effects = new Effects { Withdrawal = withdrawal };
        _input = input;
        ReceiveContext = new OutboxReceiveContext(this, input.ReceiveContext);
        PublishEndpointProvider = ReceiveContext.PublishEndpointProvider;
        AddOrUpdatePayload(() => Effects, _ => Effects);
        AddOrUpdatePayload(() => OutgoingScheduler.SchedulerOf(this, this), _ => OutgoingScheduler.SchedulerOf(this, this));
    }

    /// <summary>The messages to be published as soon as the step is stored.</summary>
    public Effects Effects { get; }

    /// <summary>The messages to be published later.</summary>
    public IReadOnlyList<OutgoingMessage> Scheduled => _scheduled;

    /// <summary>The tokens of what was scheduled by an earlier step and is no longer wanted.</summary>
    public IReadOnlyList<Guid> Cancelled => _cancelled;

    public Task AddSend<T>(SendContext<T> context)
        where T : class =>
        throw new NotSupportedException(
            $"A step that publishes {typeof(T).Name} by itself would lose it when the process ends after the step is stored: "
                + "it must be among its effects"
        );

    /// <summary>
    /// The same input at the same place gives the same id, so that a step done again after a crash schedules the same messages.
    /// </summary>
    public Guid NextToken() => DeterministicId.From("outgoing", _input.InputId().ToString("N"), $"{CorrelationId:N}", $"{_messages++}");

    public Task Keep(OutgoingMessage message, bool replace, CancellationToken cancellationToken)
    {
        // Under a token that was chosen the last one counts, whether the one before is of this step or of an earlier one.
        _scheduled.RemoveAll(earlier => earlier.Token == message.Token);
        _cancelled.Remove(message.Token);
        _scheduled.Add(message);
        return Task.CompletedTask;
    }

    public Task Cancel(Guid token, CancellationToken cancellationToken)
    {
        _scheduled.RemoveAll(message => message.Token == token);
        if (!_cancelled.Contains(token))
            _cancelled.Add(token);

        return Task.CompletedTask;
    }

    public object? GetService(Type serviceType) =>
        _input.TryGetPayload(out IServiceProvider? services) ? services.GetService(serviceType) : null;
}
