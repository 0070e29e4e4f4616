using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Model;

namespace NotificationBus.Intake.Maps;

/// <summary>A buyer purchased a product: tell the seller.</summary>
public sealed class OrderPlacedMap : EventMap<OrderPlaced>
{
    /// <inheritdoc />
    public override string Name => "order-placed";

    /// <inheritdoc />
    public override string RecipientProperty => "seller";

    /// <inheritdoc />
    public override string? EventId(OrderPlaced happened) => happened.EventId;

    /// <inheritdoc />
    public override Contact Recipient(OrderPlaced happened) => happened.Seller;

    /// <inheritdoc />
    protected override IReadOnlyDictionary<string, string> Keys(OrderPlaced happened) => BusinessKeys.Of("order", happened.OrderId);

    /// <inheritdoc />
    protected override OrderPlaced Tidy(OrderPlaced happened, Decoration decoration) =>
        happened with
        {
            Product = decoration.OneLine("product", happened.Product),
            Buyer = decoration.Person("buyer", happened.Buyer),
            Seller = decoration.Person("seller", happened.Seller),
        };

    /// <inheritdoc />
    protected override JsonElement Variables(OrderPlaced happened) =>
        TemplateVariables.Of(
            new
            {
                happened.OrderId,
                happened.Product,
                happened.Total,
                Buyer = new { happened.Buyer?.Name },
                Seller = new { happened.Seller.Name },
            }
        );

    /// <inheritdoc />
    protected override IEnumerable<Breach> Breaches(OrderPlaced happened) =>
        [
            .. EventRules.Text("orderId", happened.OrderId),
            .. EventRules.Text("product", happened.Product),
            .. EventRules.Money("total", happened.Total),
        ];
}
