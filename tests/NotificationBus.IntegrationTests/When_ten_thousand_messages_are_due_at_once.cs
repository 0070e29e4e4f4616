using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NotificationBus.Outgoing;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace NotificationBus.IntegrationTests;

public sealed class When_ten_thousand_messages_are_due_at_once(BusAndDatabase servers)
{
    const int Count = 10_000;

    // By one statement.
    const int Together = 1000;

    // Enough to write them all down before the first is due, which takes less than a second on a busy machine with two cores.
    static readonly TimeSpan UntilDue = TimeSpan.FromSeconds(8);

    static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    static int[] Shuffled()
    {
        var numbers = Enumerable.Range(0, Count).ToArray();
        new Random(4711).Shuffle(numbers);
        return numbers;
    }

    [Fact]
    public async Task Should_leave_in_the_order_of_their_due_times_and_on_time()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var queue = await Witness.Start(broker);
        using var host = await SchedulingHost.Start(broker, database);
        var due = await Schedule(host);

        var arrived = await queue.Until(Count);
        await Stop(host);

        arrived.Select(message => message.Number).Order().ShouldBe(Enumerable.Range(0, Count));
        // Due times are kept as delays (A4): to the microsecond they compare where they were written down together.
        foreach (var together in Shuffled().Chunk(Together).Select(batch => batch.ToHashSet()))
            arrived.Select(message => message.Number).Where(together.Contains).ShouldBeInOrder();
        var lateness = arrived.Select(message => message.At - due).ToList();
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"first {lateness[0].TotalMilliseconds:0} ms late, last {lateness[^1].TotalMilliseconds:0} ms late"
        );
        lateness[0].ShouldBeInRange(TimeSpan.Zero, TimeSpan.FromSeconds(2));
        lateness[^1].ShouldBeLessThan(TimeSpan.FromSeconds(20));
        await ShouldBeEmpty(database);
    }

    [Fact]
    public async Task Should_leave_once_though_two_hosts_publish_them()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var queue = await Witness.Start(broker);
        using var host = await SchedulingHost.Start(broker, database);
        using var other = await SchedulingHost.Start(broker, database);
        var due = await Schedule(host);

        var arrived = await queue.Until(Count);
        await Stop(host);
        await Stop(other);

        // The witness sees what comes too often, too: both hosts have ended, and confirmed what they published.
        arrived = await queue.Until(arrived.Count);
        arrived.Count.ShouldBe(Count);
        arrived.Select(message => message.Number).Order().ShouldBe(Enumerable.Range(0, Count));
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"two hosts: first {(arrived[0].At - due).TotalMilliseconds:0} ms late, last "
                + $"{(arrived[^1].At - due).TotalMilliseconds:0} ms late"
        );
        await ShouldBeEmpty(database);
    }

    /// <summary>Ten thousand messages within a millisecond, scheduled in another order than they are due in.</summary>
    static async Task<DateTimeOffset> Schedule(IHost host)
    {
        var outgoing = host.Services.GetRequiredService<IOutgoingMessages>();
        var due = TimeProvider.System.GetUtcNow() + UntilDue;
        foreach (var batch in Shuffled().Chunk(Together))
        {
            await outgoing.Schedule(
                [
                    .. batch.Select(number => new OutgoingMessage
                    {
                        MessageId = Guid.CreateVersion7(),
                        Destination = "exchange:witness",
                        ContentType = "text/plain",
                        MessageTypes = "urn:message:Numbered",
                        Body = Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture)),
                        // PostgreSQL counts microseconds.
                        DueAt = due.AddMicroseconds(number),
                    }),
                ],
                CancellationToken.None
            );
        }

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"written down {(due - TimeProvider.System.GetUtcNow()).TotalSeconds:0.0} s before they were due"
        );
        TimeProvider.System.GetUtcNow().ShouldBeLessThan(due);
        return due;
    }

    static Task Stop(IHost host) => host.StopAsync(TestContext.Current.CancellationToken);

    static async Task ShouldBeEmpty(string database)
    {
        await using var record = new The_record(database);
        (await record.Scalar<long>("SELECT count(*) FROM outgoing_message")).ShouldBe(0);
    }

    /// <summary>A plain AMQP client that writes down what comes and when.</summary>
    sealed class Witness : IAsyncDisposable
    {
        readonly ConcurrentQueue<(int Number, DateTimeOffset At)> _arrived = [];
        IConnection _connection = null!;

        public static async Task<Witness> Start(Uri broker)
        {
            var witness = new Witness { _connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync() };
            var channel = await witness._connection.CreateChannelAsync();
            await channel.ExchangeDeclareAsync("witness", ExchangeType.Fanout, durable: true);
            await channel.QueueDeclareAsync("witness", durable: true, exclusive: false, autoDelete: false);
            await channel.QueueBindAsync("witness", "witness", "");
            var consumer = new AsyncEventingBasicConsumer(channel);
            consumer.ReceivedAsync += (_, message) =>
            {
                witness._arrived.Enqueue(
                    (int.Parse(Encoding.UTF8.GetString(message.Body.Span), CultureInfo.InvariantCulture), TimeProvider.System.GetUtcNow())
                );
                return Task.CompletedTask;
            };
            await channel.BasicConsumeAsync("witness", autoAck: true, consumer);
            return witness;
        }

        /// <summary>Waits for so many messages, and until the queue is empty.</summary>
        public async Task<IReadOnlyList<(int Number, DateTimeOffset At)>> Until(int count)
        {
            using var limit = new CancellationTokenSource(UntilDue + Patience);
            await using var channel = await _connection.CreateChannelAsync(cancellationToken: limit.Token);
            while (_arrived.Count < count || await channel.MessageCountAsync("witness", limit.Token) > 0)
                await Task.Delay(20, limit.Token);

            return [.. _arrived];
        }

        public async ValueTask DisposeAsync() => await _connection.DisposeAsync();
    }
}
