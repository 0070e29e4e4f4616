using NotificationBus.Contracts;

namespace NotificationBus.Intake.Maps;

/// <summary>An order was paid: nobody needs to be reminded of that any more.</summary>
public sealed class OrderPaidMap : WithdrawalMap<OrderPaid>
{
    /// <inheritdoc />
    public override string Name => "order-paid";

    /// <inheritdoc />
    public override string KeyName => "order";

    /// <inheritdoc />
    public override string KeyProperty => "orderId";

    /// <inheritdoc />
    public override string? EventId(OrderPaid happened) => happened.EventId;

    /// <inheritdoc />
    public override string? KeyValue(OrderPaid happened) => happened.OrderId;
}
