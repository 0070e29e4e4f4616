using System.Text.Json;

using NotificationBus.Sending;

namespace NotificationBus.Channels.Webhook;

/// <summary>What a program gets to know of the event.</summary>
/// <param name="Data">What templates would read, a JSON object.</param>
public sealed record WebhookContent(JsonElement Data) : Content;
