using System.Text.Json;

namespace NotificationBus.Outgoing;

/// <summary>A delivery whose command was put off.</summary>
/// <param name="DeliveryId">The delivery.</param>
/// <param name="Until">When the command comes again, unless something brings it back earlier.</param>
/// <param name="For">What it waits for, for a person to read; null in a command of an earlier version.</param>
public sealed record WaitingDelivery(Guid DeliveryId, DateTimeOffset Until, string? For)
{
    /// <summary>Reads it off the command's envelope; null when it is none.</summary>
    public static WaitingDelivery? Read(ReadOnlyMemory<byte> envelope, DateTimeOffset until)
    {
        try
        {
            using var document = JsonDocument.Parse(envelope);
            return
                document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("message", out var command)
                && command.ValueKind == JsonValueKind.Object
                && command.TryGetProperty("deliveryId", out var id)
                && id.ValueKind == JsonValueKind.String
                && id.TryGetGuid(out var deliveryId)
                ? new WaitingDelivery(
                    deliveryId,
                    until,
                    command.TryGetProperty("waitingFor", out var why) && why.ValueKind == JsonValueKind.String ? why.GetString() : null
                )
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
