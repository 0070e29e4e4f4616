using System.Text.Json.Nodes;
using NotificationBus.Contracts;
using NotificationBus.IntegrationTests.Servers;
using NotificationBus.Tests.Channels.Http;

namespace NotificationBus.IntegrationTests;

/// <summary>Calls that fail, and deliveries that wait, of a category that publishes its attempts.</summary>
public sealed class When_attempts_are_told_on_the_bus(BusAndDatabase servers)
{
    const string Heard = "shop-hears";

    const string Exchange = "NotificationBus.Contracts:";

    static readonly TimeSpan Soon = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Should_come_in_order_of_attempt_and_of_nobody_who_did_not_ask()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var gateway = new ScriptedHttpServer();
        await using var backup = new ScriptedHttpServer();
        gateway.Answers("503 Service Unavailable");
        backup.Answers("503 Service Unavailable");
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(broker, database, Settings(gateway, backup));
        await NeverShuts(host);
        await Listen(broker);
        await using var producer = await PlainAmqpProducer.Connect(broker);

        await producer.Publish("OrderShipped", Shipped());
        await record.UntilDelivered(1, Soon);
        await producer.Publish("OrderPlaced", Order(1));
        await record.UntilDelivered(2, Soon);
        await record.UntilNothingIsOutgoing(Soon);

