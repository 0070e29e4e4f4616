namespace NotificationBus.Providers.Controls;

/// <summary>The settings of operators for a channel while the hosts run.</summary>
public sealed record ChannelControl
{
    /// <summary>True while nothing is sent on the channel. What is to be sent waits, and expires when it waits too long.</summary>
    public bool Paused { get; init; }

    /// <summary>
    /// The accounts to be tried, in order, instead of the configured <c>Providers</c>; null (default) leaves those in force.
    /// </summary>
    public IReadOnlyList<string>? Order { get; init; }
}
