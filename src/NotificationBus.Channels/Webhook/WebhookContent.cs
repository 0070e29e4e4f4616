using System.Text.Json;

using NotificationBus.Sending;

namespace NotificationBus.Channels.Webhook;

/// <summary>What a program gets to know of the event.</summary>
/// <param name="Data">What templates would read, a JSON object.</param>
public sealed record WebhookContent(JsonElement Data) : Content
{
    /// <inheritdoc />
    public override IEnumerable<string> Texts => Within(Data);

    static IEnumerable<string> Within(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().SelectMany(member => Within(member.Value)),
        JsonValueKind.Array => value.EnumerateArray().SelectMany(Within),
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Number => [value.GetRawText()],
        _ => [],
    };
}
