using System.Text.Json.Nodes;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

public sealed class When_another_language_publishes(BusAndDatabase servers)
{
    [Fact]
    public async Task Should_tell_the_seller_in_the_sellers_language()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var mail = await MailServer.Start();
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(broker, database, mail.Settings);
        await using var producer = await PlainAmqpProducer.Connect(broker);

        await producer.Publish(
            "OrderPlaced",
            new JsonObject
            {
                ["eventId"] = "order-4711",
                ["orderId"] = "4711",
                ["product"] = "Bowl <blue> & white",
                ["total"] = new JsonObject { ["amount"] = 590, ["currency"] = "THB" },
                ["buyer"] = new JsonObject { ["id"] = "buyer-7", ["name"] = "Nok" },
                ["seller"] = new JsonObject
                {
                    ["id"] = "seller-42",
                    ["name"] = "Som",
                    ["locale"] = "th",
                    ["email"] = "som@example.com",
                },
            }
        );
        await record.UntilDelivered(1, TimeSpan.FromMinutes(2));

        var received = (await mail.Mails()).ShouldHaveSingleItem();
        received.To.ShouldBe(["som@example.com"]);
        received.Subject.ShouldBe("มีคำสั่งซื้อใหม่ 4711: Bowl <blue> & white");
        received.Text.ShouldContain("Bowl <blue> & white");
        received.Html.ShouldContain("Bowl &lt;blue&gt; &amp; white");
        received.Html.ShouldNotContain("<blue>");
        (await record.Scalar<string>("SELECT array_to_string(sent_on, ',') FROM notification_overview")).ShouldBe("email");
    }

    [Fact]
    public async Task Should_set_an_event_nobody_can_read_aside_and_go_on()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(broker, database);
        await using var producer = await PlainAmqpProducer.Connect(broker);

        await producer.Publish("OrderPlaced", new JsonObject { ["orderId"] = "no seller" });
        await producer.Publish(
            "OrderShipped",
            new JsonObject
            {
                ["orderId"] = "4712",
                ["product"] = "Bowl",
                ["buyer"] = new JsonObject { ["id"] = "buyer-7", ["pushTokens"] = new JsonArray("demo-token") },
            }
        );

        await record.UntilDelivered(1, TimeSpan.FromMinutes(2));
        await record.Until("SELECT count(*) FROM failed_message WHERE kind = 'CannotBeRead'", 1, TimeSpan.FromMinutes(2));
        (await record.Notifications()).ShouldBe(1);
    }
}
