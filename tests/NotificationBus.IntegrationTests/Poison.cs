using System.Text;
using System.Text.Json.Nodes;
using RabbitMQ.Client;

namespace NotificationBus.IntegrationTests;

/// <summary>One message that the flow cannot process, and what an operator should read of it.</summary>
/// <param name="Name">The kind, and which of its variants.</param>
/// <param name="Kind">What is wrong with it, as the record says.</param>
/// <param name="Body">The body.</param>
sealed record Poison(string Name, string Kind, byte[] Body)
{
    const string Envelope = "application/vnd.masstransit+json";
    const string Shipped = "NotificationBus.Contracts:OrderShipped";
    const string CannotBeRead = "CannotBeRead";
    const string NobodyTakesIt = "NobodyTakesIt";
    const string Failed = "Failed";

    static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>The exchange of the event it pretends to be, or of the queue of a channel.</summary>
    public string Exchange { get; init; } = Shipped;

    /// <summary>Where it ends up.</summary>
    public string Queue =>
        Exchange.StartsWith("send-", StringComparison.Ordinal) ? Exchange
        // A request of any category may be part of a campaign.
        : Exchange.EndsWith(":NotificationRequested", StringComparison.Ordinal) ? "notifications-bulk"
        : "notifications";

    public BasicProperties Properties { get; init; } = new() { ContentType = Envelope, Persistent = true };

    public override string ToString() => Name;

