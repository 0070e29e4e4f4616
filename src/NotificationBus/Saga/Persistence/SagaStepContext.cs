using MassTransit;
using MassTransit.Context;
using MassTransit.Middleware;
using MassTransit.Middleware.Outbox;

using NotificationBus.Intake;
using NotificationBus.Outgoing;

namespace NotificationBus.Saga.Persistence;

/// <summary>
/// The consume context a step of the saga runs in. What the step sends or publishes does not leave: it is serialized and kept,
/// to be stored together with the state.
/// </summary>
sealed class SagaStepContext<TMessage> : ConsumeContextProxy<TMessage>, OutboxSendContext
    where TMessage : class
{
    readonly ConsumeContext<TMessage> _input;
    readonly List<OutgoingMessage> _outgoing = [];

    public SagaStepContext(ConsumeContext<TMessage> input)
        : base(input)
    {
        _input = input;
        ReceiveContext = new OutboxReceiveContext(this, input.ReceiveContext);
        PublishEndpointProvider = ReceiveContext.PublishEndpointProvider;
    }

    public IReadOnlyList<OutgoingMessage> Outgoing => _outgoing;

    public Task AddSend<T>(SendContext<T> context)
        where T : class
    {
        // The same input at the same place gives the same id, so that a step done again after a crash publishes the same messages.
        var id = DeterministicId.From("outgoing", _input.InputId().ToString("N"), $"{CorrelationId:N}", $"{_outgoing.Count}");
        _outgoing.Add(OutgoingMessage.From(context, id));
        return Task.CompletedTask;
    }

    public object? GetService(Type serviceType) =>
        _input.TryGetPayload(out IServiceProvider? services) ? services.GetService(serviceType) : null;
}
