using NotificationBus.Contracts;
using NotificationBus.Model;

namespace NotificationBus.Messaging;

/// <summary>The queues of the flow.</summary>
public static class NotificationQueues
{
    /// <summary>Every queue the flow works on.</summary>
    public static IEnumerable<string> All(ChannelSet channels) =>
        Enum.GetValues<Lane>()
            .SelectMany(lane =>
                channels.All.Select(channel => ChannelEndpoint.QueueOf(channel.Name, lane)).Prepend(SagaEndpoint.QueueOf(lane))
            )
            .Append(ReceiptEndpoint.Queue);
}
