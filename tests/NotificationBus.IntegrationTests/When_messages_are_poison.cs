using System.Text.Json;
using NotificationBus.IntegrationTests.Servers;
using RabbitMQ.Client;

namespace NotificationBus.IntegrationTests;

public sealed class When_messages_are_poison(BusAndDatabase servers)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Should_keep_each_of_them_where_an_operator_sees_it_and_deliver_everything_else()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(broker, database);
        await using var producer = await PlainAmqpProducer.Connect(broker);
        await Good(producer);
        await record.UntilDelivered(1, Soon);
        var poisons = Poison.Of(await record.Scalar<Guid>("SELECT id FROM notification"));

        foreach (var poison in poisons)
        {
            await producer.Publish(poison.Exchange, poison.Properties, poison.Body);
            await Good(producer);
        }

        await record.UntilDelivered(poisons.Count + 1, Soon);
        await record.Until("SELECT count(*) FROM failed_message", poisons.Count, Soon);
        foreach (var poison in poisons)
        {
            var row = $"FROM failed_message WHERE body = '\\x{Convert.ToHexString(poison.Body)}'";
            (
                await record.Scalar<string>(
                    $"SELECT coalesce(string_agg(concat_ws(' ', kind, queue, state, times), ', '), 'nothing') {row}"
                )
            ).ShouldBe($"{poison.Kind} {poison.Queue} Failed 1", poison.Name);
            (await record.Scalar<string>($"SELECT reason {row}")).ShouldNotBeNullOrWhiteSpace(poison.Name);
        }

        foreach (var queue in (string[])["notifications", "notifications-bulk", "send-email", "send-push"])
            await The_broker.Has(0, broker, queue, Soon);
        await The_broker.ShouldHaveNoStrays(broker);
        (await The_broker.Exists(broker, "stolen")).ShouldBeFalse("addresses in a message are not followed");
        (await record.Notifications()).ShouldBe(poisons.Count + 1);
        // Nothing comes back after it was handed in: neither the queues' own redeliveries, nor after a restart.
        await host.Stop();
        await The_broker.ShouldHaveNoStrays(broker);
        (await record.Scalar<long>("SELECT count(*) FROM failed_message WHERE times = 1")).ShouldBe(poisons.Count);
    }

    [Fact]
    public async Task Should_keep_the_headers_of_their_producer()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(broker, database);
        await using var producer = await PlainAmqpProducer.Connect(broker);

        await producer.Publish(
            "NotificationBus.Contracts:OrderShipped",
            new BasicProperties
            {
                ContentType = "text/plain; charset=us-ascii",
                MessageId = "their own",
                Headers = new Dictionary<string, object?>(StringComparer.Ordinal)
                {
                    ["tenant"] = "north",
                    ["attempt"] = 3,
                    ["tags"] = new List<object?> { "a", 1 },
                },
            },
            "text"u8.ToArray()
        );
        await record.Until("SELECT count(*) FROM failed_message", 1, Soon);

        var listed = JsonDocument
            .Parse(await host.Client.GetStringAsync(new Uri("/v1/failed-messages", UriKind.Relative)))
            .RootElement.GetProperty("failedMessages")[0];
        var read = JsonDocument
            .Parse(
                await host.Client.GetStringAsync(new Uri($"/v1/failed-messages/{listed.GetProperty("id").GetString()}", UriKind.Relative))
            )
            .RootElement;
        read.GetProperty("headers").GetRawText().ShouldBe("""{"tags":["a",1],"tenant":"north","attempt":3}""");
        read.GetProperty("body").GetBytesFromBase64().ShouldBe("text"u8.ToArray());
        read.TryGetProperty("text", out _).ShouldBeFalse();
        read.GetProperty("message").GetProperty("contentType").GetString().ShouldBe("text/plain; charset=us-ascii");
        read.GetProperty("message").GetProperty("messageId").GetString().ShouldBe("their own");
    }

    [Fact]
    public async Task Should_wait_in_their_queue_while_the_database_is_away()
    {
        var broker = await servers.CreateVirtualHost();
        await using var postgres = await PostgresServer.Start();
        var database = await postgres.CreateDatabase();
        await using var host = await HostProcess.Start(broker, database);
        await using var producer = await PlainAmqpProducer.Connect(broker);

        await postgres.Kill();
        await producer.Publish("NotificationBus.Contracts:OrderShipped", new BasicProperties { Persistent = true }, "text"u8.ToArray());
        await host.Line(line => line.Contains("could not be recorded", StringComparison.Ordinal), Soon);
        await host.Kill();
        await The_broker.Has(1, broker, "notifications-failed", Soon);
        await postgres.Restart();
        await using var next = await HostInProcess.Start(broker, database);

        await using var record = new The_record(database);
        // It is handed on before it is acknowledged: a kill in between rightly brings it twice.
        await record.Until("SELECT count(DISTINCT body) FROM failed_message WHERE times = 1 AND queue = 'notifications'", 1, Soon);
        await The_broker.ShouldHaveNoStrays(broker);
    }

    [Fact]
    public async Task Should_record_what_the_broker_gives_up()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(broker, database);
        await using var producer = await PlainAmqpProducer.Connect(broker);

        // The broker's delivery limit is never reached; somebody's rejection takes the same way.
        await The_broker.Declare(
            broker,
            "elsewhere",
            new Dictionary<string, object?>(StringComparer.Ordinal) { ["x-dead-letter-exchange"] = "notifications-dead-letters" }
        );
        await The_broker.Reject(broker, "elsewhere", Poison.Event());

        await record.Until(
            "SELECT count(*) FROM failed_message WHERE kind = 'DeadLettered' AND queue = 'elsewhere' "
                + "AND reason = 'the broker gave it up: rejected' AND destination IS NULL",
            1,
            Soon
        );
        await The_broker.ShouldHaveNoStrays(broker);
    }

    static Task Good(PlainAmqpProducer producer) =>
        producer.Publish(
            "NotificationBus.Contracts:OrderShipped",
            new BasicProperties { ContentType = "application/vnd.masstransit+json", Persistent = true },
            Poison.Event()
        );
}
