using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Intake.Maps;
using NotificationBus.Model;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Intake;

public sealed class When_an_event_is_read
{
    static readonly Guid MessageId = Guid.Parse("33333333-3333-3333-3333-333333333333");

    [Fact]
    public void Should_tell_the_seller_of_a_chat_message() =>
        ShouldRead(
            new ChatMessageSentMap(),
            A.ChatMessage(eventId: "e"),
            "chat-message-sent",
            "seller",
            A.Seller,
            """{"conversationId":"C-77","text":"Is it still available?","product":"Blue ceramic bowl","buyer":"""
                + """{"name":"Nok"},"seller":{"name":"Som"}}"""
        );

    [Fact]
    public void Should_tell_the_seller_of_an_order() =>
        ShouldRead(
            new OrderPlacedMap(),
            An.OrderPlaced(eventId: "e"),
            "order-placed",
            "seller",
            A.Seller,
            """{"orderId":"4711","product":"Blue ceramic bowl","total":{"amount":590,"currency":"THB"},"buyer":"""
                + """{"name":"Nok"},"seller":{"name":"Som"}}"""
        );

    [Fact]
    public void Should_remind_the_buyer_to_pay() =>
        ShouldRead(
            new PaymentReminderDueMap(),
            A.PaymentReminder(eventId: "e"),
            "payment-reminder-due",
            "buyer",
            A.Buyer,
            """{"orderId":"4711","product":"Blue ceramic bowl","total":{"amount":590,"currency":"THB"}}"""
        );

    [Fact]
    public void Should_tell_the_buyer_that_it_was_shipped() =>
        ShouldRead(
            new OrderShippedMap(),
            An.OrderShipped(eventId: "e"),
            "order-shipped",
            "buyer",
            A.Buyer,
            """{"orderId":"4711","product":"Blue ceramic bowl","carrier":"Thailand Post","trackingNumber":"EX123456789TH"}"""
        );

    [Fact]
    public void Should_do_as_the_producer_asks_in_a_general_request()
    {
        var request = ShouldRead(
            new NotificationRequestedMap(),
            An.Announcement(eventId: "e", channels: ["email"]),
            "notification-requested",
            "recipient",
            A.Seller,
            """{"title":"New opening hours","text":"We are open on Sunday."}""",
            category: "announcement"
        );

        request.Channels.ShouldBe(["email"]);
    }

    [Fact]
    public void Should_leave_out_what_is_null()
    {
        var happened = An.OrderShipped(A.Buyer with { Name = null }) with { Carrier = null, TrackingNumber = null };

        new OrderShippedMap().Read(happened, MessageId).Data.GetRawText().ShouldBe("""{"orderId":"4711","product":"Blue ceramic bowl"}""");
    }

    [Fact]
    public void Should_have_no_variables_when_the_producer_gives_none() =>
        new NotificationRequestedMap().Read(An.Announcement() with { Data = null }, MessageId).Data.GetRawText().ShouldBe("{}");

    [Fact]
    public void Should_give_the_same_notification_for_the_same_event_in_another_message() =>
        IdOf(An.OrderPlaced(eventId: "e"), MessageId).ShouldBe(IdOf(An.OrderPlaced(eventId: "e"), Guid.CreateVersion7()));

    [Fact]
    public void Should_tell_messages_apart_when_the_producer_names_no_event()
    {
        IdOf(An.OrderPlaced(), MessageId).ShouldBe(IdOf(An.OrderPlaced(), MessageId));
        IdOf(An.OrderPlaced(), MessageId).ShouldNotBe(IdOf(An.OrderPlaced(), Guid.CreateVersion7()));
    }

    [Fact]
    public void Should_tell_recipients_occurrences_and_kinds_of_event_apart() =>
        new[]
        {
            IdOf(An.OrderPlaced(eventId: "e"), MessageId),
            IdOf(An.OrderPlaced(eventId: "f"), MessageId),
            IdOf(An.OrderPlaced(A.Seller with { Id = "seller-43" }, eventId: "e"), MessageId),
            new ChatMessageSentMap().NotificationId(A.ChatMessage(eventId: "e"), MessageId),
        }.ShouldBeUnique();

    [Fact]
    public void Should_say_who_is_missing_when_the_recipient_is_null() =>
        Should
            .Throw<InvalidEventException>(() => new OrderPlacedMap().Read(An.OrderPlaced() with { Seller = null! }, MessageId))
            .Message.ShouldBe("seller must not be null");

    static Guid IdOf(OrderPlaced happened, Guid messageId) => new OrderPlacedMap().NotificationId(happened, messageId);

    static NotificationRequest ShouldRead<TEvent>(
        EventMap<TEvent> map,
        TEvent happened,
        string name,
        string recipientProperty,
        Contact recipient,
        string variables,
        string? category = null
    )
        where TEvent : class
    {
        map.Name.ShouldBe(name);
        map.EventType.ShouldBe(typeof(TEvent));
        map.RecipientProperty.ShouldBe(recipientProperty);
        typeof(TEvent)
            .GetProperties()
            .Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name))
            .ShouldContain(recipientProperty);

        var request = map.Read(happened, MessageId);
        request.NotificationId.ShouldBe(map.NotificationId(happened, MessageId));
        request.EventName.ShouldBe(name);
        request.EventId.ShouldBe("e");
        request.Category.ShouldBe(category ?? name);
        request.Recipient.ShouldBe(recipient);
        JsonElement.DeepEquals(request.Data, JsonElement.Parse(variables)).ShouldBeTrue(request.Data.GetRawText());
        return request;
    }
}
