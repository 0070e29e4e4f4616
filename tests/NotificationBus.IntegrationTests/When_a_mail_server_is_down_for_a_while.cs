using System.Text.Json.Nodes;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

public sealed class When_a_mail_server_is_down_for_a_while(BusAndDatabase servers)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Should_put_the_mail_off_and_deliver_it_once_the_server_is_back()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var mail = await MailServer.Start();
        await using var record = new The_record(database);
        var settings = new Dictionary<string, string>(mail.Settings, StringComparer.Ordinal)
        {
            ["Redelivery:FirstDelay"] = "00:00:02",
            ["Redelivery:LongestDelay"] = "00:00:02",
        };
        await using var host = await HostInProcess.Start(broker, database, settings);
        await using var producer = await PlainAmqpProducer.Connect(broker);
        await mail.Stop();

        await producer.Publish(
            "OrderPlaced",
            new JsonObject
            {
                ["eventId"] = "order-4711",
                ["orderId"] = "4711",
                ["product"] = "Blue ceramic bowl",
                ["total"] = new JsonObject { ["amount"] = 590, ["currency"] = "THB" },
                ["buyer"] = new JsonObject { ["id"] = "buyer-7" },
                ["seller"] = new JsonObject { ["id"] = "seller-42", ["email"] = "som@example.com" },
            }
        );

        // Twice, so that it was put off and came back and was put off again; and each time it waits in the record and not in a queue.
        await record.Some("SELECT count(*) / 2 FROM delivery_attempt WHERE status = 'Unavailable'", Soon);
        await record.Some(
            "SELECT count(*) FROM outgoing_message WHERE destination = 'exchange:send-email' AND input_id IS NULL AND due_at > now()",
            Soon
        );
        (await record.Notifications("status = 'sending'")).ShouldBe(1);

        await mail.Restart();

        await record.UntilDelivered(1, Soon);
        (await mail.Mails()).ShouldHaveSingleItem().To.ShouldBe(["som@example.com"]);
        (await record.Scalar<long>("SELECT count(*) FROM delivery_attempt WHERE status = 'Accepted'")).ShouldBe(1);
        (await record.Scalar<long>("SELECT count(*) FROM delivery_attempt WHERE status NOT IN ('Unavailable', 'Accepted')")).ShouldBe(0);
        (await record.Scalar<bool>("SELECT max(number) = count(*) AND max(number) > 2 FROM delivery_attempt")).ShouldBeTrue();
        await record.UntilNothingIsOutgoing(Soon);
        await The_broker.ShouldHaveNoStrays(broker);
    }
}
