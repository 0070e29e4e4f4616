using System.Text.Json.Nodes;
using NotificationBus.Model;

namespace NotificationBus.Chaos;

/// <summary>One event, and the ids that everything it causes must have.</summary>
/// <param name="Contract">The event as the contracts call it, such as <c>OrderShipped</c>.</param>
/// <param name="Name">The event as the HTTP API calls it, such as <c>order-shipped</c>.</param>
/// <param name="EventId">The producer's name for it.</param>
/// <param name="Recipient">Who is told.</param>
/// <param name="Message">The event's fields.</param>
/// <param name="Channels">The channels it uses, one delivery each.</param>
sealed record Occurrence(string Contract, string Name, string EventId, string Recipient, JsonObject Message, IReadOnlyList<string> Channels)
{
    public Guid Notification { get; } = DeterministicId.From("notification", Name, EventId, Recipient);

    public IReadOnlyList<Guid> Deliveries =>
        [.. Channels.Select(channel => DeterministicId.From("delivery", $"{Notification:N}", channel, "0"))];

    /// <summary>A purchase is on its way: one push to the buyer.</summary>
    public static Occurrence Shipped(string run, int number)
    {
        var (id, buyer) = ($"{run}-{number}", $"buyer-{number}");
        return new(
            "OrderShipped",
            "order-shipped",
            id,
            buyer,
            new JsonObject
            {
                ["eventId"] = id,
                ["orderId"] = $"{number}",
                ["product"] = $"Blue ceramic bowl {number}",
                ["carrier"] = "Thailand Post",
                ["buyer"] = Person(buyer),
            },
            ["push"]
        );
    }

    /// <summary>An order is still unpaid: one push to the buyer.</summary>
    public static Occurrence Reminded(string run, int number)
    {
        var (id, buyer) = ($"{run}-{number}", $"buyer-{number}");
        return new(
            "PaymentReminderDue",
            "payment-reminder-due",
            id,
            buyer,
            new JsonObject
            {
                ["eventId"] = id,
                ["orderId"] = $"{number}",
                ["product"] = $"Blue ceramic bowl {number}",
                ["total"] = new JsonObject { ["amount"] = 590, ["currency"] = "THB" },
                ["buyer"] = Person(buyer),
            },
            ["push"]
        );
    }

    /// <summary>Somebody bought something: an e-mail and a push to the seller.</summary>
    public static Occurrence Placed(string run, int number)
    {
        var (id, seller) = ($"{run}-{number}", $"seller-{number}");
        return new(
            "OrderPlaced",
            "order-placed",
            id,
            seller,
            new JsonObject
            {
                ["eventId"] = id,
                ["orderId"] = $"{number}",
                ["product"] = $"Blue ceramic bowl {number}",
                ["total"] = new JsonObject { ["amount"] = 590, ["currency"] = "THB" },
                ["buyer"] = Person($"buyer-{number}"),
                ["seller"] = Person(seller),
            },
            ["email", "push"]
        );
    }

    /// <summary>An announcement to one person, by push.</summary>
    public static Occurrence Announced(string run, int number)
    {
        var (id, reader) = ($"{run}-{number}", $"reader-{number}");
        return new(
            "NotificationRequested",
            "notification-requested",
            id,
            reader,
            new JsonObject
            {
                ["eventId"] = id,
                ["category"] = "announcement",
                ["recipient"] = Person(reader),
                ["data"] = new JsonObject { ["title"] = "Sale", ["text"] = $"Number {number}" },
                ["channels"] = new JsonArray("push"),
            },
            ["push"]
        );
    }

    static JsonObject Person(string id) =>
        new()
        {
            ["id"] = id,
            ["name"] = $"The {id}",
            ["locale"] = "en",
            ["email"] = $"{id}@example.com",
            ["pushTokens"] = new JsonArray($"{id}-phone"),
        };
}
