using System.Text.Json.Serialization;
using NotificationBus.Contracts;

namespace NotificationBus.Model;

/// <summary>The result of one delivery: exactly one of the five.</summary>
public sealed record DeliveryResult
{
    /// <summary>
    /// The id it has as a message of its own. It is the same when the command comes again, so that the saga takes it once.
    /// </summary>
    public required Guid MessageId { get; init; }

    /// <summary>The conversation of the command.</summary>
    public Guid? ConversationId { get; init; }

    /// <summary>A provider took it.</summary>
    public DeliverySent? Sent { get; init; }

    /// <summary>No provider takes it.</summary>
    public DeliveryFailed? Failed { get; init; }

    /// <summary>It was not sent in time.</summary>
    public DeliveryExpired? Expired { get; init; }

    /// <summary>It is in doubt, and held.</summary>
    public DeliveryHeld? Held { get; init; }

    /// <summary>It was cancelled.</summary>
    public DeliveryCancelled? Cancelled { get; init; }

    /// <summary>False when it is none of them, as a newer host may send.</summary>
    [JsonIgnore]
    public bool IsKnown => Sent is not null || Failed is not null || Expired is not null || Held is not null || Cancelled is not null;

    /// <summary>The one it is.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    [JsonIgnore]
    public object Message =>
        (object?)Sent
        ?? (object?)Failed
        ?? (object?)Expired
        ?? (object?)Held
        ?? (object?)Cancelled
        ?? throw new InvalidDataException("a result that says nothing known here");

    /// <summary>The notification.</summary>
    [JsonIgnore]
    public Guid NotificationId =>
        (
            Sent?.NotificationId ?? Failed?.NotificationId ?? Expired?.NotificationId ?? Held?.NotificationId ?? Cancelled?.NotificationId
        ).GetValueOrDefault();

    /// <summary>The delivery.</summary>
    [JsonIgnore]
    public Guid DeliveryId =>
        (Sent?.DeliveryId ?? Failed?.DeliveryId ?? Expired?.DeliveryId ?? Held?.DeliveryId ?? Cancelled?.DeliveryId).GetValueOrDefault();
}
