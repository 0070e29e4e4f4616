using System.Diagnostics;
using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace NotificationBus.IntegrationTests.Servers;

[Collection(nameof(RabbitMqToHurt))]
public sealed class When_a_RabbitMqServer_is_killed(RabbitMqToHurt rabbit)
{
    static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Should_come_back_with_its_queues()
    {
        var broker = await rabbit.Server;
        var virtualHost = await broker.CreateVirtualHost();
        await Publish(virtualHost, "still here");

        await broker.Kill();
        await Should.ThrowAsync<BrokerUnreachableException>(() => Connect(virtualHost));
        await broker.Restart();

        (await Take(virtualHost)).ShouldBe("still here");
    }

    [Fact]
    public async Task Should_come_back_from_a_stop_in_good_order()
    {
        var broker = await rabbit.Server;
        var virtualHost = await broker.CreateVirtualHost();
        await Publish(virtualHost, "still here");

        await broker.Stop();
        await broker.Restart();

        (await Take(virtualHost)).ShouldBe("still here");
    }

    [Fact]
    public async Task Should_answer_again_after_a_freeze()
    {
        var broker = await rabbit.Server;
        var virtualHost = await broker.CreateVirtualHost();

        broker.Freeze();
        var publishing = Publish(virtualHost, "late");
        await Should.ThrowAsync<TimeoutException>(() => publishing.WaitAsync(TimeSpan.FromSeconds(1)));
        broker.Thaw();

        await publishing.WaitAsync(Limit);
        (await Take(virtualHost)).ShouldBe("late");
    }

    static async Task<IConnection> Connect(Uri virtualHost) =>
        await new ConnectionFactory
        {
            Uri = virtualHost,
            RequestedConnectionTimeout = Limit,
            HandshakeContinuationTimeout = Limit,
            ContinuationTimeout = Limit,
        }.CreateConnectionAsync();

    static async Task Publish(Uri virtualHost, string text)
    {
        await using var connection = await Connect(virtualHost);
        await using var channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true)
        );
        await channel.QueueDeclareAsync(
            "orders",
            durable: true,
            exclusive: false,
            autoDelete: false,
            new Dictionary<string, object?>(StringComparer.Ordinal) { ["x-queue-type"] = "quorum" }
        );
        await channel.BasicPublishAsync(
            "",
            "orders",
            mandatory: true,
            new BasicProperties { Persistent = true },
            Encoding.UTF8.GetBytes(text)
        );
    }

    /// <summary>
    /// A quorum queue elects its leader after the broker takes connections: for a moment it is there and has nothing to give.
    /// </summary>
    static async Task<string?> Take(Uri virtualHost)
    {
        var waiting = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await using var connection = await Connect(virtualHost);
                await using var channel = await connection.CreateChannelAsync();
                if (await channel.BasicGetAsync("orders", autoAck: true) is { } message)
                    return Encoding.UTF8.GetString(message.Body.Span);
            }
            catch (RabbitMQClientException) when (waiting.Elapsed < Limit)
            {
                // Asked too early; the next round asks again.
            }

            if (waiting.Elapsed > Limit)
                return null;

            await Task.Delay(50);
        }
    }
}
