using NotificationBus.Contracts;

namespace NotificationBus.Producer;

/// <summary>
/// What happens on the market place: number n is the same in every run, and everybody in it is somebody else than in number n + 1.
/// </summary>
static class Occurrences
{
    public static ChatMessageSent Chat(int n) =>
        new()
        {
            EventId = $"chat-{n}",
            ConversationId = $"conversation-{n}",
            Text = $"Is number {n} still there?",
            Product = Product(n),
            Buyer = Buyer(n),
            Seller = Seller(n),
        };

    public static OrderPlaced Order(int n) =>
        new()
        {
            EventId = $"order-{n}",
            OrderId = OrderId(n),
            Product = Product(n),
            Total = Total(n),
            Buyer = Buyer(n),
            Seller = Seller(n),
        };

    public static PaymentReminderDue Reminder(int n) =>
        new()
        {
            EventId = $"reminder-{n}",
            OrderId = OrderId(n),
            Product = Product(n),
            Total = Total(n),
            Buyer = Buyer(n),
        };

    public static OrderShipped Shipment(int n) =>
        new()
        {
            EventId = $"shipment-{n}",
            OrderId = OrderId(n),
            Product = Product(n),
            Carrier = "Thailand Post",
            TrackingNumber = $"TH{n:D9}",
            Buyer = Buyer(n),
        };

    static string OrderId(int n) => $"{4_711 + n}";

    static string Product(int n) => $"Blue ceramic bowl {n}";

    static Money Total(int n) => new(590 + n, "THB");

    static Contact Buyer(int n) => Person("buyer", n);

    static Contact Seller(int n) => Person("seller", n);

    static Contact Person(string role, int n) =>
        new()
        {
            Id = $"{role}-{n}",
            Name = $"The {role} {n}",
            Locale = n % 2 == 0 ? "en" : "th",
            Email = $"{role}-{n}@example.com",
            PushTokens = [$"{role}-{n}-phone"],
        };
}
