using MassTransit;

using NotificationBus.Contracts;
using NotificationBus.Messaging;

namespace NotificationBus.Sending;

/// <summary>
/// Takes commands that came together, all at the same time, each as if it had come alone. In an outage all of them are taken again, and
/// the ledger knows which were sent. A bad one fails alone: it is sent once more as a message of its own, and goes the way of every other.
/// </summary>
public sealed class SendDeliveriesConsumer(SendDeliveryConsumer sender, IBus bus, PublishLimit limit) : IConsumer<SendDeliveries>
{
    /// <inheritdoc />
    public async Task Consume(ConsumeContext<SendDeliveries> context)
    {
        var commands = context.Message.Commands;

        // When it comes again, one of them may be what ended the process: only alone it can be told from the others.
        var apart = context.ReceiveContext.Redelivered
            ? commands
            : (await context.TakeEach(commands, command => Take(context, command))).Select(failed => failed.Part);

        // Back to where it came from: what a command says may be what is wrong with it.
        var queue = await bus.GetSendEndpoint(new Uri($"exchange:{context.ReceiveContext.InputAddress.Segments[^1]}"));
        await limit.Await(Task.WhenAll(apart.Select(command => queue.Send(command.Message, send =>
        {
            send.MessageId = command.MessageId;
            send.ConversationId = command.ConversationId;
        }, CancellationToken.None))));
    }

    Task Take(ConsumeContext context, CommandEnvelope command) =>
        new PartContext(context, command.MessageId, command.ConversationId, command.Message).TryGetMessage<SendDelivery>(out var alone)
            ? sender.Consume(alone)
            : Task.CompletedTask;
}
