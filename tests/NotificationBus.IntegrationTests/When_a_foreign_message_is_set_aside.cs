using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using NotificationBus.IntegrationTests.Servers;
using RabbitMQ.Client;

namespace NotificationBus.IntegrationTests;

[Collection(nameof(RabbitMqToHurt))]
public sealed class When_a_foreign_message_is_set_aside(BusAndDatabase servers, RabbitMqToHurt own)
{
    const string Shipped = "NotificationBus.Contracts:OrderShipped";
    const string Envelope = "application/vnd.masstransit+json";
    const int MiB = 1024 * 1024;

    static readonly TimeSpan Soon = TimeSpan.FromSeconds(90);

    /// <summary>
    /// A5: whatever properties a message of another user carries, it is set aside in one try, and nobody waits behind it.
    /// </summary>
    [Fact]
    public async Task Should_take_it_whatever_its_properties_are()
    {
        var rabbit = await own.Server;
        var broker = await rabbit.CreateVirtualHost();
        var database = await servers.CreateDatabase();
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(broker, database);
        await using var shop = await PlainAmqpProducer.Connect(await rabbit.CreateUser("shop", broker));
        var foreign = Foreign().ToList();

        foreach (var (properties, index) in foreign.Select((properties, index) => (properties, index)))
        {
            await shop.Publish(Shipped, properties, Encoding.UTF8.GetBytes($"no JSON {index}"));
            await shop.Publish(
                Shipped,
                new BasicProperties
                {
                    ContentType = Envelope,
                    Persistent = true,
                    UserId = "shop",
                },
                Poison.Event()
            );
        }

        await record.UntilDelivered(foreign.Count, Soon);
        await record.Until(
            "SELECT count(*) FROM failed_message WHERE times = 1 AND queue = 'notifications' AND destination IS NOT NULL",
            foreign.Count,
            Soon
        );
        for (var index = 0; index < foreign.Count; index++)
            (await record.Scalar<long>($"SELECT count(*) FROM failed_message WHERE body = 'no JSON {index}'")).ShouldBe(1, $"{index}");
        await The_broker.HasNothingToDo(broker, Soon);
        await The_broker.ShouldHaveNoStrays(broker);
        host.Output.Lines()
            .ShouldNotContain(line =>
                line.Contains("closed", StringComparison.OrdinalIgnoreCase) || line.Contains("did not take", StringComparison.Ordinal)
            );

        // A replay carries what its producer wrote, and nothing the broker would refuse or act on.
        using var replay = await host.Client.PostAsync(
            new Uri("/v1/failed-messages/replay", UriKind.Relative),
            new StringContent("""{"all":true}""", Encoding.UTF8, "application/json")
        );
        (await replay.Content.ReadAsStringAsync()).ShouldBe($$"""{"replayed":{{foreign.Count}}}""");
        await record.Until("SELECT count(*) FROM failed_message WHERE times = 2 AND state = 'Failed'", foreign.Count, Soon);
        await record.UntilNothingIsOutgoing(Soon);
        await The_broker.ShouldHaveNoStrays(broker);
    }

    /// <summary>A5, A15: headers that the client cannot read end the process or close every connection, and come again.</summary>
    [Fact]
    public async Task Should_take_it_whatever_its_headers_are()
    {
        var rabbit = await own.Server;
        var broker = await rabbit.CreateVirtualHost();
        var database = await servers.CreateDatabase();
        await using var record = new The_record(database);
        // A process of its own: what ends it ends the tests otherwise.
        await using var host = await HostProcess.Start(broker, database);
        await using var raw = await RawAmqpProducer.Connect(broker);
        await using var shop = await PlainAmqpProducer.Connect(broker);
        var unreadable = UnreadableHeaders().ToList();

        foreach (var (headers, index) in unreadable.Select((headers, index) => (headers, index)))
        {
            await raw.Publish(Shipped, headers, Encoding.UTF8.GetBytes($"no JSON {index}"));
            await shop.Publish(Shipped, new BasicProperties { ContentType = Envelope, Persistent = true }, Poison.Event());
        }

        await record.UntilDelivered(unreadable.Count, Soon);
        await record.Until("SELECT count(*) FROM failed_message WHERE times = 1 AND queue = 'notifications'", unreadable.Count, Soon);
        (
            await record.Scalar<long>(
                "SELECT count(*) FROM failed_message WHERE headers::text ~ '\"(price|a long name of a price|table|array|)\":'"
            )
        ).ShouldBe(unreadable.Count);
        (
            await record.Scalar<long>(
                "SELECT count(*) FROM failed_message WHERE headers::text LIKE '%\"before\":%' AND headers::text LIKE '%\"after\":%'"
            )
        ).ShouldBe(1);
        await The_broker.HasNothingToDo(broker, Soon);
        await The_broker.ShouldHaveNoStrays(broker);
        host.Output.Lines().ShouldNotContain(line => line.Contains("does not listen", StringComparison.Ordinal));
    }

