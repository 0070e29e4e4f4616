using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Model;

namespace NotificationBus.Intake.Maps;

/// <summary>An order is still unpaid: remind the buyer.</summary>
public sealed class PaymentReminderDueMap : EventMap<PaymentReminderDue>
{
    /// <inheritdoc />
    public override string Name => "payment-reminder-due";

    /// <inheritdoc />
    public override string RecipientProperty => "buyer";

    /// <inheritdoc />
    public override string? EventId(PaymentReminderDue happened) => happened.EventId;

    /// <inheritdoc />
    public override Contact Recipient(PaymentReminderDue happened) => happened.Buyer;

    /// <inheritdoc />
    protected override IReadOnlyDictionary<string, string> Keys(PaymentReminderDue happened) => BusinessKeys.Of("order", happened.OrderId);

    /// <inheritdoc />
    protected override PaymentReminderDue Tidy(PaymentReminderDue happened, Decoration decoration) =>
        happened with
        {
            Product = decoration.OneLine("product", happened.Product),
        };

    /// <inheritdoc />
    protected override JsonElement Variables(PaymentReminderDue happened) =>
        TemplateVariables.Of(
            new
            {
                happened.OrderId,
                happened.Product,
                happened.Total,
            }
        );

    /// <inheritdoc />
    protected override IEnumerable<Breach> Breaches(PaymentReminderDue happened) =>
        [
            .. EventRules.Text("orderId", happened.OrderId),
            .. EventRules.Text("product", happened.Product),
            .. EventRules.Money("total", happened.Total),
        ];
}
