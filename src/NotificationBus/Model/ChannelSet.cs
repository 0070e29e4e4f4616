using System.Collections.Frozen;

namespace NotificationBus.Model;

/// <summary>The channels there are, by name.</summary>
public sealed class ChannelSet(IEnumerable<IChannel> channels)
{
    readonly FrozenDictionary<string, IChannel> _channels = channels.ToFrozenDictionary(channel => channel.Name, StringComparer.Ordinal);

    /// <summary>All channels.</summary>
    public IReadOnlyCollection<IChannel> All => _channels.Values;

    /// <summary>The names, in order.</summary>
    public IReadOnlyList<string> KnownNames => [.. _channels.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The names, for an error message.</summary>
    public string Names => string.Join(", ", KnownNames);

    /// <summary>Says that a name is no channel's: which are allowed, and which of them was meant.</summary>
    public string NoChannel(string? name) => $"is no channel, allowed are {Names}{Spelling.DidYouMean(name, KnownNames)}";

    /// <summary>The channel of that name, or null.</summary>
    public IChannel? Find(string name) => _channels.GetValueOrDefault(name);
}