    /// <summary>A15: a message larger than the client takes by itself closes the connection again and again.</summary>
    [Theory]
    [InlineData(65)]
    [InlineData(100)]
    [InlineData(127)]
    public async Task Should_keep_the_beginning_of_what_is_larger_than_anybody_reads(int megabytes)
    {
        var rabbit = await own.Server;
        var broker = await rabbit.CreateVirtualHost();
        var database = await servers.CreateDatabase();
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(broker, database);
        await using var shop = await PlainAmqpProducer.Connect(await rabbit.CreateUser("shop", broker));

        await shop.Publish(Shipped, new BasicProperties { Persistent = true }, new byte[megabytes * MiB]);
        await shop.Publish(Shipped, new BasicProperties { ContentType = Envelope, Persistent = true }, Poison.Event());

        await record.UntilDelivered(1, Soon);
        await record.Until(
            $"SELECT count(*) FROM failed_message WHERE times = 1 AND body_length = {megabytes * MiB} AND octet_length(body) = 65536 "
                + "AND destination IS NULL AND queue = 'notifications'",
            1,
            Soon
        );
        var listed = JsonNode.Parse(await host.Client.GetStringAsync(new Uri("/v1/failed-messages", UriKind.Relative)))!["failedMessages"]![
            0
        ]!;
        (listed["canBeReplayed"]!.GetValue<bool>(), listed["bodyLength"]!.GetValue<long>(), listed["bodyKept"]!.GetValue<long>()).ShouldBe(
            (false, megabytes * MiB, 65536)
        );
        listed["reason"]!
            .GetValue<string>()
            .ShouldBe(
                $"the body has {megabytes * MiB} bytes, at most 1048576 are read; its first 65536 are kept, and so it cannot be replayed"
            );
        await The_broker.HasNothingToDo(broker, Soon);
        await The_broker.ShouldHaveNoStrays(broker);
    }

