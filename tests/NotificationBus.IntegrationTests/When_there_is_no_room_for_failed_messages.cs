using System.Text;
using RabbitMQ.Client;

namespace NotificationBus.IntegrationTests;

public sealed class When_there_is_no_room_for_failed_messages(BusAndDatabase servers)
{
    const string Shipped = "NotificationBus.Contracts:OrderShipped";

    static readonly TimeSpan Soon = TimeSpan.FromSeconds(90);

    /// <summary>B: what is kept for ever. Nothing an operator has to decide is dropped, and nobody waits behind it.</summary>
    [Theory]
    [InlineData("Retention:FailedMessagesCount", "3")]
    [InlineData("Retention:FailedMessagesBytes", "3145728")]
    public async Task Should_keep_the_others_in_their_queue_until_somebody_has_decided(string setting, string value)
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(
            broker,
            database,
            new Dictionary<string, string>(StringComparer.Ordinal) { [setting] = value }
        );
        await using var producer = await PlainAmqpProducer.Connect(broker);

        for (var number = 0; number < 5; number++)
        {
            await producer.Publish(
                Shipped,
                new BasicProperties { Persistent = true },
                Encoding.UTF8.GetBytes($"{number}{new string('x', 1024 * 1024 - 1)}")
            );
            // One after the other: hosts and messages that come at once may each find the last place.
            if (number < 3)
                await record.Until("SELECT count(*) FROM failed_message", number + 1, Soon);
        }

        await producer.Publish(
            Shipped,
            new BasicProperties { ContentType = "application/vnd.masstransit+json", Persistent = true },
            Poison.Event()
        );
        await record.UntilDelivered(1, Soon);
        (await record.Scalar<long>("SELECT count(*) FROM failed_message")).ShouldBe(3);
        (await host.Client.GetStringAsync(new Uri("/v1/status", UriKind.Relative))).ShouldContain("failed-messages-full");

        var one = await record.Scalar<Guid>("SELECT id FROM failed_message LIMIT 1");
        using (var archive = await host.Client.PostAsync(new Uri($"/v1/failed-messages/{one}/archive", UriKind.Relative), content: null))
            archive.EnsureSuccessStatusCode();
        await record.Until($"SELECT count(*) FROM failed_message WHERE id <> '{one}' AND state = 'Failed'", 3, Soon);
        using (
            var archive = await host.Client.PostAsync(
                new Uri("/v1/failed-messages/archive", UriKind.Relative),
                new StringContent("""{"all":true}""", Encoding.UTF8, "application/json")
            )
        )
            archive.EnsureSuccessStatusCode();
        await record.Until("SELECT count(*) FROM failed_message WHERE state = 'Failed'", 1, Soon);
        await The_broker.ShouldHaveNoStrays(broker);
    }
}
