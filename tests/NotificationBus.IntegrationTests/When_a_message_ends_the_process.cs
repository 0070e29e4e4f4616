using System.Text.Json.Nodes;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>
/// No message is known that ends the host. So the host is killed whenever it handles the message, which a lock on the table makes it do
/// for as long as it lives.
/// </summary>
public sealed class When_a_message_ends_the_process(BusAndDatabase servers)
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Should_set_it_aside_and_go_on()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var producer = await FirstHost(broker, database, record);
        await using (await record.HoldBackNewNotifications())
        {
            await producer.Publish("OrderShipped", Shipped(1));
            await ReturnTwice(broker, count: 1);
            for (var deaths = 1; deaths <= 3; deaths++)
                await KillWhileItHandles(broker, database, record, $"SELECT count(*) FROM suspect_message WHERE times = {deaths}");

            await using var spared = await HostInProcess.Start(broker, database);
            await record.Until(
                "SELECT count(*) FROM failed_message WHERE state = 'Failed' AND exception_type LIKE '%ProcessEndedException' "
                    + "AND queue = 'notifications'",
                1,
                Soon
            );
            (await record.Scalar<string>("SELECT reason FROM failed_message")).ShouldContain("3 times");
            await The_broker.Has(0, broker, "notifications", Soon);
            await record.Until("SELECT count(*) FROM suspect_message", 0, Soon);
        }

        await using var host = await HostInProcess.Start(broker, database);
        await producer.Publish("OrderShipped", Shipped(2));
        await record.Until("SELECT count(*) FROM notification_overview WHERE status = 'delivered' AND event_id = 'shipped-2'", 1, Soon);
    }

    [Fact]
    public async Task Should_deliver_those_that_were_only_there()
    {
        const int Count = 40;
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var producer = await FirstHost(broker, database, record);
        await using (await record.HoldBackNewNotifications())
        {
            for (var number = 1; number <= Count; number++)
                await producer.Publish("OrderShipped", Shipped(number));
            await ReturnTwice(broker, Count);
            for (var deaths = 1; deaths <= 2; deaths++)
                await KillWhileItHandles(
                    broker,
                    database,
                    record,
                    $"SELECT count(*) FROM (SELECT FROM suspect_message HAVING sum(times) >= {deaths}) AS handled"
                );
        }

        await using var host = await HostInProcess.Start(broker, database);
        await record.UntilDelivered(Count, Soon);
        await record.Until("SELECT count(*) FROM suspect_message", 0, Soon);
        (await record.Scalar<long>("SELECT count(*) FROM failed_message")).ShouldBe(0);
    }

    /// <summary>A host that has declared the queues, and ends before anything is published.</summary>
    static async Task<PlainAmqpProducer> FirstHost(Uri broker, string database, The_record record)
    {
        await using (await HostInProcess.Start(broker, database)) { }

        await record.UntilAlone(Soon);
        return await PlainAmqpProducer.Connect(broker);
    }

    /// <summary>The broker counts what was prefetched by whoever ended, and it need be no host.</summary>
    static async Task ReturnTwice(Uri broker, int count)
    {
        for (var returns = 1; returns <= 2; returns++)
            await The_broker.TakeAndEnd(broker, "notifications", count, Soon);
    }

    /// <summary>Starts a host, and kills it when it handles the message; what it had asked the database for is not done any more.</summary>
    static async Task KillWhileItHandles(Uri broker, string database, The_record record, string itHandles)
    {
        await using var host = await HostProcess.Start(broker, database);
        await record.Some(itHandles, Soon);
        await host.Kill();
        await record.EndThoseHeldBack();
    }

    static JsonObject Shipped(int number) =>
        new()
        {
            ["eventId"] = $"shipped-{number}",
            ["orderId"] = $"{number}",
            ["product"] = "Blue ceramic bowl",
            ["buyer"] = new JsonObject { ["id"] = "buyer-7", ["pushTokens"] = new JsonArray("demo-token") },
            ["seller"] = new JsonObject { ["id"] = "seller-42" },
        };
}
