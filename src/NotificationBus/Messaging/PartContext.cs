using System.Diagnostics.CodeAnalysis;

using MassTransit;
using MassTransit.Context;

namespace NotificationBus.Messaging;

/// <summary>One of several that came in one message, as if it had come alone. How it comes out, whoever took the whole message says.</summary>
/// <param name="whole">The message that brought it.</param>
/// <param name="messageId">The id it has as a message of its own.</param>
/// <param name="conversationId">Its conversation.</param>
/// <param name="part">What it says.</param>
sealed class PartContext(ConsumeContext whole, Guid messageId, Guid? conversationId, object part) : ConsumeContextScope(whole)
{
    public override Guid? MessageId => messageId;

    public override Guid? ConversationId => conversationId;

    public override bool HasMessageType(Type messageType) => messageType.IsInstanceOfType(part);

    public override bool TryGetMessage<T>([NotNullWhen(true)] out ConsumeContext<T>? consumeContext)
    {
        consumeContext = part is T message ? new MessageConsumeContext<T>(this, message) : null;
        return consumeContext is not null;
    }

    public override Task NotifyConsumed<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType) => Task.CompletedTask;

    public override Task NotifyFaulted<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception) => Task.CompletedTask;
}
