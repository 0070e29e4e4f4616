namespace NotificationBus.Sending;

/// <summary>Where the orders of a channel go.</summary>
public static class ChannelEndpoint
{
    /// <summary>What the queues of all channels begin with.</summary>
    public const string Prefix = "send-";

    /// <summary>The queue of a channel.</summary>
    public static string QueueOf(string channel) => Prefix + channel;

    /// <summary>
    /// The address an order is sent to. An exchange and not a queue: MassTransit declares a <c>queue:</c> address again with
    /// default arguments, which a quorum queue refuses.
    /// </summary>
    public static Uri Of(string channel) => new($"exchange:{QueueOf(channel)}");
}
