using NotificationBus.Status;

namespace NotificationBus.Notifications;

/// <summary>Notifications that wait for an operator's decision.</summary>
sealed class HeldNotifications(IHeldDeliveries held) : IProblemSource
{
    public async Task<IReadOnlyList<Problem>> Find(CancellationToken cancellationToken) =>
        await held.Count(cancellationToken) is > 0 and var count
            ?
            [
                new Problem
                {
                    Code = "notifications-held",
                    Detail =
                        $"{count} may or may not have been sent, and wait for a decision; POST /v1/decisions with "
                        + "\"preview\": true says why",
                },
            ]
            : [];
}
