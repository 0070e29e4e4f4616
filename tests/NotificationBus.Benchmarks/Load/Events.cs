using System.Globalization;
using System.Text;

namespace NotificationBus.Benchmarks.Load;

/// <summary>An event in its envelope, and the name its producer gave it.</summary>
sealed record LoadEvent(string Exchange, string EventId, byte[] Body);

/// <summary>The events the contenders are given: the same bytes for all of them.</summary>
static class Events
{
    /// <summary>Somebody bought something: an e-mail and a push to the seller.</summary>
    public static IReadOnlyList<LoadEvent> Placed(int count) => Many(count, Order);

    /// <summary>Announcements, by push.</summary>
    public static IReadOnlyList<LoadEvent> Announced(int count) => Many(count, Announcement);

    static List<LoadEvent> Many(int count, Func<int, LoadEvent> make) => [.. Enumerable.Range(1, count).Select(make)];

    static LoadEvent Order(int number)
    {
        var id = Guid.CreateVersion7();
        var seller = $"seller-{id:N}";
        return Envelope(
            "OrderPlaced",
            id,
            string.Create(
                CultureInfo.InvariantCulture,
                $$$"""
                {"eventId":"{{{id:D}}}","orderId":"{{{number}}}","product":"Blue ceramic bowl {{{number}}}",
                 "total":{"amount":590,"currency":"THB"},"buyer":{"id":"buyer-{{{number}}}","name":"Nok"},
                 "seller":{"id":"{{{seller}}}","name":"Som","locale":"en","email":"{{{seller}}}@example.com",
                   "pushTokens":["{{{seller}}}-phone"]}}
                """
            )
        );
    }

    static LoadEvent Announcement(int number)
    {
        var id = Guid.CreateVersion7();
        var reader = $"reader-{id:N}";
        return Envelope(
            "NotificationRequested",
            id,
            $$"""
            {"eventId":"{{id:D}}","category":"announcement",
             "recipient":{"id":"{{reader}}","name":"Som","locale":"en","pushTokens":["{{reader}}-phone"]},
             "data":{"title":"Sale","text":"Number {{number}}"},"channels":["push"]}
            """
        );
    }

    static LoadEvent Envelope(string contract, Guid id, string message) =>
        new(
            $"NotificationBus.Contracts:{contract}",
            $"{id:D}",
            Encoding.UTF8.GetBytes(
                $$"""{"messageId":"{{Guid.CreateVersion7():D}}","messageType":"""
                    + $$"""["urn:message:NotificationBus.Contracts:{{contract}}"],"message":{{message}}}"""
            )
        );
}
