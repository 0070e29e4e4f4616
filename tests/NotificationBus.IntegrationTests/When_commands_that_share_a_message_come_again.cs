using System.Text.Json;
using System.Text.Json.Nodes;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

public sealed class When_commands_that_share_a_message_come_again(BusAndDatabase servers)
{
    const string Copies = "copies";

    static readonly TimeSpan Soon = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Should_take_each_alone_and_send_it_once()
    {
        const int Count = 40;
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        int together;
        var saga = new Dictionary<string, string>(StringComparer.Ordinal) { ["Roles"] = "saga" };
        await using (await HostInProcess.Start(broker, database, saga))
        await using (
            var sender = await HostProcess.Start(
                broker,
                database,
                new Dictionary<string, string>(StringComparer.Ordinal) { ["Roles"] = "sender" }
            )
        )
        {
            await The_broker.Copy(broker, "send-push", Copies);
            await using (await record.HoldBackCalls())
            {
                await using var producer = await PlainAmqpProducer.Connect(broker);
                await Task.WhenAll(Enumerable.Range(1, Count).Select(number => producer.Publish("OrderShipped", Shipped(number))));
                await record.Until("SELECT count(*) FROM notification", Count, Soon);
                await record.UntilNothingIsOutgoing(Soon);
                var commands = (await The_broker.TakeAll(broker, Copies)).Select(CommandsIn).ToList();
                commands.Sum().ShouldBe(Count);
                together = commands.Where(number => number > 1).Sum();
                together.ShouldBeGreaterThan(0);
                await sender.Kill();
                await record.EndThoseHeldBack();
            }
        }

        await using var another = await HostInProcess.Start(broker, database);

        await record.UntilDelivered(Count, Soon);
        await The_broker.HasNothingToDo(broker, Soon);
        (await The_broker.TakeAll(broker, Copies))
            .Select(CommandsIn)
            .ShouldBe(Enumerable.Repeat(1, together), "those that were together, each alone");
        (await record.Scalar<long>("SELECT count(*) FROM delivery_attempt")).ShouldBe(Count);
        (await record.Scalar<long>("SELECT count(*) FROM failed_message")).ShouldBe(0);
    }

    static int CommandsIn(byte[] body) =>
        JsonElement.Parse(body).GetProperty("message").TryGetProperty("commands", out var commands) ? commands.GetArrayLength() : 1;

    static JsonObject Shipped(int number) =>
        new()
        {
            ["eventId"] = $"shipped-{number}",
            ["orderId"] = $"{number}",
            ["product"] = "Blue ceramic bowl",
            ["buyer"] = new JsonObject { ["id"] = $"buyer-{number}", ["pushTokens"] = new JsonArray($"phone-{number}") },
            ["seller"] = new JsonObject { ["id"] = "seller-42" },
        };
}
