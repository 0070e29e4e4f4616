using System.Text.Json;
using NotificationBus.Intake;

namespace NotificationBus.Failures;

/// <summary>Reads of an event that cannot be taken what its producer knows it by.</summary>
static class RejectedEvent
{
    // As long as an eventId may be.
    const int LongestName = 255;

    /// <summary>The producer's name for the occurrence, and the category; null what cannot be read.</summary>
    public static (string? EventId, string? Category) Read(byte[] body)
    {
        if (body.Length > EnvelopeReader.LargestBody)
            return (null, null);

        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = EnvelopeReader.UsualDepth });
            return
                document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("message", out var message)
                && message.ValueKind == JsonValueKind.Object
                ? (Text(message, "eventId"), Text(message, "category"))
                : (null, null);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return (null, null);
        }
    }

    static string? Text(JsonElement message, string name) =>
        message.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
            ? PlainText.Of(text, LongestName)
            : null;
}
