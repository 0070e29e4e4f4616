using NotificationBus.Notifications;

namespace NotificationBus.Host.Http;

/// <summary>One page of notifications.</summary>
/// <param name="Notifications">Newest first.</param>
/// <param name="Next">Where the next page is; null on the last one.</param>
/// <param name="SearchedBackTo">
/// The time down to which the record was searched, when the page ends because enough was looked at and not because it is full; it may be
/// empty then. Null otherwise.
/// </param>
public sealed record NotificationPage(IReadOnlyList<NotificationSummary> Notifications, string? Next, DateTimeOffset? SearchedBackTo);
