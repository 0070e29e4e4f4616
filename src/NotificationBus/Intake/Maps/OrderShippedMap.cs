using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Model;

namespace NotificationBus.Intake.Maps;

/// <summary>Purchased items were shipped: tell the buyer.</summary>
public sealed class OrderShippedMap : EventMap<OrderShipped>
{
    /// <inheritdoc />
    public override string Name => "order-shipped";

    /// <inheritdoc />
    public override string RecipientProperty => "buyer";

    /// <inheritdoc />
    public override string? EventId(OrderShipped happened) => happened.EventId;

    /// <inheritdoc />
    public override Contact Recipient(OrderShipped happened) => happened.Buyer;

    /// <inheritdoc />
    protected override IReadOnlyDictionary<string, string> Keys(OrderShipped happened) => BusinessKeys.Of("order", happened.OrderId);

    /// <inheritdoc />
    protected override OrderShipped Tidy(OrderShipped happened, Decoration decoration) =>
        happened with
        {
            Product = decoration.OneLine("product", happened.Product),
            Carrier = decoration.Line("carrier", happened.Carrier, TextLengths.Of("carrier")),
            TrackingNumber = decoration.WholeLine("trackingNumber", happened.TrackingNumber, TextLengths.Of("trackingNumber")),
        };

    /// <inheritdoc />
    protected override JsonElement Variables(OrderShipped happened) =>
        TemplateVariables.Of(
            new
            {
                happened.OrderId,
                happened.Product,
                happened.Carrier,
                happened.TrackingNumber,
            }
        );

    /// <inheritdoc />
    protected override IEnumerable<Breach> Breaches(OrderShipped happened) =>
        [.. EventRules.Text("orderId", happened.OrderId), .. EventRules.Text("product", happened.Product)];
}
