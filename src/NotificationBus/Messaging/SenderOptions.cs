namespace NotificationBus.Messaging;

/// <summary>Settings of <c>Sender</c>: what a host that sends takes on.</summary>
public sealed class SenderOptions
{
    /// <summary>
    /// The channels this host sends on, such as <c>email,push</c>. Default: all of them, as must be embedded. Each channel needs a host
    /// that serves it: what is to go out on one that nobody serves waits in its queue.
    /// </summary>
    public IReadOnlyList<string> Channels { get; set; } = [];

    /// <summary>True when this host sends on a channel.</summary>
    public bool Serves(string channel) => Channels.Count == 0 || Channels.Contains(channel, StringComparer.Ordinal);
}