    /// <summary>The kinds of reference: bodies nobody can read, messages nobody takes, and messages that always fail.</summary>
    /// <param name="notificationId">A notification there is.</param>
    public static IReadOnlyList<Poison> Of(Guid notificationId) =>
        [
            new("P1 zero bytes", CannotBeRead, []),
            new("P2 plain text", CannotBeRead, Utf8.GetBytes("hello")),
            new("P2 HTML", CannotBeRead, Utf8.GetBytes("<html><body>503 Service Unavailable</body></html>"))
            {
                Properties = With("text/html"),
            },
            new("P3 truncated", CannotBeRead, Event()[..^20]),
            new("P4 raw JSON", CannotBeRead, Utf8.GetBytes("""{"orderId":"4711","product":"Bowl","buyer":{"id":"buyer-7"}}"""))
            {
                Properties = With("application/json"),
            },
            new("P5 no messageType", CannotBeRead, Event(envelope => envelope.Remove("messageType"))),
            new(
                "P6 unknown messageType",
                NobodyTakesIt,
                Event(envelope => envelope["messageType"] = new JsonArray("urn:message:Elsewhere:SomethingHappened"))
            ),
            new("P7 no message", CannotBeRead, Event(envelope => envelope["message"] = null)),
            new("P8 wrong type", CannotBeRead, Message(message => message["buyer"] = 5)),
            new("P9 required field missing", CannotBeRead, Message(message => message.Remove("orderId"))),
            new("P9 empty id", Failed, Event(envelope => envelope["messageId"] = $"{Guid.Empty}")),
            new("P10 unknown channel", Failed, Requested()) { Exchange = "NotificationBus.Contracts:NotificationRequested" },
            new(
                "P11 version 99",
                NobodyTakesIt,
                Event(envelope => envelope["messageType"] = new JsonArray("urn:message:NotificationBus.Contracts.V99:OrderShipped"))
            ),
            new("P12 5 MB", CannotBeRead, Message(message => message["product"] = new string('x', 5 * 1024 * 1024))),
            new("P13 depth 1,000", CannotBeRead, Utf8.GetBytes(new string('[', 1000) + new string(']', 1000))),
            new(
                "P13 depth 1,000 within",
                CannotBeRead,
                Utf8.GetBytes(
                    Utf8.GetString(Event()).Replace("\"Bowl\"", new string('[', 1000) + new string(']', 1000), StringComparison.Ordinal)
                )
            ),
            new("P14 invalid UTF-8", CannotBeRead, [.. Event().Select(one => one == (byte)'B' ? (byte)0xFF : one)]),
            new("P14 byte order mark", CannotBeRead, [0xEF, 0xBB, 0xBF, .. Event()]),
            new("P14 UTF-16", CannotBeRead, Encoding.Unicode.GetBytes(Utf8.GetString(Event()))),
            new("P15 no content type", CannotBeRead, [0x81, 0xA1, 0x61, 0x01]) { Properties = new BasicProperties { Persistent = true } },
            new("P15 msgpack", CannotBeRead, [0x82, 0xA1, 0x61, 0x01, 0xC0, 0xC1])
            {
                Properties = With("application/vnd.masstransit+msgpack"),
            },
            new("P15 encrypted", CannotBeRead, [.. Enumerable.Range(0, 256).Select(number => (byte)(number * 7))])
            {
                Properties = With("application/vnd.masstransit+aes"),
            },
            new("P15 malformed content type", CannotBeRead, Utf8.GetBytes("?")) { Properties = With(";;;") },
            new("P16 no id", Failed, Event(envelope => envelope.Remove("messageId"))),
            new("P16 no UUID", CannotBeRead, Event(envelope => envelope["messageId"] = "4711")),
            new("P16 correlationId no UUID", CannotBeRead, Event(envelope => envelope["conversationId"] = "4711")),
            new("P17 headers of wrong types", CannotBeRead, Message(message => message["orderId"] = 17))
            {
                Properties = With(Envelope, WrongHeaders),
            },
            new("P17 64 KB of headers", CannotBeRead, Message(message => message["orderId"] = 18))
            {
                Properties = With(Envelope, ManyHeaders(64)),
            },
            new("P17 headers that fill a frame", CannotBeRead, Message(message => message["orderId"] = 19))
            {
                Properties = With(Envelope, ManyHeaders(127, 1013)),
            },
            new(
                "P17 a name as long as a frame",
                CannotBeRead,
                Message(message => message["buyer"] = new JsonObject { ["id"] = 5, [new string('n', 200_000)] = 5 })
            ),
            new(
                "P17 headers, and nobody takes it",
                NobodyTakesIt,
                Event(envelope => envelope["messageType"] = new JsonArray("urn:message:Elsewhere:More"))
            )
            {
                Properties = With(Envelope, ManyHeaders(127, 1013)),
            },
            new("P17 sentTime", CannotBeRead, Event(envelope => envelope["sentTime"] = "yesterday")),
            new(
                "P18 names twice",
                CannotBeRead,
                Utf8.GetBytes(Utf8.GetString(Event()).Replace("\"product\"", "\"orderId\":\"4712\",\"product\"", StringComparison.Ordinal))
            ),
            new(
                "P18 $type and __proto__",
                CannotBeRead,
                Message(message =>
                {
                    message["$type"] = "System.Diagnostics.Process, System.Diagnostics.Process";
                    message["__proto__"] = new JsonObject { ["product"] = "x" };
                    message["buyer"] = new JsonObject { ["$type"] = "System.IO.FileInfo", ["fileName"] = "/etc/passwd" };
                })
            ),
            new("P19 always fails", Failed, Order(notificationId, order => order["channel"] = "fax")) { Exchange = "send-push" },
            new(
                "P21 somebody else's addresses",
                CannotBeRead,
                Event(envelope =>
                {
                    envelope["responseAddress"] = "queue:stolen";
                    envelope["faultAddress"] = "rabbitmq://elsewhere.invalid/stolen";
                    envelope["message"] = new JsonObject();
                })
            ),
            new(
                "P21 addresses that are none",
                Failed,
                Event(envelope =>
                {
                    envelope["responseAddress"] = "::";
                    envelope["faultAddress"] = "exchange:stolen";
                    envelope["sourceAddress"] = "::";
                    envelope["message"]!["buyer"] = new JsonObject { ["id"] = "" };
                })
            ),
            new("P21 addresses in headers", CannotBeRead, Utf8.GetBytes("P21"))
            {
                Properties = With(Envelope, new() { ["MT-Fault-Address"] = "queue:stolen", ["MT-Response-Address"] = "queue:stolen" }),
            },
            new("P22 NUL", Failed, Message(message => message["product"] = "a\0b")),
            new("P23 dates", CannotBeRead, Order(notificationId, order => order["expiresAt"] = "99999-12-31T00:00:00Z"))
            {
                Exchange = "send-push",
            },
            new("P23 numbers", CannotBeRead, Order(notificationId, order => order["redeliveries"] = long.MaxValue))
            {
                Exchange = "send-email",
            },
            new(
                "P24 claim check",
                CannotBeRead,
                Message(message => message["product"] = new JsonObject { ["data-ref"] = "file:///../../etc/passwd" })
            ),
            new(
                "P24 claim check elsewhere",
                CannotBeRead,
                Message(message => message["product"] = new JsonObject { ["data-ref"] = "http://169.254.169.254/" })
            ),
        ];

