using MassTransit;

using Microsoft.Extensions.Logging;

using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Planning;
using NotificationBus.Providers;
using NotificationBus.Sending;
using NotificationBus.Templates;

namespace NotificationBus.Receipts;

/// <summary>
/// Finds the delivery a receipt is about, suppresses its address when the receipt says so, and hands the receipt to the saga. Each of
/// these may be done twice.
/// </summary>
public sealed partial class ReceiptConsumer(
    IAttemptLedger ledger,
    INotificationStore store,
    ISuppressions suppressions,
    ChannelSet channels,
    ProviderChains chains,
    PlanningRules planning,
    ITemplates templates,
    IBus bus,
    PublishLimit limit,
    TimeProvider clock,
    ILogger<ReceiptConsumer> log) : IConsumer<LocateReceipt>
{
    // A receipt may come before the answer of the call it is about is on record. What is not found by then was not sent by us:
    // others may use the same account of the vendor.
    static readonly TimeSpan[] LookAgainAfter = [TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10)];

    /// <inheritdoc />
    public async Task Consume(ConsumeContext<LocateReceipt> context)
    {
        var (provider, raw) = (context.Message.Provider, context.Message.Receipt);
        if (await Find(provider, raw, context.CancellationToken) is not (var notification, var delivery, var attempt))
        {
            await LookAgain(context);
            return;
        }

        var receipt = raw with { Reason = raw.Reason is { } words ? MaskingOf(notification, delivery).Excerpt(words) : null };

        if (WhyNotToUse(receipt) is { } reason)
            await Suppress(delivery, notification.Category, provider, receipt, reason, context.CancellationToken);

        // It gave up the delivery, which somebody else may have sent after it, or will. A bounce is about the address, whoever has sent.
        if (receipt.Kind == ReceiptKind.Undelivered)
        {
            var attempts = await ledger.AttemptsOf(attempt.NotificationId, attempt.DeliveryId, context.CancellationToken);
            if (IsSuperseded(receipt, attempt, attempts) || OthersAreToBeAsked(notification, delivery, provider, attempts))
            {
                Superseded(provider, delivery.Id, attempt.Number, receipt.Reason);
                return;
            }
        }

        var saga = await bus.GetSendEndpoint(SagaEndpoint.Of(planning.RuleOf(notification.Category).Lane));
        await limit.Await(saga.Send(
            Report(notification, delivery, provider, receipt),
            send => send.MessageId = DeterministicId.From("delivery-receipt", provider, receipt.Id, $"{receipt.Kind}"),
            CancellationToken.None));
    }

    /// <summary>
    /// The address of the delivery is not used again, unless the receipt is about another one: a vendor that has misread the address
    /// reports of somebody who does not exist.
    /// </summary>
    async Task Suppress(DeliveryState delivery, string category, string provider, Receipt receipt, string reason, CancellationToken cancellationToken)
    {
        var channel = channels.Find(delivery.Channel);
        var address = Canonical(delivery.Address);
        if (receipt.Addresses.Count > 0 && !receipt.Addresses.Any(named => Canonical(named) == address))
        {
            OfSomebodyElse(provider, receipt.Kind, delivery.Id);
            return;
        }

        // Who leaves announcements goes on getting orders; who calls one spam, or cannot be reached, gets nothing more there.
        var ofCategory = receipt.Kind == ReceiptKind.Unsubscribed ? category : null;
        await suppressions.Add(new Suppression(delivery.Channel, address, ofCategory, reason, provider), cancellationToken);

        string Canonical(string written) => channel?.Canonical(written) ?? written;
    }

    /// <summary>Only what this account was asked to send: no vendor can report of another's deliveries.</summary>
    async Task<(NotificationState Notification, DeliveryState Delivery, DeliveryAttempt Attempt)?> Find(string provider, Receipt receipt, CancellationToken cancellationToken)
    {
        var attempt = receipt.DeliveryId is { } deliveryId ? await ledger.FindByDelivery(provider, deliveryId, cancellationToken) : null;
        if (attempt is null && !string.IsNullOrEmpty(receipt.ProviderMessageId))
            attempt = await ledger.FindByMessage(provider, receipt.ProviderMessageId, cancellationToken);
        if (attempt is null || await store.Load(attempt.NotificationId, cancellationToken) is not { } notification)
            return null;

        return notification.Deliveries.FirstOrDefault(delivery => delivery.Id == attempt.DeliveryId) is { } delivery ? (notification, delivery, attempt) : null;
    }

    /// <summary>
    /// True when the account was asked again, and took the delivery under another id: by our id the ledger finds its last call.
    /// </summary>
    static bool IsOfAnEarlierCall(Receipt receipt, DeliveryAttempt last) =>
        last is { Number: > 1, Status: AttemptStatus.Accepted } && receipt.ProviderMessageId is { Length: > 0 } reported && last.ProviderMessageId is { Length: > 0 } taken && reported != taken;

    /// <summary>True when a later call of the same delivery has sent it, or may yet.</summary>
    static bool IsSuperseded(Receipt receipt, DeliveryAttempt attempt, IReadOnlyList<DeliveryAttempt> attempts) => IsOfAnEarlierCall(receipt, attempt)
        || attempts.Any(later => later.Number > attempt.Number && (later.Status is AttemptStatus.Started or AttemptStatus.Accepted || later.MayHaveBeenSent));

    /// <summary>
    /// True when the delivery is put off, or on its way, until a provider can take it that certainly has not had it. The result of that
    /// counts.
    /// </summary>
    bool OthersAreToBeAsked(NotificationState notification, DeliveryState delivery, string provider, IReadOnlyList<DeliveryAttempt> attempts)
    {
        if (delivery.Status != DeliveryStatus.Sending || channels.Find(delivery.Channel) is not { } channel || attempts.Any(attempt => attempt.Status is AttemptStatus.Accepted or AttemptStatus.Rejected))
            return false;

        var mayHaveIt = attempts.Where(attempt => attempt.Status == AttemptStatus.Started || attempt.MayHaveBeenSent).Select(attempt => attempt.Provider);
        return chains.Of(channel.Name).Routes.Of(channel, planning.CommandFor(notification, delivery)).Except([provider, .. mayHaveIt], StringComparer.Ordinal).Any();
    }

    async Task LookAgain(ConsumeContext<LocateReceipt> context)
    {
        var command = context.Message;
        if (command.Tries == LookAgainAfter.Length)
        {
            Ignored(command.Provider, command.Receipt.Kind);
            return;
        }

        var due = clock.GetUtcNow() + LookAgainAfter[command.Tries];
        await context.ScheduleSend(ReceiptEndpoint.Address, due.UtcDateTime, command with { Tries = command.Tries + 1 }, context.CancellationToken);
    }

    /// <summary>
    /// Hides the recipient, and what the recipient was told as far as it is known: the template may be another one by now, and then the
    /// event's own data still has what matters, such as a one-time code.
    /// </summary>
    Masking MaskingOf(NotificationState notification, DeliveryState delivery) => Masking.Of(
        delivery.Address,
        notification.Recipient.Name,
        TextsOf(notification, delivery).Concat(JsonText.Within(notification.Data)),
        JsonText.Within(notification.Data));

    IEnumerable<string> TextsOf(NotificationState notification, DeliveryState delivery)
    {
        if (channels.Find(delivery.Channel) is not { } channel)
            return [];

        try
        {
            var recipient = notification.Recipient;
            return templates.Render(notification.Category, channel, recipient.Locale, recipient.Name, notification.Data).Texts;
        }
        catch (TemplateException)
        {
            return [];
        }
    }

    static string? WhyNotToUse(Receipt receipt) => receipt.Kind switch
    {
        ReceiptKind.HardBounce => receipt.Reason is { } reason ? $"bounced: {reason}" : "bounced",
        ReceiptKind.Complained => "the recipient called it spam",
        ReceiptKind.Unsubscribed or ReceiptKind.OptedOut => "the recipient wants no more of it",
        _ => null,
    };

    static DeliveryReceiptReceived Report(NotificationState notification, DeliveryState delivery, string provider, Receipt receipt) => new()
    {
        NotificationId = notification.CorrelationId,
        DeliveryId = delivery.Id,
        Provider = provider,
        ProviderMessageId = receipt.ProviderMessageId,
        Kind = receipt.Kind,
        At = receipt.At,
        Reason = receipt.Reason,
    };

    [LoggerMessage(LogLevel.Information, "{Provider} reports that call {Number} of delivery {DeliveryId} did not arrive ({Reason}); another call may have sent it, or will, and counts")]
    partial void Superseded(string provider, Guid deliveryId, int number, string? reason);

    [LoggerMessage(LogLevel.Warning, "{Provider} reports {Kind} of delivery {DeliveryId} for another address than it was sent to; no address is suppressed")]
    partial void OfSomebodyElse(string provider, ReceiptKind kind, Guid deliveryId);

    [LoggerMessage(LogLevel.Information, "{Provider} reports {Kind} of a delivery that is not on record; the receipt is ignored")]
    partial void Ignored(string provider, ReceiptKind kind);
}
