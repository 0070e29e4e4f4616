using NotificationBus.Notifications;

namespace NotificationBus.Host.Http;

/// <summary>One page of notifications.</summary>
/// <param name="Notifications">Newest first.</param>
/// <param name="Next">Where the next page is; null on the last one.</param>
public sealed record NotificationPage(IReadOnlyList<NotificationSummary> Notifications, string? Next);
