using NotificationBus.Contracts;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga;

public sealed class When_an_event_happens
{
    public static TheoryData<string, string, string[]> Events =>
        new()
        {
            { "chat-message-sent", "seller-42", ["email", "push"] },
            { "order-placed", "seller-42", ["email", "push"] },
            { "payment-reminder-due", "buyer-7", ["push"] },
            { "order-shipped", "buyer-7", ["push"] },
            { "notification-requested", "seller-42", ["push", "email"] },
        };

    [Theory]
    [MemberData(nameof(Events))]
    public async Task Should_reach_its_recipient_on_every_channel_configured_for_it(string name, string recipient, string[] channels)
    {
        await using var flow = await EmbeddedFlow.Start();

        var id = await Tell(flow, name);

        var notification = await flow.Outcome(id);
        (await flow.Saga.Exists(notification.CorrelationId, machine => machine.Delivered)).ShouldBe(notification.CorrelationId);
        notification.EventName.ShouldBe(name);
        notification.Recipient.Id.ShouldBe(recipient);
        notification.Deliveries.Select(delivery => delivery.Channel).ShouldBe(channels);
        notification.CreatedAt.ShouldBe(flow.Clock.GetUtcNow());
        flow.Email.Calls.Count.ShouldBe(channels.Contains("email") ? 1 : 0);
        flow.Push.Calls.Count.ShouldBe(1);
        flow.Wire.Faults.ShouldBeEmpty();

        var told = flow.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<NotificationDelivered>();
        told.EventName.ShouldBe(name);
        told.EventId.ShouldBe("event-1");
        told.RecipientId.ShouldBe(recipient);
        told.Channels.ShouldBe(channels);
    }

    static Task<Guid> Tell(EmbeddedFlow flow, string name) =>
        name switch
        {
            "chat-message-sent" => flow.Tell(A.ChatMessage(eventId: "event-1")),
            "order-placed" => flow.Tell(An.OrderPlaced(eventId: "event-1")),
            "payment-reminder-due" => flow.Tell(A.PaymentReminder(eventId: "event-1")),
            "order-shipped" => flow.Tell(An.OrderShipped(eventId: "event-1")),
            _ => flow.Tell(An.Announcement(eventId: "event-1")),
        };
}
