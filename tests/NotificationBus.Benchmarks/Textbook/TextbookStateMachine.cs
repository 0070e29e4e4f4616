using System.Text.Json;
using MassTransit;
using NotificationBus.Contracts;

namespace NotificationBus.Benchmarks.Textbook;

/// <summary>An order was placed: an e-mail and a push, and done when both were sent.</summary>
public sealed class TextbookStateMachine : MassTransitStateMachine<TextbookState>
{
    public TextbookStateMachine()
    {
        InstanceState(saga => saga.CurrentState);
        Event(() => Placed, happened => happened.CorrelateById(context => Guid.Parse(context.Message.EventId!)));
        Event(() => Emailed, happened => happened.CorrelateById(context => context.Message.NotificationId));
        Event(() => Pushed, happened => happened.CorrelateById(context => context.Message.NotificationId));

        Initially(
            When(Placed)
                .Then(context => Remember(context.Saga, context.Message))
                .Publish(context => new SendEmail(context.Saga.CorrelationId, context.Message))
                .Publish(context => new SendPush(context.Saga.CorrelationId, context.Message))
                .TransitionTo(Sending)
        );
        During(
            Sending,
            When(Emailed).Then(context => context.Saga.EmailIsSent = true).If(context => context.Saga.PushIsSent, Complete),
            When(Pushed).Then(context => context.Saga.PushIsSent = true).If(context => context.Saga.EmailIsSent, Complete)
        );
        DuringAny(Ignore(Placed));
        During(Delivered, Ignore(Emailed), Ignore(Pushed));
    }

    public State Sending { get; private set; } = null!;

    public State Delivered { get; private set; } = null!;

    public Event<OrderPlaced> Placed { get; private set; } = null!;

    public Event<EmailSent> Emailed { get; private set; } = null!;

    public Event<PushSent> Pushed { get; private set; } = null!;

    EventActivityBinder<TextbookState, T> Complete<T>(EventActivityBinder<TextbookState, T> binder)
        where T : class => binder.Then(context => context.Saga.CompletedAt = Clock.Now).TransitionTo(Delivered);

    static void Remember(TextbookState saga, OrderPlaced order)
    {
        saga.EventId = order.EventId!;
        saga.RecipientId = order.Seller.Id;
        saga.Recipient = JsonSerializer.Serialize(order.Seller);
        saga.Data = JsonSerializer.Serialize(order);
        saga.CreatedAt = Clock.Now;
    }
}
