using NotificationBus.Contracts;

namespace NotificationBus.Messaging;

/// <summary>The queues to which the commands of a channel go.</summary>
public static class ChannelEndpoint
{
    /// <summary>The beginning of the names of all channels' queues.</summary>
    public const string Prefix = "send-";

    /// <summary>The end of the names of the bulk lane's queues.</summary>
    public const string BulkSuffix = "-bulk";

    /// <summary>The queue of a channel and lane.</summary>
    public static string QueueOf(string channel, Lane lane) => lane == Lane.Bulk ? Prefix + channel + BulkSuffix : Prefix + channel;

    /// <summary>
    /// The address a command is sent to. An exchange and not a queue: MassTransit declares a <c>queue:</c> address again with
    /// default arguments, which a quorum queue refuses.
    /// </summary>
    public static Uri Of(string channel, Lane lane) => new($"exchange:{QueueOf(channel, lane)}");
}
