using NotificationBus.Model;

namespace NotificationBus.Notifications;

/// <summary>Queries of operators and the API about the record. Nothing here is on a notification's way.</summary>
public interface INotificationQueries
{
    /// <summary>One notification with its deliveries and attempts, or null.</summary>
    Task<NotificationView?> Find(Guid id, CancellationToken cancellationToken);

    /// <summary>
    /// The steps of one notification's saga in order, without a gap: those that were kept, and between them what went straight. Null when
    /// it is not on record.
    /// </summary>
    Task<IReadOnlyList<SagaStep>?> StepsOf(Guid id, CancellationToken cancellationToken);

    /// <summary>The application a notification belongs to; null when it is not on record.</summary>
    Task<string?> ApplicationOf(Guid id, CancellationToken cancellationToken);

    /// <summary>Those of the given notifications that have an outcome.</summary>
    Task<IReadOnlySet<Guid>> Concluded(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken);

    /// <summary>The versions of the given notifications, of those that are on record. One statement, whatever their number.</summary>
    Task<IReadOnlyDictionary<Guid, int>> Versions(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken);

    /// <summary>
    /// The given notifications with the steps that were kept of each, of those that are on record. No step is missing of what the
    /// notification says; there may be later ones.
    /// </summary>
    Task<IReadOnlyList<RecordedNotification>> Read(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken);

    /// <summary>
    /// Notifications that fit the filter, newest first, one page. A page may be short, or empty, and yet not the last: so much was looked
    /// at for it that the rest is left to the next one.
    /// </summary>
    Task<FoundNotifications> Search(NotificationFilter filter, CancellationToken cancellationToken);
}

/// <summary>A notification as it stands on record, and how it came to this.</summary>
/// <param name="Notification">The notification.</param>
/// <param name="Steps">The steps that did not go straight.</param>
public sealed record RecordedNotification(NotificationState Notification, IReadOnlyList<KeptStep> Steps);

/// <summary>A filter of notifications. What is null is no condition; all that is said must hold.</summary>
public sealed record NotificationFilter
{
    /// <summary>The application they belong to; null for all of them.</summary>
    public string? Application { get; init; }

    /// <summary>sending, held, delivered, partly-delivered, cancelled, expired or failed.</summary>
    public string? Status { get; init; }

    /// <summary>The recipient's id.</summary>
    public string? Recipient { get; init; }

    /// <summary>The category.</summary>
    public string? Category { get; init; }

    /// <summary>The version of the texts with which it was planned.</summary>
    public string? TemplateVersion { get; init; }

    /// <summary>The producer's name for the occurrence.</summary>
    public string? EventId { get; init; }

    /// <summary>A business key, by name and value.</summary>
    public KeyValuePair<string, string>? Key { get; init; }

    /// <summary>An address of its plan, in each form in which a channel may keep it; empty for all.</summary>
    public IReadOnlyList<string> Addresses { get; init; } = [];

    /// <summary>A channel of its plan, used or not.</summary>
    public string? Channel { get; init; }

    /// <summary>An account that was asked to send a delivery of it, and has answered or is not waited for any more.</summary>
    public string? Provider { get; init; }

    /// <summary>A provider's own id for a delivery of it.</summary>
    public string? ProviderMessageId { get; init; }

    /// <summary>Notifications that began then or later.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Notifications that began before.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Those that come after this place in the order; null for the first page.</summary>
    public NotificationCursor? After { get; init; }

    /// <summary>
    /// Who reads the list: what is decided by it has none, and is read from where it is written. A list for somebody may come from a
    /// replica, some seconds behind.
    /// </summary>
    public ListReader? Reader { get; init; }

    /// <summary>The most notifications to return.</summary>
    public required int Limit { get; init; }
}

/// <summary>Who reads a list.</summary>
public enum ListReader
{
    /// <summary>Whoever called the API.</summary>
    Caller,

    /// <summary>The console, whose statements have a limit.</summary>
    Console,
}

/// <summary>A place in the order of notifications: newest first, by id where two are equally old.</summary>
/// <param name="CreatedAt">When the last one of the page was created.</param>
/// <param name="Id">Its id.</param>
public sealed record NotificationCursor(DateTimeOffset CreatedAt, Guid Id);

/// <summary>One page of notifications.</summary>
/// <param name="Notifications">Newest first.</param>
/// <param name="Next">The place after which the next page begins; null on the last one.</param>
/// <param name="EndsEarly">True when the page ends because enough was looked at, and not because it is full.</param>
public sealed record FoundNotifications(IReadOnlyList<NotificationSummary> Notifications, NotificationCursor? Next, bool EndsEarly)
{
    /// <summary>The page of what was found, when one more than fits on it was looked for.</summary>
    public static FoundNotifications Page(IReadOnlyList<NotificationSummary> found, int limit) =>
        found.Count <= limit
            ? new FoundNotifications(found, Next: null, EndsEarly: false)
            : new FoundNotifications(
                [.. found.Take(limit)],
                new NotificationCursor(found[limit - 1].CreatedAt, found[limit - 1].Id),
                EndsEarly: false
            );
}

/// <summary>One line of a list of notifications.</summary>
public sealed record NotificationSummary
{
    /// <summary>The notification.</summary>
    public required Guid Id { get; init; }

    /// <summary>The application it belongs to.</summary>
    public required string Application { get; init; }

    /// <summary>sending, held, delivered, partly-delivered, cancelled, expired or failed.</summary>
    public required string Status { get; init; }

    /// <summary>The reason why it failed or was cancelled, wholly or in part.</summary>
    public string? Reason { get; init; }

    /// <summary>The event, such as <c>order-placed</c>.</summary>
    public required string Event { get; init; }

    /// <summary>The producer's name for the occurrence.</summary>
    public string? EventId { get; init; }

    /// <summary>The category, whose templates and rules applied.</summary>
    public required string Category { get; init; }

    /// <summary>The recipient's id in the publishing system.</summary>
    public required string Recipient { get; init; }

    /// <summary>The business keys; null when there are none.</summary>
    public IReadOnlyDictionary<string, string>? Keys { get; init; }

    /// <summary>The metadata its request gave; null when there is none.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>The channels of its plan, used or not.</summary>
    public required IReadOnlyList<string> Channels { get; init; }

    /// <summary>The time at which the event was taken.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The time at which the last delivery was settled.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>The line of a notification.</summary>
    public static NotificationSummary Of(NotificationState notification)
    {
        var reason = notification.FailureReason();
        return new NotificationSummary
        {
            Id = notification.CorrelationId,
            Application = notification.Application,
            Status = NotificationView.StatusOf(notification.CurrentState),
            Reason = reason.Length > 0 ? reason : null,
            Event = notification.EventName,
            EventId = notification.EventId,
            Category = notification.Category,
            Recipient = notification.Recipient.Id,
            Keys = notification.Keys.Count > 0 ? notification.Keys : null,
            Metadata = Model.Metadata.OrNull(notification.Metadata),
            Channels = ChannelsOf(notification),
            CreatedAt = notification.CreatedAt,
            CompletedAt = notification.CompletedAt,
        };
    }

    /// <summary>The channels of a notification's plan, each once, sorted.</summary>
    public static IReadOnlyList<string> ChannelsOf(NotificationState notification) =>
        [.. notification.Deliveries.Select(delivery => delivery.Channel).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
}
