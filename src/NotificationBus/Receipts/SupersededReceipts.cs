using Microsoft.Extensions.Logging;
using NotificationBus.Model;
using NotificationBus.Planning;
using NotificationBus.Providers;

namespace NotificationBus.Receipts;

/// <summary>
/// Tells when a vendor gave up a delivery that somebody else may have sent after it, or will: what that one reports counts. A bounce is
/// about the address, whoever has sent.
/// </summary>
public sealed partial class SupersededReceipts(
    IAttemptLedger ledger,
    ChannelSet channels,
    ProviderChains chains,
    PlanningRules planning,
    ILogger<SupersededReceipts> log
)
{
    /// <summary>True when the receipt says nothing of the delivery any more.</summary>
    internal async Task<bool> Contains(LocatedDelivery located, string provider, Receipt receipt, CancellationToken cancellationToken)
    {
        if (receipt.Kind != ReceiptKind.Undelivered)
            return false;

        var (notification, delivery, attempt) = located;
        var attempts = await ledger.AttemptsOf(attempt.NotificationId, attempt.DeliveryId, cancellationToken);
        if (!IsSuperseded(receipt, attempt, attempts) && !OthersAreToBeAsked(notification, delivery, provider, attempts))
            return false;

        Superseded(provider, delivery.Id, notification.CorrelationId, attempt.Number, receipt.Reason);
        return true;
    }

    /// <summary>True when a later call of the same delivery has sent it, or may yet.</summary>
    static bool IsSuperseded(Receipt receipt, DeliveryAttempt attempt, IReadOnlyList<DeliveryAttempt> attempts) =>
        IsOfAnEarlierCall(receipt, attempt) || attempts.Any(later => later.Number > attempt.Number && MayHaveSent(later));

    static bool MayHaveSent(DeliveryAttempt attempt) =>
        attempt.Status is AttemptStatus.Started or AttemptStatus.Accepted || attempt.MayHaveBeenSent;

    /// <summary>
    /// True when the account was asked again, and took the delivery under another id: by our id the ledger finds its last call.
    /// </summary>
    static bool IsOfAnEarlierCall(Receipt receipt, DeliveryAttempt last) =>
        last is { Number: > 1, Status: AttemptStatus.Accepted }
        && receipt.ProviderMessageId is { Length: > 0 } reported
        && last.ProviderMessageId is { Length: > 0 } taken
        && reported != taken;

    /// <summary>
    /// True when the delivery is put off, or on its way, until a provider can take it that certainly has not had it. The result of that
    /// counts.
    /// </summary>
    bool OthersAreToBeAsked(
        NotificationState notification,
        DeliveryState delivery,
        string provider,
        IReadOnlyList<DeliveryAttempt> attempts
    )
    {
        if (
            delivery.Status != DeliveryStatus.Sending
            || channels.Find(delivery.Channel) is not { } channel
            || attempts.Any(attempt => attempt.Status is AttemptStatus.Accepted or AttemptStatus.Rejected)
        )
        {
            return false;
        }

        // None was accepted, or the result would be known.
        var mayHaveIt = attempts.Where(MayHaveSent).Select(attempt => attempt.Provider);
        var command = planning.CommandFor(notification, delivery);
        return chains.Of(channel.Name).Routes.Of(channel, command).Except([provider, .. mayHaveIt], StringComparer.Ordinal).Any();
    }

    [LoggerMessage(
        LogLevel.Information,
        "{Provider} reports that call {Number} of delivery {DeliveryId} of notification {NotificationId} did not arrive ({Reason}); "
            + "another call may have sent it, or will, and counts"
    )]
    partial void Superseded(string provider, Guid deliveryId, Guid notificationId, int number, string? reason);
}
