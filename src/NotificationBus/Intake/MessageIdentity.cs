using MassTransit;

namespace NotificationBus.Intake;

/// <summary>The identity of a message.</summary>
static class MessageIdentity
{
    /// <summary>The message's id. Identity and repetition hang on it, so a message without one is refused.</summary>
    /// <exception cref="InvalidEventException">The message has none.</exception>
    public static Guid InputId(this ConsumeContext context) =>
        context.MessageId ?? throw new InvalidEventException("the message has no messageId");
}
