using System.Diagnostics;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace NotificationBus.IntegrationTests;

/// <summary>The queues as an operator sees them.</summary>
static class The_broker
{
    static readonly string[] s_channels = ["email", "push", "sms", "chat", "webhook"];

    /// <summary>All queues of the flow.</summary>
    public static IReadOnlyList<string> Queues { get; } =
    [
        "notifications",
        "notifications-bulk",
        "receipts",
        "notifications-failed",
        "notifications-dead-letters",
        .. s_channels.Select(channel => $"send-{channel}"),
        .. s_channels.Select(channel => $"send-{channel}-bulk"),
    ];

    /// <summary>Those queues of the flow on which somebody listens.</summary>
    public static async Task<IReadOnlySet<string>> Listened(Uri virtualHost)
    {
        await using var connection = await new ConnectionFactory { Uri = virtualHost }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        var listened = new HashSet<string>(StringComparer.Ordinal);
        foreach (
            var queue in (string[])
                [
                    "notifications",
                    "notifications-bulk",
                    "send-email",
                    "send-email-bulk",
                    "send-push",
                    "send-push-bulk",
                    "receipts",
                    "notifications-failed",
                ]
        )
        {
            if ((await channel.QueueDeclarePassiveAsync(queue)).ConsumerCount > 0)
                listened.Add(queue);
        }

        return listened;
    }

    /// <summary>Waits until a queue holds so many messages.</summary>
    public static async Task Has(uint wanted, Uri virtualHost, string queue, TimeSpan within)
    {
        var waiting = Stopwatch.StartNew();
        await using var connection = await new ConnectionFactory { Uri = virtualHost }.CreateConnectionAsync();
        long found;
        while ((found = await Servers.Queues.Messages(connection, queue)) != wanted)
        {
            if (waiting.Elapsed > within)
                throw new TimeoutException($"{queue} holds {found} messages after {within}, wanted are {wanted}");

            await Task.Delay(50);
        }
    }

    public static async Task Declare(Uri virtualHost, string queue, Dictionary<string, object?> arguments)
    {
        await using var connection = await new ConnectionFactory { Uri = virtualHost }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments);
    }

    public static async Task Delete(Uri virtualHost, string queue)
    {
        await using var connection = await new ConnectionFactory { Uri = virtualHost }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeleteAsync(queue);
    }

    public static async Task Purge(Uri virtualHost, string queue)
    {
        await using var connection = await new ConnectionFactory { Uri = virtualHost }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueuePurgeAsync(queue);
    }

    /// <summary>Waits until nothing is left in the queues of the flow.</summary>
    public static async Task HasNothingToDo(Uri virtualHost, TimeSpan within)
    {
        foreach (var queue in (string[])["notifications", "notifications-bulk", "send-email", "send-push", "receipts"])
            await Has(0, virtualHost, queue, within);
    }

    public static async Task<bool> Exists(Uri virtualHost, string name)
    {
        await using var connection = await new ConnectionFactory { Uri = virtualHost }.CreateConnectionAsync();
        return await Is(channel => channel.QueueDeclarePassiveAsync(name))
            || await Is(channel => channel.ExchangeDeclarePassiveAsync(name));

        async Task<bool> Is(Func<IChannel, Task> declare)
        {
            await using var channel = await connection.CreateChannelAsync();
            try
            {
                await declare(channel);
                return true;
            }
            catch (OperationInterruptedException exception) when (exception.ShutdownReason?.ReplyCode == Constants.NotFound)
            {
                return false;
            }
        }
    }

    /// <summary>Has a queue get a copy of everything that passes an exchange.</summary>
    public static async Task Copy(Uri virtualHost, string exchange, string queue)
    {
        await Declare(virtualHost, queue, []);
        await using var connection = await new ConnectionFactory { Uri = virtualHost }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueBindAsync(queue, exchange, routingKey: "");
    }

    /// <summary>Takes the next message out of a queue.</summary>
    public static async Task<BasicGetResult> Take(Uri virtualHost, string queue, TimeSpan within)
    {
        await Has(1, virtualHost, queue, within);
        await using var connection = await new ConnectionFactory { Uri = virtualHost }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        return (await channel.BasicGetAsync(queue, autoAck: true))!;
    }

    /// <summary>Takes out all that is in a queue, oldest first.</summary>
    public static async Task<IReadOnlyList<byte[]>> TakeAll(Uri virtualHost, string queue)
    {
        await using var connection = await new ConnectionFactory { Uri = virtualHost }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        var bodies = new List<byte[]>();
        while (await channel.BasicGetAsync(queue, autoAck: true) is { } message)
            bodies.Add(message.Body.ToArray());
        return bodies;
    }

    /// <summary>Takes so many messages out of a queue and ends before it has handled them, and so they are back.</summary>
    public static async Task TakeAndEnd(Uri virtualHost, string queue, int count, TimeSpan within)
    {
        await Has((uint)count, virtualHost, queue, within);
        await using var connection = await new ConnectionFactory { Uri = virtualHost }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        for (var number = 1; number <= count; number++)
            (await channel.BasicGetAsync(queue, autoAck: false)).ShouldNotBeNull();
    }

    /// <summary>Puts a message into a queue and rejects it.</summary>
    public static async Task Reject(Uri virtualHost, string queue, byte[] body)
    {
        await using var connection = await new ConnectionFactory { Uri = virtualHost }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true)
        );
        await channel.BasicPublishAsync("", queue, mandatory: true, new BasicProperties { Persistent = true }, body);
        var got = await channel.BasicGetAsync(queue, autoAck: false);
        await channel.BasicRejectAsync(got!.DeliveryTag, requeue: false);
    }

    /// <summary>What went wrong ends in one of these.</summary>
    public static async Task ShouldHaveNoStrays(Uri virtualHost)
    {
        string[] queues = ["notifications-failed", "notifications-dead-letters"];
        await using var connection = await new ConnectionFactory { Uri = virtualHost }.CreateConnectionAsync();
        foreach (var queue in queues)
            (await Servers.Queues.Messages(connection, queue)).ShouldBe(0, $"messages in {queue}");
    }
}