    /// <summary>
    /// A15: many large messages, which the broker sends all at once, do not end the process by its memory, and what is behind them is
    /// taken.
    /// </summary>
    [Fact]
    public async Task Should_not_hold_many_large_messages_in_memory()
    {
        const int Count = 10;
        const int Size = 40 * MiB;
        const int MostMemory = 450;
        var rabbit = await own.Server;
        var broker = await rabbit.CreateVirtualHost();
        var database = await servers.CreateDatabase();
        await using var record = new The_record(database);
        await using (var first = await HostInProcess.Start(broker, database))
            await first.Stop();
        await using var shop = await PlainAmqpProducer.Connect(await rabbit.CreateUser("shop", broker));
        for (var number = 0; number < Count; number++)
            await shop.Publish(Shipped, With(("NB-Failure-BodyLength", "5"), ("nb-failure-bodylength", "none")), new byte[Size]);
        await shop.Publish(Shipped, new BasicProperties { ContentType = Envelope, Persistent = true }, Poison.Event());

        await using var host = await HostProcess.Start(broker, database);

        await record.UntilDelivered(1, Soon);
        await record.Until(
            $"SELECT count(*) FROM failed_message WHERE times = 1 AND body_length = {Size} AND octet_length(body) = 65536 "
                + "AND destination IS NULL",
            Count,
            Soon
        );
        await The_broker.HasNothingToDo(broker, Soon);
        var peak = (await File.ReadAllLinesAsync($"/proc/{host.Id}/status")).Single(line =>
            line.StartsWith("VmHWM:", StringComparison.Ordinal)
        );
        (int.Parse(peak.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024).ShouldBeLessThan(
            MostMemory
        );
    }

    /// <summary>A18: what is set aside is announced to its producer, under the same id when it is set aside again.</summary>
    [Fact]
    public async Task Should_tell_its_producer()
    {
        const string Rejected = "rejected";
        var rabbit = await own.Server;
        var broker = await rabbit.CreateVirtualHost();
        var database = await servers.CreateDatabase();
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(broker, database);
        await using var shop = await PlainAmqpProducer.Connect(await rabbit.CreateUser("shop", broker));
        await The_broker.Copy(broker, "NotificationBus.Contracts:NotificationRejected", Rejected);

        await shop.Publish(
            Shipped,
            new BasicProperties
            {
                Persistent = true,
                MessageId = "theirs",
                UserId = "shop",
            },
            "no JSON"u8.ToArray()
        );
        var told = await Told();
        (told["eventName"]!.GetValue<string>(), told["messageId"]!.GetValue<string>(), told["queue"]!.GetValue<string>()).ShouldBe(
            ("order-shipped", "theirs", "notifications")
        );
        told["reason"]!.GetValue<string>().ShouldStartWith("'no JSON' is an invalid");

        await shop.Publish(
            "NotificationRequested",
            new JsonObject
            {
                ["eventId"] = "sale-1",
                ["category"] = "announcemnt",
                ["recipient"] = new JsonObject { ["id"] = "buyer-7", ["email"] = "a@example.com" },
            }
        );
        told = await Told();
        (told["eventName"]!.GetValue<string>(), told["eventId"]!.GetValue<string>(), told["category"]!.GetValue<string>()).ShouldBe(
            ("notification-requested", "sale-1", "announcemnt")
        );
        told["reason"]!.GetValue<string>().ShouldStartWith("category is unknown");
        Guid.Parse(told["failedMessageId"]!.GetValue<string>())
            .ShouldBe(await record.Scalar<Guid>("SELECT id FROM failed_message WHERE queue = 'notifications-bulk'"));

        using var replay = await host.Client.PostAsync(
            new Uri($"/v1/failed-messages/{told["failedMessageId"]}/replay", UriKind.Relative),
            content: null
        );
        var again = await The_broker.Take(broker, Rejected, Soon);
        JsonNode.Parse(again.Body.Span)!["messageId"]!.GetValue<string>().ShouldBe(told["id"]!.GetValue<string>());

        async Task<JsonNode> Told()
        {
            var envelope = JsonNode.Parse((await The_broker.Take(broker, Rejected, Soon)).Body.Span)!;
            var message = envelope["message"]!;
            message["id"] = envelope["messageId"]!.GetValue<string>();
            return message;
        }
    }

    /// <summary>
    /// C: reasons without a place. And A13: what fails while the machine is busy has its reason too; no reason has a limit of time.
    /// </summary>
    [Fact]
    public async Task Should_name_the_property_that_does_not_fit_and_say_what_it_should_be()
    {
        var rabbit = await own.Server;
        var broker = await rabbit.CreateVirtualHost();
        var database = await servers.CreateDatabase();
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(broker, database);
        await using var shop = await PlainAmqpProducer.Connect(await rabbit.CreateUser("shop", broker));
        var misfits = new List<(string Exchange, byte[] Body, string Reason)>();

        foreach (var wrong in (string[])["4711", "true", "[]", "{}", "1.5"])
            Expect("orderId must be a string", message => message["orderId"] = JsonNode.Parse(wrong));
        Expect("orderId is missing", message => message.Remove("orderId"));
        Expect(
            "orderId is missing; product is missing",
            message =>
            {
                message.Remove("orderId");
                message.Remove("product");
            }
        );
        foreach (var wrong in (string[])["5", "\"x\"", "[]", "false"])
            Expect("buyer must be an object", message => message["buyer"] = JsonNode.Parse(wrong));
        Expect("buyer.id is missing", message => message["buyer"] = new JsonObject());
        Expect("buyer.id must be a string", message => message["buyer"]!["id"] = 7);
        misfits.Add(
            (
                Shipped,
                Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Poison.Event()).Replace("Bowl", "\\ud800", StringComparison.Ordinal)),
                "product must be valid Unicode text"
            )
        );
        misfits.Add(
            (
                Shipped,
                Encoding.UTF8.GetBytes(
                    Encoding
                        .UTF8.GetString(Poison.Event())
                        .Replace("\"product\"", "\"orderId\":\"1\",\"product\"", StringComparison.Ordinal)
                ),
                "orderId is there twice"
            )
        );
        misfits.Add(
            (
                Shipped,
                Poison.Event(envelope => envelope["sentTime"] = "yesterday"),
                "sentTime must be a date with time, such as 2026-01-31T12:00:00Z"
            )
        );
        Command(
            "expiresAt must be a date with time, such as 2026-01-31T12:00:00Z",
            command => command["expiresAt"] = "99999-12-31T00:00:00Z"
        );
        Command("redeliveries must be a whole number in range", command => command["redeliveries"] = long.MaxValue);
        Command("notificationId must be a UUID", command => command["notificationId"] = "4711");
        Command("lane must be one of Transactional, Bulk", command => command["lane"] = "Fast");
        Command("holdWhenInDoubt must be true or false", command => command["holdWhenInDoubt"] = "no");

