using NotificationBus.Contracts;

namespace NotificationBus.Model;

/// <summary>The reasons of what was not sent, in one word each, and the decisions that led there.</summary>
public static class DeliveryReasons
{
    // A delivery that waits for days says the same again and again, or two things in turn.
    const int MostDecisions = 12;

    static readonly string[] Unreachable = [ReasonCode.NoAddress, ReasonCode.Suppressed];

    /// <summary>
    /// The one reason why a delivery was not sent and will not be; null when it was sent, or nobody knows yet.
    /// </summary>
    public static string? FinalCode(this DeliveryState delivery) =>
        !delivery.IsSettled() || delivery.IsSent()
            ? null
            : delivery.Code
                ?? delivery.Status switch
                {
                    DeliveryStatus.Expired => ReasonCode.Expired,
                    DeliveryStatus.Cancelled => ReasonCode.Cancelled,
                    DeliveryStatus.NotNeeded => ReasonCode.NotNeeded,
                    _ => delivery.BouncedAt is null ? ReasonCode.NotRecorded : ReasonCode.Bounced,
                };

    /// <summary>
    /// The reason why a notification has failed, wholly or in part, in one word; null when it has not, or not yet. That nobody could be
    /// reached for want of an address is told apart: it is no failure of anything here.
    /// </summary>
    public static string? FailureCode(this NotificationState notification)
    {
        if (notification.CompletedAt is null || notification.Deliveries.Any(NotificationProgressReader.IsSent))
        {
            // What was sent makes the rest of one plan superfluous, and not of another.
            var isPartly = notification.CompletedAt is not null && notification.Progress() == NotificationProgress.PartlyDelivered;
            return isPartly ? One(notification.FailedDeliveries().Select(delivery => delivery.FinalCode()!)) : null;
        }

        var failed = notification.FailedDeliveries().Select(delivery => delivery.FinalCode()!).ToList();
        var leftOut = notification.LeftOut.Select(left => left.Code ?? ReasonCode.NotRecorded).ToList();
        if (failed.Count + leftOut.Count == 0)
            return notification.Refusal is null ? null : ReasonCode.NoChannel;

        // What was tried says more than what could not be.
        return failed.Concat(leftOut).All(Unreachable.Contains) ? ReasonCode.Unreachable : One(failed) ?? One(leftOut);
    }

    /// <summary>The reason why a call has failed, in one word.</summary>
    public static string CodeOf(AttemptStatus failed) =>
        failed switch
        {
            AttemptStatus.Throttled => ReasonCode.Throttled,
            AttemptStatus.Misconfigured => ReasonCode.Misconfigured,
            AttemptStatus.InDoubt or AttemptStatus.Repeatable => ReasonCode.InDoubt,
            AttemptStatus.Declined => ReasonCode.Declined,
            AttemptStatus.Rejected => ReasonCode.Rejected,
            _ => ReasonCode.Unavailable,
        };

    /// <summary>Adds a decision; one that says the same as the last extends that.</summary>
    public static IReadOnlyList<DeliveryDecision> Noting(this IReadOnlyList<DeliveryDecision>? earlier, DeliveryDecision next)
    {
        if (earlier is not { Count: > 0 })
            return [next];

        if (earlier[^1] is var last && last.Code == next.Code && last.Provider == next.Provider)
            return [.. earlier.SkipLast(1), next with { At = last.At, Times = last.Times + next.Times }];

        // Since when it waits, and for what it did last, say the most.
        return earlier.Count < MostDecisions ? [.. earlier, next] : [earlier[0], .. earlier.Skip(2), next];
    }

    /// <summary>Adds all decisions of a later command of the same delivery.</summary>
    public static IReadOnlyList<DeliveryDecision>? Noting(
        this IReadOnlyList<DeliveryDecision>? earlier,
        IReadOnlyList<DeliveryDecision>? next
    ) => earlier is null || next is null ? earlier ?? next : next.Aggregate(earlier, (all, one) => all.Noting(one));

    static IEnumerable<DeliveryState> FailedDeliveries(this NotificationState notification) =>
        notification.Deliveries.Where(NotificationProgressReader.NotSent);

    static string? One(IEnumerable<string> codes) =>
        codes.Distinct(StringComparer.Ordinal).Take(2).ToList() is { Count: > 0 } some
            ? some.Count == 1
                ? some[0]
                : ReasonCode.Several
            : null;
}
