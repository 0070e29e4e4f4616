using System.Collections.Frozen;
using NotificationBus.Model;
using NotificationBus.Templates;

namespace NotificationBus.Contents;

/// <summary>The content of a plan on one channel, as it was filled once: every delivery there says this, at every attempt.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="Template">The template that was filled; null when the channel has none, or when nobody knows.</param>
/// <param name="Hash">A hash over its parts: two with the same hash say the same.</param>
/// <param name="Parts">The texts.</param>
public sealed record FrozenContent(string Channel, TemplateSource? Template, Guid Hash, IReadOnlyList<ContentPart> Parts)
{
    /// <summary>The content itself, when it was filled in this process; else it is made of its parts.</summary>
    public Content? Filled { get; init; }

    /// <summary>What a provider sends.</summary>
    /// <exception cref="TemplateException">The channel does not send this any more.</exception>
    public Content On(IChannel channel) =>
        Filled ?? channel.Fill(Parts.ToFrozenDictionary(part => part.Name, part => part.Text, StringComparer.Ordinal));
}

/// <summary>The contents of a plan, one for each channel.</summary>
/// <param name="Hash">The name they are kept under: a hash over them all.</param>
/// <param name="All">The contents.</param>
public sealed record FrozenContents(Guid Hash, IReadOnlyList<FrozenContent> All)
{
    /// <summary>The content on a channel; null when the plan had none there.</summary>
    public FrozenContent? On(string channel) => All.FirstOrDefault(content => content.Channel == channel);
}

/// <summary>Contents as they are kept: compressed, and encrypted when there is a key.</summary>
/// <param name="Hash">The name they are kept under.</param>
/// <param name="KeyId">The key that reads them; null when they are not encrypted.</param>
/// <param name="Body">The contents.</param>
public sealed record PackedContents(Guid Hash, string? KeyId, byte[] Body);
