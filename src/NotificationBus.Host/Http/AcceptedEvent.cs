using System.Text.Json.Serialization;
using NotificationBus.Notifications;

namespace NotificationBus.Host.Http;

/// <summary>The answer to an event.</summary>
/// <param name="Notifications">The notifications it began, or had begun when it came before.</param>
public sealed record AcceptedEvent(IReadOnlyList<AcceptedNotification> Notifications);

/// <summary>The answer to an event whose producer waited for the outcome.</summary>
/// <param name="Notifications">The notifications it began, as they have ended.</param>
public sealed record ConcludedEvent(IReadOnlyList<NotificationView> Notifications);

/// <summary>A notification that will be worked on.</summary>
/// <param name="Id">The notification.</param>
/// <param name="Status">
/// <c>accepted</c>, or how it has ended when its event came before: <c>delivered</c>, <c>partly-delivered</c>, <c>cancelled</c>,
/// <c>expired</c>, <c>failed</c>.
/// </param>
/// <param name="Links">Where to ask.</param>
public sealed record AcceptedNotification(Guid Id, string Status, NotificationLinks Links)
{
    /// <summary>The fingerprint of what it was asked for with. Not part of the answer.</summary>
    [JsonIgnore]
    public Guid Fingerprint { get; init; }

    /// <summary>The time at which it is to be sent; null for at once.</summary>
    public DateTimeOffset? SendAt { get; init; }

    /// <summary>What its producer should know: that <c>sendAt</c> was past, and it is sent at once.</summary>
    public string? Note { get; init; }

    /// <summary>The answer for that notification.</summary>
    public static AcceptedNotification Of(Guid id, string status = "accepted") =>
        new(id, status, new NotificationLinks($"/v1/notifications/{id}"));
}

/// <summary>Links under which to ask about a notification.</summary>
/// <param name="Self">The notification itself.</param>
public sealed record NotificationLinks(string Self);
