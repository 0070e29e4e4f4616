using System.Text.Json.Serialization;

namespace NotificationBus.Model;

/// <summary>A template filled for one delivery: what the provider sends. Each channel has its own form.</summary>
public abstract record Content
{
    /// <summary>The texts that the recipient is told. No log and no reason repeats them, whoever repeats them to us.</summary>
    public virtual IEnumerable<string> Texts => [];

    /// <summary>
    /// The same by the parts they fill. <see cref="IChannel.Fill"/> makes the same content of them again, however often. By itself they are
    /// the parts it was filled with.
    /// </summary>
    [JsonIgnore]
    public virtual IReadOnlyList<ContentPart> Parts => FilledWith;

    /// <summary>The number of messages it is billed as: a long text message is several.</summary>
    [JsonIgnore]
    public virtual int BilledParts => 1;

    /// <summary>The parts it was filled with; empty when it was made in another way.</summary>
    internal IReadOnlyList<ContentPart> FilledWith { get; set; } = [];

    /// <summary>The names of what it carries besides its text, such as <c>replyTo</c>.</summary>
    [JsonIgnore]
    public virtual IEnumerable<string> Extras => [];

    /// <summary>Files that are fetched before the first call, and kept for the others.</summary>
    [JsonIgnore]
    public virtual IReadOnlyList<FileReference> Files => [];

    /// <summary>The content with the files that were fetched, in the same order.</summary>
    public virtual Content With(IReadOnlyList<FetchedFile> files) => this;

    /// <summary>Two contents are the same when they say the same, wherever they come from.</summary>
    public virtual bool Equals(Content? other) => other is not null && EqualityContract == other.EqualityContract;

    /// <inheritdoc />
    public override int GetHashCode() => EqualityContract.GetHashCode();

    /// <summary>The kind of content, and never what it says: whatever is printed may end in a log.</summary>
    public sealed override string ToString() => GetType().Name;
}

/// <summary>One text of a content, such as the subject of an e-mail.</summary>
/// <param name="Name">The part of the template it fills.</param>
/// <param name="Text">The text.</param>
public readonly record struct ContentPart(string Name, string Text)
{
    /// <summary>The name, and never the text.</summary>
    public override string ToString() => Name;
}

/// <summary>A file that is sent with a content.</summary>
/// <param name="Url">The URL it is fetched from.</param>
/// <param name="Name">The name readers see.</param>
/// <param name="ContentType">The type it must have; null for the one it is answered with.</param>
public sealed record FileReference(string Url, string Name, string? ContentType)
{
    /// <summary>The kind, and never the URL, which may be a key to the file.</summary>
    public override string ToString() => nameof(FileReference);
}

/// <summary>A file as it was fetched.</summary>
/// <param name="ContentType">Its type.</param>
/// <param name="Octets">The file itself.</param>
public sealed record FetchedFile(string ContentType, ReadOnlyMemory<byte> Octets);