    /// <summary>An event as it should be.</summary>
    public static byte[] Event(Action<JsonObject>? spoil = null)
    {
        var envelope = new JsonObject
        {
            ["messageId"] = $"{Guid.CreateVersion7()}",
            ["messageType"] = new JsonArray("urn:message:NotificationBus.Contracts:OrderShipped"),
            ["message"] = new JsonObject
            {
                ["eventId"] = $"{Guid.CreateVersion7()}",
                ["orderId"] = "4711",
                ["product"] = "Bowl",
                ["buyer"] = new JsonObject { ["id"] = "buyer-7", ["pushTokens"] = new JsonArray("demo-token") },
            },
        };
        spoil?.Invoke(envelope);
        return Utf8.GetBytes(envelope.ToJsonString());
    }

    static byte[] Message(Action<JsonObject> spoil) => Event(envelope => spoil((JsonObject)envelope["message"]!));

    static byte[] Requested() =>
        Event(envelope =>
        {
            envelope["messageType"] = new JsonArray("urn:message:NotificationBus.Contracts:NotificationRequested");
            envelope["message"] = new JsonObject
            {
                ["category"] = "announcement",
                ["recipient"] = new JsonObject { ["id"] = "buyer-7" },
                ["channels"] = new JsonArray("pigeon"),
                ["data"] = new JsonObject { ["title"] = "Hello", ["text"] = "Hello" },
            };
        });

    public static byte[] Order(Guid notificationId, Action<JsonObject> spoil) =>
        Event(envelope =>
        {
            var order = new JsonObject
            {
                ["notificationId"] = $"{notificationId}",
                ["deliveryId"] = $"{Guid.CreateVersion7()}",
                ["channel"] = "push",
                ["address"] = "demo-token",
                ["category"] = "order-shipped",
                ["recipientId"] = "buyer-7",
                ["data"] = new JsonObject(),
                ["expiresAt"] = "2099-01-01T00:00:00Z",
            };
            spoil(order);
            envelope["messageType"] = new JsonArray("urn:message:NotificationBus.Contracts:SendDelivery");
            envelope["message"] = order;
        });

    static BasicProperties With(string contentType, Dictionary<string, object?>? headers = null) =>
        new()
        {
            ContentType = contentType,
            Persistent = true,
            Headers = headers,
        };

    static Dictionary<string, object?> WrongHeaders =>
        new(StringComparer.Ordinal)
        {
            ["MT-Redelivery-Count"] = "many",
            ["MT-Fault-InputAddress"] = new List<object?> { 1, "two" },
            ["MT-Activity-Id"] = new Dictionary<string, object?>(StringComparer.Ordinal) { ["a"] = 1.5 },
            ["MT-MessageType"] = 5,
            ["MT-Scheduling-TokenId"] = new byte[] { 0xFF, 0x00, 0xFE },
            ["ConversationId"] = true,
            ["Content-Type"] = ";",
            ["NB-Failure-Id"] = "nobody's",
            ["NB-Replay-Of"] = "nobody's",
            ["at"] = new AmqpTimestamp(long.MaxValue / 2),
            ["nul"] = "a\0b",
            ["binary"] = new BinaryTableValue([0, 1, 2]),
        };

    static Dictionary<string, object?> ManyHeaders(int count, int length = 1000) =>
        Enumerable
            .Range(0, count)
            .ToDictionary(number => $"header-{number}", object? (_) => new string('h', length), StringComparer.Ordinal);
}
