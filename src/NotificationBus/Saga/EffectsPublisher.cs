using MassTransit;
using MassTransit.Util;
using Microsoft.Extensions.Logging;
using NotificationBus.Contents;
using NotificationBus.Contracts;
using NotificationBus.InProcess;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Outgoing;
using NotificationBus.Telemetry;

namespace NotificationBus.Saga;

/// <summary>Sees to what a step of the saga causes. Until that is done, the step's input is not acknowledged.</summary>
/// <param name="publisher">Publishes commands.</param>
/// <param name="limit">The time limit of each publish.</param>
/// <param name="bus">Publishes outcomes.</param>
/// <param name="packing">Packs the contents that travel with commands.</param>
/// <param name="log">Told what could not be sent here.</param>
/// <param name="senders">Those of this process; null where it does not send.</param>
public sealed partial class EffectsPublisher(
    OutgoingPublisher publisher,
    PublishLimit limit,
    IBus bus,
    ContentPacking packing,
    ILogger<EffectsPublisher> log,
    ICommandHandler? senders = null
)
{
    /// <summary>Announces the outcome, and has the commands sent here, or published. Waits out an outage of the broker.</summary>
    /// <param name="input">The message that caused it. It may be held longer than this takes.</param>
    /// <param name="effects">What it caused.</param>
    /// <exception cref="BrokerUnavailableException">
    /// The broker was away for too long. What was published all the same is published again under the same id.
    /// </exception>
    public async Task Publish(ConsumeContext input, Effects effects)
    {
        if (senders is not null && HeldInput.SendsOf(input.ReceiveContext) is { } held)
            SendHere(senders, held, input, effects);
        else
            await Publish(input, effects.Commands, effects.Contents?.Frozen);

        if (effects.Outcome is { } outcome)
        {
            var named = Pipe.Execute<PublishContext>(publish =>
            {
                publish.MessageId = outcome.MessageId;
                publish.ConversationId = input.ConversationId;
            });
            await Outages.WaitOut(
                input,
                () => limit.Await(bus.Publish(outcome.Message, outcome.Message.GetType(), named, CancellationToken.None))
            );
        }
    }

    // The step does not wait, only the acknowledgement of its input does: the result is another step of the same notification, and has to
    // come after this one.
    void SendHere(ICommandHandler senders, PendingTaskCollection held, ConsumeContext input, Effects effects)
    {
        foreach (var command in effects.Commands)
            held.Add(
                SendOrPublish(senders, input, command, new SentHere(effects.Commands.Count, effects.Contents?.Frozen.On(command.Channel)))
            );
    }

    Task SendOrPublish(ICommandHandler senders, ConsumeContext input, SendDelivery command, SentHere how) =>
        LocalFirst.Take(
            () => senders.Take(input, IdOf(command), command, how),
            () => Publish(input, [command], how.Content is { } content ? new FrozenContents(content.Hash, [content]) : null),
            failure => NotSentHere(failure, command.DeliveryId, command.NotificationId)
        );

    async Task Publish(ConsumeContext input, IEnumerable<SendDelivery> commands, FrozenContents? contents)
    {
        var messages = await Write(commands, input.ConversationId, contents);
        await Outages.WaitOut(input, () => publisher.Publish(messages));
    }

    /// <summary>The commands that are to be sent later, as they are kept until then. The record has what they say.</summary>
    internal async Task<IReadOnlyList<OutgoingMessage>> WriteLater(Effects effects, Guid? conversationId)
    {
        var messages = await Write(effects.Later, conversationId);
        return [.. messages.Select((message, index) => message with { DueAt = effects.Later[index].Decisions![^1].Until })];
    }

    /// <summary>Commands as they go over the wire, with their contents when these are known here, and not large.</summary>
    internal async Task<IReadOnlyList<OutgoingMessage>> Write(
        IEnumerable<SendDelivery> commands,
        Guid? conversationId,
        FrozenContents? contents = null
    )
    {
        var messages = new List<OutgoingMessage>();
        var here = FlowTracing.Here;
        foreach (var command in commands)
            messages.Add(
                await publisher.Write(
                    ChannelEndpoint.Of(command.Channel, command.Lane),
                    here is null && contents is null ? command : command with { TraceParent = here, Content = Carried(command, contents) },
                    IdOf(command),
                    conversationId
                )
            );
        return messages;
    }

    DeliveryContent? Carried(SendDelivery command, FrozenContents? contents) =>
        command.Content is { } content
        && contents?.On(command.Channel) is { } frozen
        && packing.Pack(frozen) is { Body: { Length: <= ContentPacking.LargestCarried } body }
            ? content with
            {
                Hash = frozen.Hash,
                Body = body,
            }
            : command.Content;

    /// <summary>
    /// The same whenever the same command is published, and another one when an operator or what came back has it sent once more.
    /// </summary>
    static Guid IdOf(SendDelivery command) =>
        DeterministicId.From("command", $"{command.DeliveryId:N}", $"{command.EarlierAttempts}", $"{command.Reopened}");

    [LoggerMessage(
        LogLevel.Information,
        "Delivery {DeliveryId} of notification {NotificationId} could not be sent at once, and goes to the queue of its channel"
    )]
    partial void NotSentHere(Exception exception, Guid deliveryId, Guid notificationId);
}
