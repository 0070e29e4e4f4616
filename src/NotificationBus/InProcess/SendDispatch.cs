using MassTransit;

using Microsoft.Extensions.Logging;

using NotificationBus.Contracts;
using NotificationBus.Messaging;

namespace NotificationBus.InProcess;

/// <summary>
/// Hands commands to the consumer, each as if it had come from the queue of its channel, without another hop. What fails here goes to the queue
/// after all, where it ends among the failed messages.
/// </summary>
public sealed partial class SendDispatch(Lazy<ILocalSender> sender, SenderOptions options, ILogger<SendDispatch> log) : ICommandHandler
{
    /// <inheritdoc />
    public async Task<bool> Take(ConsumeContext input, Guid messageId, SendDelivery command, SentHere how)
    {
        if (!options.Serves(command.Channel))
            return false;

        try
        {
            var alone = new PartContext(input, messageId, input.ConversationId, command, ChannelEndpoint.QueueOf(command.Channel, command.Lane));
            alone.AddOrUpdatePayload(() => how, _ => how);
            return alone.TryGetMessage<SendDelivery>(out var context) && await sender.Value.ConsumeSoon(context);
        }
        catch (Exception failure) when (failure is not OperationCanceledException && !Outages.IsOutage(failure))
        {
            NotSentHere(failure, command.DeliveryId);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Information, "Delivery {DeliveryId} could not be sent at once, and goes to the queue of its channel")]
    partial void NotSentHere(Exception exception, Guid deliveryId);
}
