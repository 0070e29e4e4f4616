using RabbitMQ.Client;

namespace NotificationBus.IntegrationTests;

public sealed class When_the_broker_gives_up_on_a_message(BusAndDatabase servers)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData("notifications")]
    [InlineData("send-email")]
    [InlineData("send-push")]
    public async Task Should_keep_it_among_the_dead_letters(string queue)
    {
        var (broker, database) = await servers.CreateBoth();
        // Declares the queues, and is gone: nobody else may take the message.
        await using (await HostInProcess.Start(broker, database)) { }

        await using var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true)
        );
        await channel.BasicPublishAsync("", queue, mandatory: true, new BasicProperties { Persistent = true }, "poison"u8.ToArray());

        var taken = (await channel.BasicGetAsync(queue, autoAck: false)).ShouldNotBeNull();
        await channel.BasicRejectAsync(taken.DeliveryTag, requeue: false);

        await The_broker.Has(1, broker, "notifications-dead-letters", Soon);
        var dead = (await channel.BasicGetAsync("notifications-dead-letters", autoAck: true)).ShouldNotBeNull();
        dead.Body.ToArray().ShouldBe("poison"u8.ToArray());
        dead.BasicProperties.Headers.ShouldNotBeNull()["x-first-death-queue"].ShouldBe(System.Text.Encoding.UTF8.GetBytes(queue));
        await The_broker.Has(0, broker, queue, Soon);
    }
}
