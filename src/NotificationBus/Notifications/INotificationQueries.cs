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

    /// <summary>Those of the given notifications that have an outcome.</summary>
    Task<IReadOnlySet<Guid>> Concluded(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken);

    /// <summary>Notifications that fit the filter, newest first, one page.</summary>
    Task<IReadOnlyList<NotificationSummary>> Search(NotificationFilter filter, CancellationToken cancellationToken);
}

/// <summary>A filter of notifications.</summary>
public sealed record NotificationFilter
{
    /// <summary>sending, held, delivered, partly-delivered, cancelled, expired or failed; null for all.</summary>
    public string? Status { get; init; }

    /// <summary>The recipient's id; null for all.</summary>
    public string? Recipient { get; init; }

    /// <summary>The category; null for all.</summary>
    public string? Category { get; init; }

    /// <summary>Those that come after this place in the order; null for the first page.</summary>
    public NotificationCursor? After { get; init; }

    /// <summary>The most notifications to return.</summary>
    public required int Limit { get; init; }
}

/// <summary>A place in the order of notifications: newest first, by id where two are equally old.</summary>
/// <param name="CreatedAt">When the last one of the page was created.</param>
/// <param name="Id">Its id.</param>
public sealed record NotificationCursor(DateTimeOffset CreatedAt, Guid Id);

/// <summary>One line of a list of notifications.</summary>
public sealed record NotificationSummary
{
    /// <summary>The notification.</summary>
    public required Guid Id { get; init; }

    /// <summary>sending, held, delivered, partly-delivered, cancelled, expired or failed.</summary>
    public required string Status { get; init; }

    /// <summary>The event, such as <c>order-placed</c>.</summary>
    public required string Event { get; init; }

    /// <summary>The category, whose templates and rules applied.</summary>
    public required string Category { get; init; }

    /// <summary>The recipient's id in the publishing system.</summary>
    public required string Recipient { get; init; }

    /// <summary>The time at which the event was taken.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The time at which the last delivery was settled.</summary>
    public DateTimeOffset? CompletedAt { get; init; }
}
