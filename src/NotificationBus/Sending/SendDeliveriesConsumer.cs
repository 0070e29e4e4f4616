using System.Text.Json;
using MassTransit;
using Microsoft.Extensions.Logging;
using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Outgoing;

namespace NotificationBus.Sending;

/// <summary>
/// Takes commands that came together, all at the same time, each as if it had come alone. In an outage all of them are taken again, and
/// the ledger knows which were sent. A bad one fails alone: it is published once more as a message of its own, and goes the way of every
/// other.
/// </summary>
public sealed partial class SendDeliveriesConsumer(
    SendDeliveryConsumer sender,
    OutgoingPublisher publisher,
    ILogger<SendDeliveriesConsumer> log
) : IConsumer<SendDeliveries>
{
    /// <inheritdoc />
    public async Task Consume(ConsumeContext<SendDeliveries> context)
    {
        // Back to where it came from: what a command says may be what is wrong with it.
        var queue = context.ReceiveContext.InputAddress.Segments[^1];
        var commands = context.Message.Commands;

        // When it comes again, one of them may be what ended the process: only alone it can be told from the others.
        if (context.ReceiveContext.Redelivered)
        {
            await Task.WhenAll(commands.Select(command => publisher.PublishAlone(CommandBundle.Apart(command, queue))));
            return;
        }

        foreach (var (command, failure) in await Parts.TakeEach(commands, command => Take(context, command)))
        {
            FailedTogether(failure, queue);
            await publisher.PublishAlone(CommandBundle.Apart(command, queue));
        }
    }

    async Task Take(ConsumeContext context, JsonElement envelope)
    {
        var command = EnvelopeReader.Read<CommandEnvelope>(envelope);
        if (new PartContext(context, command.MessageId, command.ConversationId, command.Message).TryGetMessage<SendDelivery>(out var alone))
            await sender.Consume(alone);
    }

    [LoggerMessage(LogLevel.Information, "A command that came with others to {Queue} failed, and is tried alone")]
    partial void FailedTogether(Exception exception, string queue);
}
