using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.Messaging;

namespace NotificationBus.InProcess;

/// <summary>Hands commands to the consumer, each as if it had come from the queue of its channel, without another hop.</summary>
public sealed class LocalSendDispatcher(Lazy<ILocalSender> sender, SenderOptions options) : ICommandHandler
{
    /// <inheritdoc />
    public async Task<bool> Take(ConsumeContext input, Guid messageId, SendDelivery command, SentHere how)
    {
        if (!options.Serves(command.Channel))
            return false;

        var alone = new PartContext(
            input,
            messageId,
            input.ConversationId,
            command,
            ChannelEndpoint.QueueOf(command.Channel, command.Lane)
        );
        alone.AddOrUpdatePayload(() => how, _ => how);
        return alone.TryGetMessage<SendDelivery>(out var context) && await sender.Value.ConsumeSoon(context);
    }
}
