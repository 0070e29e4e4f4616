using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.Outgoing;
using NotificationBus.Receipts;
using NotificationBus.Saga;
using NotificationBus.Sending;

namespace NotificationBus.Tests.Messaging;

/// <summary>
/// What waits in a queue, what is kept for later, what was set aside and what hosts of another version send is known by these names. A type
/// may move within the code; its name on the wire does not.
/// </summary>
public sealed class The_names_on_the_wire
{
    public static TheoryData<Type, string> Own =>
        new()
        {
            { typeof(CancelNotification), "NotificationBus.Contracts:CancelNotification" },
            { typeof(DecideDelivery), "NotificationBus.Contracts:DecideDelivery" },
            { typeof(DeliveriesStopped), "NotificationBus.Saga:DeliveriesStopped" },
            { typeof(DeliveryCancelled), "NotificationBus.Contracts:DeliveryCancelled" },
            { typeof(DeliveryExpired), "NotificationBus.Contracts:DeliveryExpired" },
            { typeof(DeliveryFailed), "NotificationBus.Contracts:DeliveryFailed" },
            { typeof(DeliveryHeld), "NotificationBus.Contracts:DeliveryHeld" },
            { typeof(DeliveryReceiptReceived), "NotificationBus.Receipts:DeliveryReceiptReceived" },
            { typeof(DeliveryResults), "NotificationBus.Sending:DeliveryResults" },
            { typeof(DeliverySent), "NotificationBus.Contracts:DeliverySent" },
            { typeof(EscalationDue), "NotificationBus.Saga:EscalationDue" },
            { typeof(LocateReceipt), "NotificationBus.Receipts:LocateReceipt" },
            { typeof(ResumeNotification), "NotificationBus.Saga:ResumeNotification" },
            { typeof(SendDeliveries), "NotificationBus.Sending:SendDeliveries" },
            { typeof(SendDelivery), "NotificationBus.Contracts:SendDelivery" },
        };

    [Theory]
    [MemberData(nameof(Own))]
    public void Should_be_what_they_always_were(Type type, string name)
    {
        MessageUrn.ForTypeString(type).ShouldBe($"urn:message:{name}");
        // The exchange of a type is called by its entity name, which by default is that of the URN.
        (
            type.GetCustomAttributes(typeof(EntityNameAttribute), false).Cast<EntityNameAttribute>().SingleOrDefault()?.EntityName
            ?? $"{type.Namespace}:{type.Name}"
        ).ShouldBe(name);
    }

    [Fact]
    public void Should_be_those_of_the_contracts_for_everything_a_service_publishes_or_hears() =>
        typeof(OrderPlaced).Assembly.GetExportedTypes().ShouldAllBe(type => type.Namespace == "NotificationBus.Contracts");
}
