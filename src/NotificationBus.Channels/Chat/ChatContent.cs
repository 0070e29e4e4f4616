using System.Text.Json.Serialization;
using NotificationBus.Model;

namespace NotificationBus.Channels.Chat;

/// <summary>A message in a conversation.</summary>
/// <param name="Text">Plain text, with line breaks. Each provider escapes what its service would read as more than text.</param>
public sealed record ChatContent(string Text) : Content
{
    /// <inheritdoc />
    [JsonIgnore]
    public override IEnumerable<string> Texts => [Text];

    /// <inheritdoc />
    [JsonIgnore]
    public override IReadOnlyList<ContentPart> Parts => [new("text", Text)];
}
