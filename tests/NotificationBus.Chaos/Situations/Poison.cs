using System.Text;
using System.Text.Json.Nodes;

using RabbitMQ.Client;

namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 24: kinds of messages that no program can make sense of, among good ones.</summary>
sealed class Poison : Situation
{
    const int OfEachKind = 5;

    public override string Name => "poison";

    public override string What => $"messages that nobody can process, {OfEachKind} of each kind, between good ones";

    public override Dose Full => new(1_000, TimeSpan.Zero);

    public override Dose? Quick => new(200, TimeSpan.Zero);

    static IReadOnlyList<(string Exchange, byte[] Body, string ContentType)> Kinds
    {
        get
        {
            const string Json = "application/vnd.masstransit+json";
            const string Saga = "notifications";
            const string Sender = "send-push";
            byte[] Envelope(string contract, JsonObject message, string space = "NotificationBus.Contracts") => BusProducer.Envelope(contract, message, space: space);
            return
            [
                (Saga, [], Json),
                (Saga, "not json"u8.ToArray(), Json),
                (Saga, "{\"messageId\":"u8.ToArray(), Json),
                (Saga, [0xFF, 0xFE, 0x00, 0x80], Json),
                (Saga, "[]"u8.ToArray(), Json),
                (Saga, "null"u8.ToArray(), Json),
                (Saga, "{}"u8.ToArray(), Json),
                (Saga, Encoding.UTF8.GetBytes(new string('[', 10_000)), Json),
                (Saga, Envelope("OrderShipped", []), Json),
                (Saga, Envelope("OrderShipped", new JsonObject { ["eventId"] = 7, ["buyer"] = "nobody" }), Json),
                (Saga, Envelope("OrderShipped", new JsonObject { ["orderId"] = "1", ["product"] = "x", ["buyer"] = null }), Json),
                (Saga, Envelope("NeverHeardOf", new JsonObject { ["a"] = 1 }), Json),
                (Saga, Envelope("OrderShipped", new JsonObject { ["a"] = 1 }, space: "SomebodyElse"), Json),
                (Saga, "<xml/>"u8.ToArray(), "application/xml"),
                (Sender, "not json"u8.ToArray(), Json),
                (Sender, Envelope("SendDelivery", []), Json),
                (Sender, Envelope("SendDelivery", new JsonObject { ["notificationId"] = "not-a-guid" }), Json),
                (Sender, Envelope("OrderShipped", new JsonObject { ["orderId"] = "1" }), Json),
            ];
        }
    }

    public override async Task Happen(Arena arena, Dose dose)
    {
        await arena.Start("worker");
        var good = arena.Bus.Publish(Shipments(Name, dose.Count));
        await using (var line = arena.Bus.Connect())
        {
            foreach (var (exchange, body, contentType) in Enumerable.Range(0, OfEachKind).SelectMany(_ => Kinds))
            {
                await line.Publish(exchange, body, new BasicProperties { ContentType = contentType, Persistent = true, MessageId = Guid.CreateVersion7().ToString() });
                arena.PoisonIsAdded();
            }
        }

        await good;
        await arena.Settle();
        for (var tries = 0; tries < 40 && await arena.Strays() < arena.Poison; tries++)
            await Task.Delay(TimeSpan.FromMilliseconds(500));
        _setAside = await arena.Strays();
    }

    long _setAside;

    public override IEnumerable<string> Broken(Arena arena, Audit audit) =>
    [
        .. AllSent(audit),
        .. When(_setAside != arena.Poison, $"{_setAside} set aside of {arena.Poison} poisonous ones"),
    ];
}
