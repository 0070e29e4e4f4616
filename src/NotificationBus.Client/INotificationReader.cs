using System.Text.Json;
using System.Text.Json.Serialization;

namespace NotificationBus.Client;

/// <summary>Reads what became of notifications, over HTTP.</summary>
public interface INotificationReader
{
    /// <summary>Finds a notification; null when there is none, or none yet.</summary>
    /// <exception cref="NotificationRefusedException">The key may not read it.</exception>
    /// <exception cref="NotificationNotAcceptedException">Nobody answered in time.</exception>
    Task<Notification?> Find(Guid notificationId, CancellationToken cancellationToken = default);
}

/// <summary>
/// A notification, as far as a service has to do with it. Words are texts and not enumerations: a later version may have more of them.
/// </summary>
public sealed record Notification
{
    /// <summary>The notification.</summary>
    public required Guid Id { get; init; }

    /// <summary>accepted, sending, held, delivered, partly-delivered, cancelled, expired or failed.</summary>
    public required string Status { get; init; }

    /// <summary>The reason why it failed or was cancelled, wholly or in part.</summary>
    public string? Reason { get; init; }

    /// <summary>The name its producer gave to what happened.</summary>
    public string? EventId { get; init; }

    /// <summary>The category, whose templates and rules applied.</summary>
    public required string Category { get; init; }

    /// <summary>The time at which the event was taken.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The time at which it ended; null while it has not.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>The deliveries in order.</summary>
    public required IReadOnlyList<NotificationDelivery> Deliveries { get; init; }

    /// <summary>What else the answer has.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Others { get; init; }
}

/// <summary>A delivery of a notification.</summary>
public sealed record NotificationDelivery
{
    /// <summary>The delivery.</summary>
    public required Guid Id { get; init; }

    /// <summary>The channel, such as <c>email</c>.</summary>
    public required string Channel { get; init; }

    /// <summary>waiting, sending, sent, confirmed, failed, expired, cancelled, not-needed or held.</summary>
    public required string Status { get; init; }

    /// <summary>The provider that took it, or that refused it last.</summary>
    public string? Provider { get; init; }

    /// <summary>The reason why it failed.</summary>
    public string? Reason { get; init; }

    /// <summary>What else the answer has.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Others { get; init; }
}
