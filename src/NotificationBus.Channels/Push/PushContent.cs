using System.Text.Json.Serialization;
using NotificationBus.Model;

namespace NotificationBus.Channels.Push;

/// <summary>The content of a push: what a phone shows on its lock screen.</summary>
/// <param name="Title">One short line.</param>
/// <param name="Body">One or two sentences.</param>
public sealed record PushContent(string Title, string Body) : Content
{
    /// <inheritdoc />
    [JsonIgnore]
    public override IEnumerable<string> Texts => [Title, Body];

    /// <inheritdoc />
    [JsonIgnore]
    public override IReadOnlyList<ContentPart> Parts => [new("title", Title), new("body", Body)];
}
