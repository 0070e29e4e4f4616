using System.Diagnostics.CodeAnalysis;
using MassTransit;
using MassTransit.Context;

namespace NotificationBus.Messaging;

/// <summary>
/// One of several that came in one message, as if it had come alone. How it comes out, whoever took the whole message says.
/// </summary>
sealed class PartContext : ConsumeContextScope
{
    readonly object _part;

    /// <summary>A part of that message.</summary>
    /// <param name="whole">The message that brought it.</param>
    /// <param name="messageId">The id it has as a message of its own.</param>
    /// <param name="conversationId">Its conversation.</param>
    /// <param name="part">What it says.</param>
    /// <param name="queue">The queue it would have come by alone, when that is another: what it schedules for itself comes there.</param>
    public PartContext(ConsumeContext whole, Guid messageId, Guid? conversationId, object part, string? queue = null)
        : base(whole)
    {
        MessageId = messageId;
        ConversationId = conversationId;
        _part = part;
        if (queue is not null)
            ReceiveContext = new ByAnotherQueue(whole.ReceiveContext, queue);
    }

    public override Guid? MessageId { get; }

    public override Guid? ConversationId { get; }

    public override bool HasMessageType(Type messageType) => messageType.IsInstanceOfType(_part);

    public override bool TryGetMessage<T>([NotNullWhen(true)] out ConsumeContext<T>? consumeContext)
    {
        consumeContext = _part is T message ? new MessageConsumeContext<T>(this, message) : null;
        return consumeContext is not null;
    }

    public override Task NotifyConsumed<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType) => Task.CompletedTask;

    public override Task NotifyFaulted<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception) =>
        Task.CompletedTask;

    sealed class ByAnotherQueue(ReceiveContext whole, string queue) : ReceiveContextProxy(whole), ReceiveContext
    {
        Uri ReceiveContext.InputAddress { get; } = new(whole.InputAddress, queue);
    }
}
