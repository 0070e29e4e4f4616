using MassTransit;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Planning;

namespace NotificationBus.Receipts;

/// <summary>Hands receipts to the saga.</summary>
public sealed class ReceiptReporter(IBus bus, PublishLimit limit, PlanningRules planning)
{
    /// <summary>Reports under an id that is the same when the receipt comes again.</summary>
    /// <exception cref="BrokerUnavailableException">The broker did not confirm in time. It may have arrived all the same.</exception>
    internal async Task Report(LocatedDelivery located, string provider, Receipt receipt, bool clickIsSettled)
    {
        var saga = await bus.GetSendEndpoint(SagaEndpoint.Of(planning.RuleOf(located.Notification.Category).Lane));
        await limit.Await(
            saga.Send(
                MessageOf(located, provider, receipt, clickIsSettled),
                send =>
                    send.MessageId = DeterministicId.From(
                        clickIsSettled ? "settled-click" : "delivery-receipt",
                        provider,
                        receipt.Id,
                        $"{receipt.Kind}"
                    ),
                CancellationToken.None
            )
        );
    }

    static DeliveryReceiptReceived MessageOf(LocatedDelivery located, string provider, Receipt receipt, bool clickIsSettled) =>
        new()
        {
            NotificationId = located.Notification.CorrelationId,
            DeliveryId = located.Delivery.Id,
            Provider = provider,
            ProviderMessageId = receipt.ProviderMessageId,
            Kind = receipt.Kind,
            At = receipt.At,
            Click = receipt.Click,
            ClickIsSettled = clickIsSettled,
            Reason = receipt.Reason,
        };
}