        // Each of the two was called as often.
        (await record.Scalar<long>("SELECT count(*) FROM delivery_attempt WHERE status = 'Unavailable'")).ShouldBe(8);
        var told = await TakeAll(broker);
        told.Select(one => (Kind(one), Text(one, "provider"), Number(one), Text(one, "code"), Text(one, "next")))
            .ShouldBe([
                ("DeliveryAttemptFailed", "gateway", 1, ReasonCode.Unavailable, NextAttempt.NextAccount),
                ("DeliveryAttemptFailed", "backup", 2, ReasonCode.Unavailable, NextAttempt.SameAccount),
                ("DeliveryAttemptFailed", "backup", 3, ReasonCode.Unavailable, NextAttempt.SameAccount),
                ("DeliveryAttemptFailed", "backup", 4, ReasonCode.Unavailable, NextAttempt.None),
            ]);
        foreach (var one in told)
        {
            (Text(one, "category"), Text(one, "eventId"), Text(one, "recipientId"), Text(one, "application")).ShouldBe(
                ("order-placed", "order-1", "seller-1", "default")
            );
            one["message"]!["keys"]!["order"]!.GetValue<string>().ShouldBe("1");
            one.ToJsonString().ShouldNotContain("example.com");
        }
    }

    [Fact]
    public async Task Should_tell_of_a_delivery_that_waits()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var gateway = new ScriptedHttpServer();
        await using var backup = new ScriptedHttpServer();
        gateway.Answers("503 Service Unavailable");
        backup.Answers("503 Service Unavailable");
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(broker, database, Settings(gateway, backup, ("Mode", "AllAtOnce")));
        await NeverShuts(host);
        await Listen(broker);
        await using var producer = await PlainAmqpProducer.Connect(broker);

        await producer.Publish("OrderPlaced", Order(1));

        // The calls of the first round, and then that it waits.
        await The_broker.Has(5, broker, Heard, Soon);
        gateway.Answers("200 OK");
        backup.Answers("200 OK");
        var told = await TakeAll(broker);
        var failed = told.Where(one => Kind(one) == nameof(DeliveryAttemptFailed)).ToList();
        failed.Select(Number).ShouldBe([1, 2, 3, 4]);
        Text(failed[^1], "next").ShouldBe(NextAttempt.Later);
        // Each kind has its order, and this one says after which call it came.
        var waiting = told.Single(one => Kind(one) == nameof(DeliveryWaiting));
        (
            Text(waiting, "code"),
            Text(waiting, "provider"),
            Text(waiting, "channel"),
            waiting["message"]!["attempts"]!.GetValue<int>()
        ).ShouldBe((ReasonCode.Unavailable, "backup", "email", 4));
        waiting["message"]!["until"]!.GetValue<DateTimeOffset>().ShouldBeGreaterThan(waiting["message"]!["at"]!.GetValue<DateTimeOffset>());
        await record.UntilDelivered(1, Soon);
    }

    [Fact]
    public async Task Should_lose_none_when_the_host_is_killed_between_the_call_and_the_message()
    {
        const int Count = 30;
        var (broker, database) = await servers.CreateBoth();
        await using var gateway = new ScriptedHttpServer();
        await using var backup = new ScriptedHttpServer();
        gateway.Answers("503 Service Unavailable");
        backup.Answers("503 Service Unavailable");
        await using var record = new The_record(database);
        var settings = Settings(gateway, backup, ("Mode", "AllAtOnce"));
        await using (var begins = await HostInProcess.Start(broker, database, With(settings, "Roles", "api,saga")))
        {
            await NeverShuts(begins);
            await Listen(broker);
            await using var producer = await PlainAmqpProducer.Connect(broker);
            for (var number = 1; number <= Count; number++)
                await producer.Publish("OrderPlaced", Order(number));
            await record.Until("SELECT count(*) FROM notification", Count, Soon);
            await The_broker.Has(0, broker, "notifications", Soon);
        }

        // It calls and records, and is killed before it publishes any of what is told.
        await record.Execute(
            """
            CREATE FUNCTION hold_back() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN NEW.due_at := now() + interval '1 day'; RETURN NEW; END $$;
            CREATE TRIGGER hold_back BEFORE INSERT ON outgoing_message FOR EACH ROW EXECUTE FUNCTION hold_back();
            """
        );
        await using (var sends = await HostProcess.Start(broker, database, With(settings, "Roles", "sender")))
        {
            await record.Some("SELECT count(*) / 20 FROM delivery_attempt WHERE status = 'Unavailable'", Soon);
            await sends.Kill();
        }

        await record.UntilAlone(Soon);
        (await The_broker.TakeAll(broker, Heard)).ShouldBeEmpty();
        await record.Execute("DROP TRIGGER hold_back ON outgoing_message");
        // While nobody is there to write to the same rows.
        await record.LetClaimsRunOut();
        await record.LetAllBeDue();
        gateway.Answers("200 OK");
        await using var second = await HostInProcess.Start(broker, database, settings);
        await record.UntilDelivered(Count, Soon);
        await record.UntilNothingIsOutgoing(Soon);

        var told = (await TakeAll(broker)).Where(one => Kind(one) == "DeliveryAttemptFailed").ToList();
        told.Select(one => $"{Text(one, "deliveryId")} {Number(one)}")
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .ShouldBe(
                (await record.Text("SELECT string_agg(delivery_id || ' ' || number, ',') FROM delivery_attempt WHERE status <> 'Accepted'"))
                    .Trim()
                    .Split(',')
                    .Order(StringComparer.Ordinal)
            );
        told.Select(one => one["messageId"]!.GetValue<string>())
            .Distinct(StringComparer.Ordinal)
            .Count()
            .ShouldBe(told.Select(one => $"{Text(one, "deliveryId")} {Number(one)}").Distinct(StringComparer.Ordinal).Count());
    }

    /// <summary>Each is called each time: no circuit has a say in it.</summary>
    static async Task NeverShuts(IRunningHost host)
    {
        foreach (var account in (string[])["gateway", "backup"])
        {
            await The_operator.SetsProvider(
                account,
                new
                {
                    pin = "closed",
                    by = "ann",
                    why = "no break for it",
                },
                one => one.TryGetProperty("pin", out var pin) && pin.GetString() == "closed",
                host
            );
        }
    }

    static Dictionary<string, string> Settings(
        ScriptedHttpServer gateway,
        ScriptedHttpServer backup,
        params (string Name, string Value)[] ofOrders
    )
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Channels:email:Providers"] = "gateway,backup",
            ["Providers:gateway:Type"] = "http",
            ["Providers:gateway:Url"] = $"{gateway.Url}",
            ["Providers:backup:Type"] = "http",
            ["Providers:backup:Url"] = $"{backup.Url}",
            ["EventTypes:order-placed:PublishAttempts"] = "true",
        };
        foreach (var category in (string[])["order-placed", "order-shipped"])
        {
            settings[$"EventTypes:{category}:Channels"] = "email,push";
            settings[$"EventTypes:{category}:Mode"] = "FirstThatWorks";
        }

        foreach (var (name, value) in ofOrders)
            settings[$"EventTypes:order-placed:{name}"] = value;
        if (ofOrders.Length > 0)
            settings["EventTypes:order-placed:Channels"] = "email";
        return settings;
    }

    static Dictionary<string, string> With(Dictionary<string, string> settings, string name, string value) =>
        new(settings, StringComparer.Ordinal) { [name] = value };

    static async Task Listen(Uri broker)
    {
        await The_broker.Copy(broker, $"{Exchange}{nameof(DeliveryAttemptFailed)}", Heard);
        await The_broker.Copy(broker, $"{Exchange}{nameof(DeliveryWaiting)}", Heard);
    }

    static async Task<IReadOnlyList<JsonNode>> TakeAll(Uri broker) =>
        [.. (await The_broker.TakeAll(broker, Heard)).Select(body => JsonNode.Parse(body)!)];

    static string Kind(JsonNode told)
    {
        var type = told["messageType"]![0]!.GetValue<string>();
        return type[(type.LastIndexOf(':') + 1)..];
    }

    static string? Text(JsonNode told, string name) => told["message"]![name]?.GetValue<string>();

    static int Number(JsonNode told) => told["message"]!["attempt"]!.GetValue<int>();

    static JsonObject Order(int number) =>
        new()
        {
            ["eventId"] = $"order-{number}",
            ["orderId"] = $"{number}",
            ["product"] = "Blue ceramic bowl",
            ["total"] = new JsonObject { ["amount"] = 590, ["currency"] = "THB" },
            ["buyer"] = new JsonObject { ["id"] = "buyer-7" },
            ["seller"] = Person($"seller-{number}"),
        };

    static JsonObject Shipped() =>
        new()
        {
            ["eventId"] = "shipped-1",
            ["orderId"] = "1",
            ["product"] = "Blue ceramic bowl",
            ["carrier"] = "Kerry",
            ["trackingNumber"] = "K1",
            ["buyer"] = Person("buyer-7"),
        };

    static JsonObject Person(string id) =>
        new()
        {
            ["id"] = id,
            ["email"] = $"{id}@example.com",
            ["pushTokens"] = new JsonArray("demo-token"),
        };
}
