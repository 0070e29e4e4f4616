using System.Net.Mime;

using MassTransit;
using MassTransit.Serialization;

using NotificationBus.Messaging;

namespace NotificationBus.Outgoing;

/// <summary>
/// Publishes stored messages as they are, all at once, and waits until the broker has confirmed each of them. Those for one
/// exchange leave in the order they are given in.
/// </summary>
public sealed class OutgoingPublisher(IOutgoingMessages outgoing, PublishLimit limit)
{
    /// <summary>Publishes, and tells the store what was confirmed.</summary>
    /// <exception cref="BrokerUnavailableException">A confirm did not come in time. What was published all the same is published again under the same id.</exception>
    public async Task Publish(IReadOnlyList<OutgoingMessage> messages, ISendEndpointProvider endpoints)
    {
        if (messages.Count == 0)
            return;

        var destinations = messages.Select(message => message.Destination).Distinct(StringComparer.Ordinal)
            .ToDictionary(destination => destination, destination => endpoints.GetSendEndpoint(new Uri(destination)), StringComparer.Ordinal);

        // Who has to wait for an endpoint would be overtaken by those that come after.
        foreach (var endpoint in destinations.Values)
            await ((Task)endpoint).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        var publishes = messages.Select(message => (Message: message, Confirmed: Send(message, destinations[message.Destination]))).ToList();
        try
        {
            await limit.Await(Task.WhenAll(publishes.Select(publish => publish.Confirmed)));
        }
        finally
        {
            // One message that the broker does not take must not have the others published over and over.
            await outgoing.Published([.. publishes.Where(publish => publish.Confirmed.IsCompletedSuccessfully).Select(publish => publish.Message)]);
        }
    }

    static async Task Send(OutgoingMessage message, Task<ISendEndpoint> destination)
    {
        var endpoint = await destination;
        // No cancellation token: RabbitMQ.Client 7.1.2 miscounts confirms when one fires (rabbitmq-dotnet-client 1900).
        await endpoint.Send(new SerializedMessageBody(), Pipe.Execute<SendContext<SerializedMessageBody>>(context =>
        {
            context.MessageId = message.MessageId;
            context.SupportedMessageTypes = message.MessageTypes.Split(';');
            context.Serializer = new CopyBodySerializer(new ContentType(message.ContentType), new BytesMessageBody(message.Body.ToArray()));
        }), CancellationToken.None);
    }
}
