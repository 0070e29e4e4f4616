using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Providers;

namespace NotificationBus.Repairs;

/// <summary>
/// Judges whether another notification may be begun in the place of one, and what that would send. The plan asks, and the run asks once
/// more for each: between the two anything may have happened.
/// </summary>
public sealed class RepairJudgement(
    INotificationStore store,
    IRepairs repairs,
    IWithdrawals withdrawals,
    IAttemptLedger ledger,
    RepairForecast forecast,
    TimeProvider clock
)
{
    const int LongestDetail = 300;

    /// <summary>Judges one notification.</summary>
    /// <param name="notification">The notification as it stands.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The item of a plan: to be begun, or left out.</returns>
    public async Task<RepairItem> Judge(NotificationState notification, CancellationToken cancellationToken)
    {
        var item = new RepairItem
        {
            NotificationId = notification.CorrelationId,
            BeganAt = notification.CreatedAt,
            Category = notification.Category,
            Cause = CauseOf(notification),
        };
        if (Standing(notification) is { } standing)
            return LeaveOut(item, standing);
        if (ErasedRecipient.Is(notification))
            return LeaveOut(item, RepairExclusion.Gone, "its recipient is erased");
        if (await WhyNothingMayBegin(notification, cancellationToken) is { } taken)
            return taken == RepairExclusion.RepairedBefore
                ? LeaveOut(item, taken) with
                {
                    RepairedBy = RepairRequests.IdOf(notification),
                }
                : LeaveOut(item, taken, "its business key was withdrawn");
        if (notification.ExpiresAt <= clock.GetUtcNow())
            return LeaveOut(item, RepairExclusion.Expired);

        foreach (var delivery in notification.Deliveries)
        {
            var again = RepairRequests.IdOf(notification, delivery);
            if (await store.Load(again, cancellationToken) is not null)
                return LeaveOut(item, RepairExclusion.RepairedBefore, $"{delivery.Channel}: it was sent again by itself") with
                {
                    RepairedBy = again,
                };

            var attempts = await ledger.AttemptsOf(notification.CorrelationId, delivery.Id, cancellationToken);
            if (MayHaveReached(delivery, attempts) is { } reached)
                return LeaveOut(
                    item,
                    reached,
                    $"{delivery.Channel}: a provider {(reached == RepairExclusion.Reached ? "has" : "may have")} it"
                );
        }

        return await forecast.Of(item, notification, cancellationToken);
    }

    /// <summary>
    /// Returns why nothing may be begun in the place of one, nor of any of its deliveries: <see cref="RepairExclusion.RepairedBefore"/> or
    /// <see cref="RepairExclusion.Withdrawn"/>; null when it may.
    /// </summary>
    /// <param name="notification">The notification as it stands.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<RepairExclusion?> WhyNothingMayBegin(NotificationState notification, CancellationToken cancellationToken)
    {
        if ((await repairs.RepairedAmong([notification.CorrelationId], cancellationToken)).Count > 0)
            return RepairExclusion.RepairedBefore;
        return (await withdrawals.WouldBeWithdrawn([notification], cancellationToken)).Count > 0 ? RepairExclusion.Withdrawn : null;
    }

    /// <summary>The reason not to begin another one that the ledger gives; null when it gives none.</summary>
    public static RepairExclusion? MayHaveReached(DeliveryState delivery, IReadOnlyList<DeliveryAttempt> attempts)
    {
        // What came back was taken, and has reached nobody.
        if (delivery.BouncedAt is null && attempts.Any(attempt => attempt.Status == AttemptStatus.Accepted))
            return RepairExclusion.Reached;
        // Somebody has found out, and has said that it was not sent.
        if (delivery.Code == ReasonCode.DecidedFailed)
            return null;
        return attempts.Any(attempt => attempt.MayHaveBeenSent || attempt.Status == AttemptStatus.Started) ? RepairExclusion.InDoubt : null;
    }

    /// <summary>An item that is left out.</summary>
    public static RepairItem LeaveOut(RepairItem item, RepairExclusion why, string? detail = null) =>
        item with
        {
            Status = RepairItemStatus.LeftOut,
            LeftOut = why,
            Detail = detail?.Length > LongestDetail ? detail[..LongestDetail] : detail,
            Channels = [],
            Cost = null,
        };

    static RepairExclusion? Standing(NotificationState notification) =>
        notification.Deliveries.Any(delivery => delivery.Status == DeliveryStatus.Held) ? RepairExclusion.InDoubt
        : notification.Deliveries.Any(delivery => delivery.IsSent()) ? RepairExclusion.Reached
        : notification.CompletedAt is null ? RepairExclusion.UnderWay
        : notification.Deliveries.Any(delivery => delivery.Status == DeliveryStatus.Cancelled) ? RepairExclusion.Withdrawn
        : notification.Deliveries.Any(delivery => delivery.Status == DeliveryStatus.Expired) ? RepairExclusion.Expired
        : null;

    /// <summary>What was tried last says most; what was tried nowhere was not planned.</summary>
    static RepairCause CauseOf(NotificationState notification)
    {
        if (notification.FailureCode() is not { } code)
            return RepairCause.None;

        var last = notification.Deliveries.LastOrDefault(NotificationProgressReader.NotSent);
        return new RepairCause(code, last?.Channel ?? (notification.LeftOut is [var left, ..] ? left.Channel : null), last?.Provider);
    }
}
