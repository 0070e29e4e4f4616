using System.Text.Json;
using System.Text.Json.Serialization;
using NotificationBus.Intake;
using NotificationBus.Model;

namespace NotificationBus.Channels.Webhook;

/// <summary>The content of a webhook: what a program gets to know of the event.</summary>
/// <param name="Data">What templates would read, a JSON object.</param>
public sealed record WebhookContent(JsonElement Data) : Content
{
    /// <inheritdoc />
    [JsonIgnore]
    public override IEnumerable<string> Texts => JsonText.Within(Data);

    /// <inheritdoc />
    [JsonIgnore]
    public override IReadOnlyList<ContentPart> Parts => [new("data", JsonSerializer.Serialize(Data))];
}
