using System.Text.Json;
using NotificationBus.Contracts;

namespace NotificationBus.Outgoing;

/// <summary>A delivery whose command was put off.</summary>
/// <param name="DeliveryId">The delivery.</param>
/// <param name="Until">When the command comes again, unless something brings it back earlier.</param>
/// <param name="For">What it waits for, for a person to read; null in a command of an earlier version.</param>
public sealed record WaitingDelivery(Guid DeliveryId, DateTimeOffset Until, string? For)
{
    /// <summary>The same in one word; null in a command of an earlier version.</summary>
    public string? Code { get; init; }

    /// <summary>The decisions of the sender so far; the last is what it waits for now. Null in a command of an earlier version.</summary>
    public IReadOnlyList<DeliveryDecision>? Decisions { get; init; }

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
                ? new WaitingDelivery(deliveryId, until, Text(command, "waitingFor"))
                {
                    Code = Text(command, "waitingCode"),
                    Decisions =
                        command.TryGetProperty("decisions", out var decisions) && decisions.ValueKind == JsonValueKind.Array
                            ? decisions.Deserialize<IReadOnlyList<DeliveryDecision>>(JsonSerializerOptions.Web)
                            : null,
                }
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static string? Text(JsonElement command, string name) =>
        command.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
}
