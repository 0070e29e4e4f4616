using System.Text.Json.Nodes;

using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>A2: the primary commits for itself alone, because its standby does not answer and somebody lost patience. Then it is gone, and the standby takes over.</summary>
public sealed class When_the_standby_hangs(BusAndDatabase servers)
{
    const int Count = 60;

    // The time limit of a command cancels the wait for the standby: the server then answers as if all were well.
    const string ImpatientHost = ";Command Timeout=1;Timeout=5";

    static readonly TimeSpan Soon = TimeSpan.FromMinutes(3);

    /// <summary>A2: not acknowledged before it is on the standby, and done again on the server that takes over.</summary>
    [Fact]
    public async Task Should_lose_nothing_that_was_taken_meanwhile()
    {
        var broker = await servers.CreateVirtualHost();
        await using var pair = await PostgresPair.Start();
        await using var host = await HostInProcess.Start(broker, pair.Database + ImpatientHost);
        await Publish(broker, "before", 5);
        await using (var before = new The_record(pair.OnThePrimary))
        {
            await before.UntilDelivered(5, Soon);

            pair.Standby.Freeze();
            await Publish(broker, "meanwhile", Count);
            await before.Until("SELECT least(count(*), 1) FROM notification_overview WHERE event_id LIKE 'meanwhile%'", 1, Soon);
        }

        await pair.Primary.Kill();
        pair.Standby.Thaw();
        await pair.Standby.Promote();

        await ShouldHaveAll(pair, broker);
    }

    /// <summary>A2: another host finds what is only local, and does not take it for kept.</summary>
    [Fact]
    public async Task Should_lose_nothing_that_another_host_finds_done()
    {
        var broker = await servers.CreateVirtualHost();
        await using var pair = await PostgresPair.Start();
        await using (var killed = await HostProcess.Start(broker, pair.Database + ImpatientHost))
        {
            await Publish(broker, "before", 5);
            await using var before = new The_record(pair.OnThePrimary);
            await before.UntilDelivered(5, Soon);

            pair.Standby.Freeze();
            await Publish(broker, "meanwhile", Count);
            await before.Until("SELECT least(count(*), 1) FROM notification_overview WHERE event_id LIKE 'meanwhile%'", 1, Soon);
            await killed.Kill();
        }

        await using var host = await HostInProcess.Start(broker, pair.Database + ImpatientHost);
        await using (var confirmations = new The_record(pair.OnThePrimary))
            await confirmations.Some("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query LIKE '%pg_logical_emit_message%'", Soon);

        await pair.Primary.Kill();
        pair.Standby.Thaw();
        await pair.Standby.Promote();

        await ShouldHaveAll(pair, broker);
    }

    static async Task ShouldHaveAll(PostgresPair pair, Uri broker)
    {
        await using var record = new The_record(pair.OnTheStandby);
        await record.UntilDelivered(5 + Count, Soon);
        await The_broker.HasNothingToDo(broker, Soon);
        await The_broker.ShouldHaveNoStrays(broker);
        (await record.Scalar<long>("SELECT count(*) FROM failed_message")).ShouldBe(0);
        (await record.Deliveries("attempts > 1")).ShouldBe(0, "nothing was sent before its claim was on both servers");
    }

    static async Task Publish(Uri broker, string run, int count)
    {
        await using var producer = await PlainAmqpProducer.Connect(broker);
        for (var number = 0; number < count; number++)
            await producer.Publish("OrderShipped", Shipment($"{run}-{number}"));
    }

    internal static JsonObject Shipment(string id) => new()
    {
        ["eventId"] = id,
        ["orderId"] = id,
        ["product"] = "Blue ceramic bowl",
        ["carrier"] = "Thailand Post",
        ["buyer"] = new JsonObject { ["id"] = $"buyer-of-{id}", ["locale"] = "en", ["pushTokens"] = new JsonArray("demo-token") },
    };
}
