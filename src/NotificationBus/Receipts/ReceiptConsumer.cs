using MassTransit;
using Microsoft.Extensions.Logging;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Telemetry;

namespace NotificationBus.Receipts;

/// <summary>
/// Finds the delivery a receipt is about, suppresses its address when the receipt says so, and hands the receipt to the saga. Each of
/// these may be done twice.
/// </summary>
public sealed partial class ReceiptConsumer(
    ReceiptLocator locator,
    ReceiptMasking masking,
    ReceiptSuppression suppression,
    SupersededReceipts superseded,
    ReceiptReporter reporter,
    ReceiptTiming timing,
    ILogger<ReceiptConsumer> log
) : IConsumer<LocateReceipt>
{
    // A receipt may come before the answer of the call it is about is on record. What is not found by then was not sent by us:
    // others may use the same account of the vendor.
    static readonly TimeSpan[] LookAgainAfter = [TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10)];

    /// <inheritdoc />
    public async Task Consume(ConsumeContext<LocateReceipt> context)
    {
        var provider = context.Message.Provider;
        if (await locator.Find(provider, context.Message.Receipt, context.CancellationToken) is not { } located)
        {
            await LookAgain(context);
            return;
        }

        if (suppression.IsOfCopy(located, context.Message.Receipt))
        {
            OfCopy(provider, context.Message.Receipt.Kind, located.Delivery.Id, located.Notification.CorrelationId);
            return;
        }

        using var span = FlowTracing.Report(
            located.Delivery.Channel,
            provider,
            Label<ReceiptKind>.Of(context.Message.Receipt.Kind),
            located.Attempt.TraceParent
        );
        var receipt = await masking.Mask(context.Message.Receipt, located, context.CancellationToken);
        await suppression.Consider(located, provider, receipt, context.CancellationToken);
        if (await superseded.Contains(located, provider, receipt, context.CancellationToken))
            return;

        await reporter.Report(located, provider, receipt, context.Message.ClickIsSettled);
        if (IsDecisive(located, receipt) && !context.Message.ClickIsSettled)
            await ReportAgain(context);
    }

    /// <summary>True when nothing but the click keeps the next channel from being tried.</summary>
    static bool IsDecisive(LocatedDelivery located, Receipt receipt) =>
        receipt.Click is not null && located.Notification is { EscalateUnless: DeliveryProof.Read, CompletedAt: null };

    async Task ReportAgain(ConsumeContext<LocateReceipt> context) =>
        await context.ScheduleSend(
            ReceiptEndpoint.Address,
            timing.ClickIsSettledAt().UtcDateTime,
            context.Message with
            {
                ClickIsSettled = true,
            },
            context.CancellationToken
        );

    async Task LookAgain(ConsumeContext<LocateReceipt> context)
    {
        var command = context.Message;
        if (command.Tries == LookAgainAfter.Length)
        {
            Ignored(command.Provider, command.Receipt.Kind);
            return;
        }

        var due = timing.After(LookAgainAfter[command.Tries]);
        await context.ScheduleSend(
            ReceiptEndpoint.Address,
            due.UtcDateTime,
            command with
            {
                Tries = command.Tries + 1,
            },
            context.CancellationToken
        );
    }

    [LoggerMessage(
        LogLevel.Information,
        "{Provider} reports {Kind} of a copy (cc) of delivery {DeliveryId} of notification {NotificationId}; the receipt is ignored"
    )]
    partial void OfCopy(string provider, ReceiptKind kind, Guid deliveryId, Guid notificationId);

    [LoggerMessage(LogLevel.Information, "{Provider} reports {Kind} of a delivery that is not on record; the receipt is ignored")]
    partial void Ignored(string provider, ReceiptKind kind);
}
