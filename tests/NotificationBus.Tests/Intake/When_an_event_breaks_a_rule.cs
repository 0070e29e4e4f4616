using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Intake.Maps;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Intake;

public sealed class When_an_event_breaks_a_rule
{
    const string Amount = "total.amount must be 0 to 999999999999.99 with at most 4 decimals";
    const string Currency = "total.currency must be three capital letters (ISO 4217) such as THB";

    [Theory]
    [InlineData("0", "THB")]
    [InlineData("590.0000000", "THB")]
    [InlineData("0.0001", "CLF")]
    [InlineData("999999999999.99", "USD")]
    public void Should_have_nothing_to_say_to_a_price(string amount, string currency) => Of(amount, currency).ShouldBeEmpty();

    [Theory]
    [InlineData("-0.01", "THB", Amount)]
    [InlineData("1000000000000", "THB", Amount)]
    [InlineData("0.00001", "THB", Amount)]
    [InlineData("590", "thb", Currency)]
    [InlineData("590", "TH", Currency)]
    [InlineData("590", "THBB", Currency)]
    [InlineData("590", "ΤΗΒ", Currency)]
    [InlineData("590", "", Currency)]
    [InlineData("590", null, Currency)]
    public void Should_refuse_what_is_no_price(string amount, string? currency, string error) => Of(amount, currency!).ShouldBe([error]);

    [Fact]
    public void Should_refuse_blank_texts_of_every_event()
    {
        Breaches(new OrderPlacedMap(), An.OrderPlaced() with { OrderId = "", Product = " ", Total = null! })
            .ShouldBe(["orderId must not be blank", "product must not be blank", "total must not be null"]);
        Breaches(new PaymentReminderDueMap(), A.PaymentReminder() with { OrderId = "", Product = null!, Total = new Money(-1, "THB") })
            .ShouldBe(["orderId must not be blank", "product must not be blank", Amount]);
        Breaches(new OrderShippedMap(), An.OrderShipped() with { OrderId = "\t", Product = "", Carrier = null })
            .ShouldBe(["orderId must not be blank", "product must not be blank"]);
        Breaches(new ChatMessageSentMap(), A.ChatMessage() with { ConversationId = "", Text = "\n", Product = null })
            .ShouldBe(["conversationId must not be blank", "text must not be blank"]);
    }

    static IReadOnlyList<string> Of(string amount, string currency) =>
        Breaches(
            new OrderPlacedMap(),
            An.OrderPlaced() with
            {
                Total = new Money(decimal.Parse(amount, System.Globalization.CultureInfo.InvariantCulture), currency),
            }
        );

    static IReadOnlyList<string> Breaches<TEvent>(EventMap<TEvent> map, TEvent happened)
        where TEvent : class => [.. map.Read(happened, Guid.NewGuid()).Breaches.Select(breach => $"{breach.Path} {breach.Error}")];
}
