using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Mime;
using System.Text.Json;
using MassTransit;
using MassTransit.Serialization;
using MassTransit.Transports;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Providers.Accounts;
using NotificationBus.Telemetry;

namespace NotificationBus.Outgoing;

/// <summary>
/// Publishes messages as they were written, and waits until the broker has confirmed each of them. Commands for one queue share a message
/// with those that are published at the same time; what goes alone leaves at once, and in the order it is given in.
/// Through the bus and not through the channel an input came by: that one does not come back after an outage of the broker, and whoever
/// holds the input would try in vain for as long as it tries.
/// </summary>
public sealed class OutgoingPublisher(
    IOutgoingMessages outgoing,
    PublishLimit limit,
    IBus bus,
    FlowMetrics metrics,
    IMessageApplications applications
)
{
    // Full ones that wait for their confirms at the same time, for a broker that is far away.
    const int MostBundles = 64;

    // In bytes, as JSON. A number takes up to nine on the wire and two here, with its name half as much again.
    const int LongestHeaders = 64 * 1024;

    readonly ConcurrentDictionary<string, Batcher<OutgoingMessage>> _queues = new(StringComparer.Ordinal);

    /// <summary>Writes a message as it is to go over the wire.</summary>
    /// <param name="destination">The exchange.</param>
    /// <param name="message">The message.</param>
    /// <param name="messageId">Its id.</param>
    /// <param name="conversationId">Its conversation.</param>
    /// <param name="name">Says more on it; null for nothing.</param>
    public async Task<OutgoingMessage> Write<T>(
        Uri destination,
        T message,
        Guid messageId,
        Guid? conversationId,
        Action<SendContext>? name = null
    )
        where T : class
    {
        var endpoint = (ITransportSendEndpoint)await bus.GetSendEndpoint(destination);
        var context = await endpoint.CreateSendContext(
            message,
            Pipe.Execute<SendContext<T>>(send =>
            {
                send.ConversationId = conversationId;
                name?.Invoke(send);
            }),
            CancellationToken.None
        );
        return OutgoingMessage.From(context, messageId);
    }

    /// <summary>Publishes.</summary>
    /// <exception cref="BrokerUnavailableException">
    /// A confirm did not come in time. What was published all the same is to be published again under the same id.
    /// </exception>
    public Task Publish(IReadOnlyList<OutgoingMessage> messages) => Publish(messages, new Task?[messages.Count]);

    /// <summary>Publishes what the store keeps, and tells it what was confirmed.</summary>
    /// <exception cref="BrokerUnavailableException">
    /// A confirm did not come in time. What was published all the same is published again under the same id.
    /// </exception>
    public async Task PublishKept(IReadOnlyList<OutgoingMessage> messages)
    {
        var confirms = new Task?[messages.Count];
        try
        {
            await Publish(messages, confirms);
        }
        finally
        {
            // One message that the broker does not take must not have the others published over and over.
            await outgoing.Published([.. messages.Where((_, index) => confirms[index] is { IsCompletedSuccessfully: true })]);
        }
    }

    async Task Publish(IReadOnlyList<OutgoingMessage> messages, Task?[] confirms)
    {
        using var givenUp = new CancellationTokenSource();
        try
        {
            await limit.Await(PublishAll());
        }
        finally
        {
            await givenUp.CancelAsync();
        }

        async Task PublishAll()
        {
            // The first one for an exchange may have to wait until the exchange is declared. Those behind it would overtake each other.
            var seen = new HashSet<string>(StringComparer.Ordinal);
            var first = messages.Select(message => seen.Add(message.Destination)).ToList();
            await Start(index => first[index]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!givenUp.IsCancellationRequested)
                await Start(index => !first[index]);
        }

        Task Start(Func<int, bool> which)
        {
            for (var index = 0; index < messages.Count; index++)
            {
                if (which(index))
                    confirms[index] = Leave(messages[index], givenUp.Token);
            }

            // All that were started: the failure of one for which the others did not wait must not be lost.
            return Task.WhenAll(confirms.OfType<Task>());
        }
    }

    /// <summary>Publishes one message that shares no other, and waits until it is confirmed.</summary>
    /// <exception cref="BrokerUnavailableException">The confirm did not come in time.</exception>
    internal Task PublishAlone(OutgoingMessage message) => limit.Await(Send(message));

    Task Leave(OutgoingMessage message, CancellationToken givenUp) =>
        CommandBundle.Takes(message)
            ? _queues
                .GetOrAdd(
                    message.Destination,
                    _ => new Batcher<OutgoingMessage>(
                        command => command.Token,
                        SendTogether,
                        _ => false,
                        CommandBundle.MostCommands,
                        MostBundles,
                        commands => metrics.Batched("commands", commands)
                    )
                )
                .Run(message, givenUp)
            : Send(message);

    Task SendTogether(IReadOnlyList<OutgoingMessage> commands) => PublishAlone(commands is [var only] ? only : CommandBundle.Of(commands));

    async Task Send(OutgoingMessage message)
    {
        var endpoint = await bus.GetSendEndpoint(new Uri(message.Destination));
        // No cancellation token: RabbitMQ.Client 7.1.2 miscounts confirms when one fires (rabbitmq-dotnet-client 1900).
        await endpoint.Send(
            new SerializedMessageBody(),
            Pipe.Execute<SendContext<SerializedMessageBody>>(context =>
            {
                context.MessageId = message.MessageId;
                context.SupportedMessageTypes = message.MessageTypes.Split(';');
                var contentType =
                    message.ContentType.Length > 0 ? new ContentType(message.ContentType) : SystemTextJsonMessageSerializer.JsonContentType;
                context.Serializer = new CopyBodySerializer(contentType, new BytesMessageBody(message.Body.ToArray()));
                AddHeaders(context.Headers, message);
                applications.Sign(context);
            }),
            CancellationToken.None
        );
    }

    /// <summary>Texts, numbers and yes or no. Tables and lists are not sent again: the transport has no way to.</summary>
    static void AddHeaders(SendHeaders headers, OutgoingMessage message)
    {
        if (message.ReplayOf is { } replayOf)
            headers.Set(OutgoingMessage.ReplayOfHeader, replayOf.ToString());
        // The turn written in the command is the one that was handed out. Those who wait in line may have been moved since.
        if (message is { WaitsFor: { } waitsFor, DueAt: { } due } && WaitingLine.IsTurn(waitsFor))
            headers.Set(WaitingLine.WasDue, due.ToString("O", CultureInfo.InvariantCulture));
        // All headers must fit in one frame with those the transport adds; when they do not, the broker closes the connection.
        if (message.Headers is null || System.Text.Encoding.UTF8.GetByteCount(message.Headers) > LongestHeaders)
            return;

        using var json = JsonDocument.Parse(message.Headers);
        foreach (var header in json.RootElement.EnumerateObject())
        {
            switch (header.Value.ValueKind)
            {
                case JsonValueKind.String:
                    headers.Set(header.Name, header.Value.GetString());
                    break;

                case JsonValueKind.Number:
                    headers.Set(header.Name, header.Value.TryGetInt64(out var number) ? number : header.Value.GetDouble(), overwrite: true);
                    break;

                case JsonValueKind.True
                or JsonValueKind.False:
                    headers.Set(header.Name, header.Value.GetBoolean(), overwrite: true);
                    break;
            }
        }
    }
}