        foreach (var (exchange, body, _) in misfits)
            await shop.Publish(exchange, new BasicProperties { ContentType = Envelope, Persistent = true }, body);

        await record.Until("SELECT count(*) FROM failed_message", misfits.Count, Soon);
        foreach (var (_, body, reason) in misfits)
            (await record.Scalar<string>($"SELECT reason FROM failed_message WHERE body = '\\x{Convert.ToHexString(body)}'")).ShouldBe(
                reason,
                Encoding.UTF8.GetString(body)
            );

        void Expect(string reason, Action<JsonObject> spoil) =>
            misfits.Add((Shipped, Poison.Event(envelope => spoil((JsonObject)envelope["message"]!)), reason));

        void Command(string reason, Action<JsonObject> spoil) =>
            misfits.Add(("send-push", Poison.Order(Guid.CreateVersion7(), spoil), reason));
    }

    /// <summary>
    /// What RabbitMQ takes from any producer and RabbitMQ.Client does not read: alone, between others, and within others.
    /// </summary>
    static IEnumerable<byte[]> UnreadableHeaders()
    {
        byte[] decimals = RawAmqpProducer.Field("price", 'D', 29, 0, 0, 0, 1);
        yield return decimals;
        yield return RawAmqpProducer.Field("a long name of a price", 'D', 255, 255, 255, 255, 255);
        yield return
        [
            .. RawAmqpProducer.Field("before", 't', 1),
            .. decimals,
            .. RawAmqpProducer.Field("after", 'S', RawAmqpProducer.Long(new byte[100_000])),
        ];
        yield return RawAmqpProducer.Field("table", 'F', RawAmqpProducer.Long(decimals));
        yield return RawAmqpProducer.Field("array", 'A', RawAmqpProducer.Long([.. "D"u8, 100, 0, 0, 0, 1]));
        foreach (var depth in (int[])[300, 5_000, 21_000])
        {
            yield return Deep(depth, inner => RawAmqpProducer.Field("", 'F', RawAmqpProducer.Long(inner)), []);
            yield return RawAmqpProducer.Field(
                "",
                'A',
                RawAmqpProducer.Long(Deep(depth, inner => [(byte)'A', .. RawAmqpProducer.Long(inner)], []))
            );
        }

        static byte[] Deep(int depth, Func<byte[], byte[]> wrap, byte[] within)
        {
            for (var level = 0; level < depth; level++)
                within = wrap(within);
            return within;
        }
    }

    /// <summary>
    /// Every property of AMQP's basic class, alone and together, and headers of every type, size and depth that the broker takes.
    /// </summary>
    static IEnumerable<BasicProperties> Foreign()
    {
        yield return new() { UserId = "shop" };
        yield return new()
        {
            UserId = "shop",
            ContentType = Envelope,
            MessageId = "4711",
            CorrelationId = "none",
        };
        yield return new() { DeliveryMode = DeliveryModes.Transient };
        yield return new() { Priority = 255 };
        yield return new()
        {
            AppId = new string('a', 255),
            ClusterId = new string('c', 255),
            Type = new string('t', 255),
        };
        yield return new() { ReplyTo = "amq.rabbitmq.reply-to.g2dkABByYWJiaXRAbG9jYWxob3N0" };
        yield return new() { ReplyTo = "::" };
        yield return new() { ContentEncoding = "gzip" };
        yield return new() { Expiration = "86400000" };
        yield return new() { Timestamp = new AmqpTimestamp(long.MaxValue) };
        yield return new() { Timestamp = new AmqpTimestamp(-1) };
        yield return new()
        {
            ContentType = "text/plain; charset=utf-7; x=\"",
            MessageId = new string('m', 255),
            CorrelationId = new string('i', 255),
        };
        yield return new() { MessageId = "ไทย", AppId = "ไทย" };
        yield return With(("CC", new List<object?> { "elsewhere" }), ("BCC", new List<object?> { "elsewhere" }));
        yield return With(
            (
                "x-death",
                new List<object?>
                {
                    new Dictionary<string, object?>(StringComparer.Ordinal)
                    {
                        ["count"] = 7L,
                        ["queue"] = "theirs",
                        ["reason"] = "expired",
                        ["exchange"] = "",
                        ["routing-keys"] = new List<object?> { "" },
                    },
                }
            )
        );
        yield return With(("x-death", "theirs"), ("x-first-death-queue", 5), ("x-delivery-count", "many"), ("x-delay", -1));
        yield return With(
            ("long", long.MinValue),
            ("int", int.MinValue),
            ("short", short.MinValue),
            ("byte", (byte)255),
            ("sbyte", (sbyte)-128),
            ("double", double.MaxValue),
            ("float", float.MinValue),
            ("decimal", 1.5m),
            ("time", new AmqpTimestamp(long.MinValue)),
            ("bool", true),
            ("null", null),
            ("binary", new BinaryTableValue([0, 255])),
            ("bytes", new byte[] { 0xFF, 0xFE }),
            ("", "without a name")
        );
        yield return With(
            ("MT-Host-Info", 1),
            ("MT-Fault-Message", new List<object?>()),
            ("NB-Failure-Queue", new List<object?>()),
            ("NB-Failure-Headers", "no JSON"),
            ("NB-Failure-BodyLength", "9"),
            ("Content-Type", "x"),
            ("MessageId", "y")
        );
        yield return With(("long", new string('h', 120_000)));
        yield return With(("thai", new string('ก', 40_000)));
        yield return With(("x-death-of-theirs", new string('h', 120_000)));
        yield return With(("numbers", Enumerable.Repeat((object?)0L, 14_000).ToList()));
        yield return With(("deep", Nested(200, new string('x', 100_000))));
        yield return With([.. Enumerable.Range(0, 8_000).Select(number => ($"{number}", (object?)0L))]);
        yield return new()
        {
            UserId = "shop",
            AppId = "shop",
            ClusterId = "c",
            Type = "t",
            ReplyTo = "r",
            ContentEncoding = "br",
            ContentType = Envelope,
            CorrelationId = "c",
            MessageId = "m",
            Priority = 9,
            Expiration = "86400000",
            DeliveryMode = DeliveryModes.Persistent,
            Timestamp = new AmqpTimestamp(1),
            Headers = new Dictionary<string, object?>(StringComparer.Ordinal) { ["tenant"] = "north" },
        };
    }

    static BasicProperties With(params (string Name, object? Value)[] headers) =>
        new() { Headers = headers.ToDictionary(header => header.Name, header => header.Value, StringComparer.Ordinal) };

    static object Nested(int depth, object innermost) =>
        Enumerable
            .Range(0, depth)
            .Aggregate(
                innermost,
                (inner, number) =>
                    number % 2 == 0
                        ? new List<object?> { inner }
                        : new Dictionary<string, object?>(StringComparer.Ordinal) { ["in"] = inner }
            );
}
