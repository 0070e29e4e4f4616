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

    /// <summary>
    /// Tells what becomes of one notification, from its beginning and as it happens, until it has ended and all is told. What breaks off is
    /// taken up where it was.
    /// </summary>
    /// <param name="notificationId">The notification.</param>
    /// <param name="after">The <see cref="NotificationEvent.Id"/> of the last event that is known: only what came after it is told.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="NotificationRefusedException">There is no such notification, or the key may not read it.</exception>
    /// <exception cref="NotificationNotAcceptedException">Nobody answered in time.</exception>
    IAsyncEnumerable<NotificationEvent> Watch(Guid notificationId, string? after = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Tells what becomes of all notifications that fit, from now on and until it is ended. What breaks off is taken up where it was.
    /// </summary>
    /// <param name="filter">Which; null for all.</param>
    /// <param name="after">The <see cref="NotificationEvent.Id"/> of the last event that is known: what came after it is told too.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="NotificationRefusedException">
    /// The filter is wrong, the key may not read, or (410) what came after that event is no longer kept.
    /// </exception>
    /// <exception cref="NotificationNotAcceptedException">Nobody answered in time.</exception>
    IAsyncEnumerable<NotificationEvent> WatchMany(
        NotificationEventFilter? filter = null,
        string? after = null,
        CancellationToken cancellationToken = default
    );
}

/// <summary>Which events are told. What is null is no condition; all that is said must hold.</summary>
public sealed record NotificationEventFilter
{
    /// <summary>The types, such as <c>delivery.failed</c>; none for all.</summary>
    public IReadOnlyList<string> Events { get; init; } = [];

    /// <summary>The category.</summary>
    public string? Category { get; init; }

    /// <summary>The recipient's id.</summary>
    public string? Recipient { get; init; }

    /// <summary>A business key, such as <c>order:4711</c>.</summary>
    public string? Key { get; init; }
}

/// <summary>Something that has become of a notification.</summary>
public sealed record NotificationEvent
{
    /// <summary>The place of it, to go on from.</summary>
    public required string Id { get; init; }

    /// <summary>The type as of webhooks, such as <c>notification.delivered</c>. A later version may have more of them.</summary>
    public required string Type { get; init; }

    /// <summary>The time at which it happened.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>The notification.</summary>
    public required Guid NotificationId { get; init; }

    /// <summary>What is told of it: ids and words, no address and no text.</summary>
    public required JsonElement Data { get; init; }
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
